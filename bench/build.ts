import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const pathTo = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));

/**
 * Compiles the program of the rig's processes to bench/tmp/: what is measured is JavaScript, as it is shipped, and a process
 * has no more of it than its peer needs.
 */
export async function buildChild(): Promise<void> {
  const { dependencies, devDependencies } = JSON.parse(readFileSync(pathTo("../package.json"), "utf8")) as {
    readonly dependencies: Record<string, string>;
    readonly devDependencies: Record<string, string>;
  };
  await build({
    entryPoints: [pathTo("./child.ts")],
    outdir: pathTo("./tmp"),
    outExtension: { ".js": ".mjs" },
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    sourcemap: true,
    conditions: ["moorline-source"],
    external: Object.keys({ ...dependencies, ...devDependencies }).flatMap((name) => [name, `${name}/*`]),
    logLevel: "error",
  });
}
