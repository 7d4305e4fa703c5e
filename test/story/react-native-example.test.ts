import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { Window } from "happy-dom";
import { describe, expect, it, onTestFinished } from "vitest";
import { AgentService } from "../../gen/moorline/agent/v1/agent_service_pb.ts";
import { STAND_INS } from "../react-native/stand-ins/index.ts";
import { startDaemonCommand } from "../support/daemon-command.ts";
import { createTestDirectory } from "../support/open-daemon.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** What React Native does with the component that an app registers. */
const ENTRY = `
  import "./examples/react-native/index.tsx";
  import { registered } from "react-native";
  import { createElement } from "react";
  import { createRoot } from "react-dom/client";
  createRoot(document.body).render(createElement(registered.get("MoorlineExample")));
`;

async function bundleExample(): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: ENTRY, resolveDir: ROOT },
    bundle: true,
    write: false,
    format: "iife",
    jsx: "automatic",
    platform: "browser",
    conditions: ["moorline-source", "browser", "import"],
    alias: { ...STAND_INS },
    // The package says that its files do nothing by themselves; the first file of an app does.
    ignoreAnnotations: true,
    define: { "process.env.NODE_ENV": '"production"' },
  });
  return outputFiles[0]?.text ?? "";
}

/** Opens the app. */
function openApp(bundle: string) {
  const window = new Window();
  onTestFinished(() => window.happyDOM.close());
  const { document, HTMLIFrameElement, navigator } = window;
  const own = { window, document, HTMLIFrameElement, navigator, self: window };
  // All else that it needs, sockets for example, is that of this process.
  const globals = { ...own, globalThis: Object.create(globalThis, Object.getOwnPropertyDescriptors(own)) };
  new Function(...Object.keys(globals), bundle)(...Object.values(globals));
  const find = (label: string) =>
    document.querySelector(`[aria-label="${label}"]`) as InstanceType<typeof window.HTMLInputElement> | null;
  return {
    text: (): string => document.body.textContent,
    has: (label: string): boolean => find(label) !== null,
    enter(label: string, text: string): void {
      const input = find(label);
      // React compares with what it has set itself, by a property of the element.
      Object.getOwnPropertyDescriptor(window.HTMLInputElement.prototype, "value")?.set?.call(input, text);
      input?.dispatchEvent(new window.Event("input", { bubbles: true }));
      input?.dispatchEvent(new window.KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
    },
    press(text: string): void {
      [...document.querySelectorAll("button")].find((button) => button.textContent.startsWith(text))?.click();
    },
  };
}

describe("examples/react-native", () => {
  it("adds a daemon, shows its agents, and sends one of them a prompt", async () => {
    const stateDirectory = createTestDirectory();
    const [bundle, daemon] = await Promise.all([bundleExample(), startDaemonCommand(stateDirectory)]);
    const token = readFileSync(`${stateDirectory}/token`, "utf8");
    const task = { case: "command" as const, value: { argv: ["cat"] } };
    const request = { providerId: "command", title: "an agent", task };
    await daemon.client({ bearerToken: token }).service(AgentService).createAgent(request);
    const app = openApp(bundle);
    await expect.poll(() => app.has("Endpoint and token")).toBe(true);
    app.enter("Endpoint and token", `${daemon.endpoint} ${token}`);
    await expect.poll(app.text).toContain("an agent");
    app.press("an agent");
    await expect.poll(() => app.has("Prompt")).toBe(true);
    app.enter("Prompt", "hello");
    await expect.poll(app.text).toMatch(/hello[^>]*> hello/);
  }, 60_000);
});
