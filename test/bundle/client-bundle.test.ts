import { builtinModules } from "node:module";
import { fileURLToPath } from "node:url";
import vm from "node:vm";
import { gzipSync } from "node:zlib";
import { type BuildResult, build } from "esbuild";
import { beforeAll, describe, expect, it } from "vitest";

const DOOR = fileURLToPath(new URL("../../src/client/index.ts", import.meta.url));
/** Above this somebody has pulled something in that a page should not have to load. */
const MAX_GZIP_BYTES = 90 * 1024;
/** The same for a page that makes a client and no probe. */
const MAX_CLIENT_GZIP_BYTES = 80 * 1024;
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

  it("is small", () => {
    const bytes = gzipSync(text).length;
    console.log(`client door: ${(text.length / 1024).toFixed(1)} KiB minified, ${(bytes / 1024).toFixed(1)} KiB gzip`);
    expect(bytes).toBeLessThan(MAX_GZIP_BYTES);
  });

  it("costs nothing for probes where none is made", async () => {
    const client = await bundle(`export { createDaemonClient } from ${JSON.stringify(DOOR)};`);
    const used = Object.values(client.metafile.outputs).flatMap(({ inputs }) => Object.entries(inputs));
    const files = used.filter(([, { bytesInOutput }]) => bytesInOutput > 0).map(([file]) => file);
    expect(files.filter((file) => /prob|promot/.test(file))).toEqual([]);
    const bytes = gzipSync(client.outputFiles[0]?.text ?? "").length;
    console.log(`a client without probes: ${(bytes / 1024).toFixed(1)} KiB gzip`);
    expect(bytes).toBeLessThan(MAX_CLIENT_GZIP_BYTES);
  });

  it("costs little where only the keys are used", async () => {
    const keys = await bundle(
      `import { createSessionKey } from ${JSON.stringify(DOOR)}; console.log(createSessionKey());`,
    );
    const bytes = gzipSync(keys.outputFiles[0]?.text ?? "").length;
    console.log(`createSessionKey alone: ${(bytes / 1024).toFixed(1)} KiB gzip`);
    expect(bytes).toBeLessThan(MAX_GZIP_BYTES / 2);
  });
});
