import { builtinModules } from "node:module";
import { fileURLToPath } from "node:url";
import vm from "node:vm";
import { gzipSync } from "node:zlib";
import { type BuildResult, build } from "esbuild";
import { beforeAll, describe, expect, it } from "vitest";

const DOOR = fileURLToPath(new URL("../../src/client/index.ts", import.meta.url));
/** Above this somebody has pulled something in that whoever needs keys alone should not have to load. */
const MAX_KEYS_BYTES = 6 * 1024;
const ALLOWED_PACKAGES = ["@bufbuild/protobuf", "@connectrpc/connect", "@noble/hashes"];

type Bundle = BuildResult<{ write: false; metafile: true }>;

/** Bundles what a page of the browser would load. Nothing is stubbed: a built-in of Node is an error. */
function bundle(contents: string): Promise<Bundle> {
  return build({
    stdin: { contents, resolveDir: fileURLToPath(new URL(".", import.meta.url)), loader: "ts" },
    bundle: true,
    format: "iife",
    globalName: "moorline",
    platform: "browser",
    conditions: ["browser", "import"],
    minify: true,
    metafile: true,
    write: false,
    logLevel: "silent",
  });
}

/** The packages whose files are in a bundle. */
function packagesIn({ metafile }: Bundle): string[] {
  const names = Object.keys(metafile.inputs).flatMap((file) => {
    const [, name] = /node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*node_modules)/.exec(file) ?? [];
    return name === undefined ? [] : [name];
  });
  return [...new Set(names)].sort();
}

describe("the client door, bundled for the browser", () => {
  let all: Bundle;
  let text: string;

  beforeAll(async () => {
    all = await bundle(`export * from ${JSON.stringify(DOOR)};`);
    text = all.outputFiles[0]?.text ?? "";
  });

  it("has no built-in of Node in it", () => {
    const imports = Object.values(all.metafile.inputs).flatMap((input) => input.imports.map(({ path }) => path));
    const builtins = new Set(builtinModules);
    expect(imports.filter((path) => path.startsWith("node:") || builtins.has(path))).toEqual([]);
    expect(Object.values(all.metafile.outputs).flatMap((output) => output.imports)).toEqual([]);
    expect(text).not.toMatch(/["'`]node:/);
  });

  it("has three packages in it, and not ws", () => {
    expect(packagesIn(all)).toEqual(ALLOWED_PACKAGES);
  });

  it("loads where there is nothing but a browser, and makes a client", () => {
    const page = vm.createContext({
      URL,
      TextEncoder,
      TextDecoder,
      Headers,
      AbortController,
      performance,
      crypto,
      setTimeout,
      clearTimeout,
      queueMicrotask,
    });
    vm.runInContext(text, page);
    const made = `const { createDaemonClient, createSessionKey, phaseOf, ConnectionPhase } = moorline;
      const client = createDaemonClient({
        endpoint: "wss://daemon.example", sessionKey: createSessionKey(), client: { name: "page", version: "1" },
      });
      const before = client.state.state.case;
      client.dispose();
      [before, client.state.state.case].join();`;
    expect(vm.runInContext(made, page)).toBe("idle,disposed");
  });

  it("sends where there is no nextTick: what is to be done soon is done", async () => {
    const page = vm.createContext({
      URL,
      TextEncoder,
      TextDecoder,
      Headers,
      AbortController,
      performance,
      crypto,
      MessageChannel,
    });
    vm.runInContext(text, page);
    const done = vm.runInContext("new Promise((done) => moorline.systemClock.soon(() => done('done')))", page);
    expect(await done).toBe("done");
  });

  it("costs little where only the keys are used", async () => {
    const keys = await bundle(
      `import { createSessionKey } from ${JSON.stringify(DOOR)}; console.log(createSessionKey());`,
    );
    const bytes = gzipSync(keys.outputFiles[0]?.text ?? "").length;
    console.log(`createSessionKey alone: ${(bytes / 1024).toFixed(1)} KiB gzip`);
    expect(bytes).toBeLessThan(MAX_KEYS_BYTES);
  });
});
