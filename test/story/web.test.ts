import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { IDBFactory, IDBKeyRange } from "fake-indexeddb";
import { Window } from "happy-dom";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { AgentService } from "../../gen/moorline/agent/v1/agent_service_pb.ts";
import { startDaemonCommand } from "../support/daemon-command.ts";
import { createTestDirectory } from "../support/open-daemon.ts";

const APP = fileURLToPath(new URL("../../examples/web/app.tsx", import.meta.url));
let bundle = "";

/** What a browser keeps of an origin while pages come and go. */
const createProfile = () => ({ localStorage: new Window().localStorage, indexedDB: new IDBFactory() });

/** Opens the page of the example. */
function openPage({ localStorage, indexedDB }: ReturnType<typeof createProfile>) {
  const window = new Window({ url: "http://localhost:3000/" });
  const { document, FormData, HTMLIFrameElement } = window;
  const navigator = { locks: { request: async <T>(_: string, work: () => T) => work() } };
  const own = {
    ...{ window, document, localStorage, indexedDB, IDBKeyRange, FormData, HTMLIFrameElement, navigator },
    self: window,
  };
  // All else that it needs, sockets for example, is that of this process.
  const globals = { ...own, globalThis: Object.create(globalThis, Object.getOwnPropertyDescriptors(own)) };
  new Function(...Object.keys(globals), bundle)(...Object.values(globals));
  onTestFinished(() => window.happyDOM.close());
  const find = (label: string) =>
    document.querySelector(`[aria-label="${label}"]`) as InstanceType<typeof window.HTMLInputElement>;
  return {
    has: (label: string): boolean => find(label) !== null,
    text: (): string => document.body.textContent,
    submit(fields: Readonly<Record<string, string>>): void {
      for (const [label, value] of Object.entries(fields)) find(label).value = value;
      const submitted = new window.SubmitEvent("submit", { bubbles: true, cancelable: true });
      find(Object.keys(fields)[0] ?? "").form?.dispatchEvent(submitted);
    },
    click(text: string): void {
      [...document.querySelectorAll("button")].find((button) => button.textContent.startsWith(text))?.click();
    },
  };
}

describe("examples/web", () => {
  beforeAll(async () => {
    const { outputFiles } = await build({
      entryPoints: [APP],
      bundle: true,
      write: false,
      format: "iife",
      jsx: "automatic",
      platform: "browser",
      conditions: ["moorline-source", "browser", "import"],
      define: { "process.env.NODE_ENV": '"production"' },
    });
    bundle = outputFiles[0]?.text ?? "";
  });

  it("adds a daemon, runs a command, sends it a prompt, and shows the list without a daemon when it is loaded again", async () => {
    const stateDirectory = createTestDirectory();
    const daemon = await startDaemonCommand(stateDirectory);
    const token = readFileSync(`${stateDirectory}/token`, "utf8");
    const task = { case: "command" as const, value: { argv: ["cat"] } };
    const known = { providerId: "command", title: "known before", task };
    await daemon.client({ bearerToken: token }).service(AgentService).createAgent(known);
    const profile = createProfile();
    const page = openPage(profile);
    await expect.poll(page.text).toContain("Add");
    page.submit({ Endpoint: daemon.endpoint, Token: token });
    await expect.poll(page.text).toMatch(/moorline(?! \(offline).*known before/);
    page.submit({ Command: "cat" });
    await expect.poll(page.text).toContain("cat");
    // Until the daemon has answered, there is nothing to be shown of it.
    const choose = (): boolean => {
      page.click("cat");
      return page.has("Prompt");
    };
    await expect.poll(choose).toBe(true);
    page.submit({ Prompt: "hello" });
    await expect.poll(page.text).toMatch(/> hello\s*hello/);
    daemon.signal("SIGKILL");
    await daemon.ended;
    const again = openPage(profile);
    await expect.poll(again.text).toMatch(/\(offline\).*known before/);
  });

  it("says why a daemon refuses, and takes another token for it", async () => {
    const stateDirectory = createTestDirectory();
    const daemon = await startDaemonCommand(stateDirectory);
    const page = openPage(createProfile());
    await expect.poll(page.text).toContain("Add");
    page.submit({ Endpoint: daemon.endpoint, Token: "another" });
    await expect.poll(page.text).toMatch(/\(offline\).*not the token of the daemon/);
    page.submit({ Endpoint: daemon.endpoint, Token: readFileSync(`${stateDirectory}/token`, "utf8") });
    await expect.poll(page.text).toMatch(/moorline(?! \(offline)/);
  });
});
