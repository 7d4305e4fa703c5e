/**
 * Bundles the doors that apps on React Native open, and the example, as such an app would: the built package, Metro, the preset of React
 * Native, the compiler of Hermes. Run by `npm run test:react-native`; its last line is the verdict. Exit 1 where a door fails.
 */
import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { createApp } from "./app.ts";
import { type Compiled, compileDoor, compileExample, EXAMPLE, hermesVersion } from "./compile.ts";
import { sortDoors } from "./doors.ts";
import { findUnknown } from "./globals.ts";

const root = fileURLToPath(new URL("../..", import.meta.url)).replace(/[/\\]$/, "");

function printKib(bytes: number): string {
  return `${(bytes / 1024).toFixed(1)} KiB`;
}

function printSizes({ name, bundleBytes, gzipBytes, bytecodeBytes }: Compiled): string {
  return `${name} ${printKib(bundleBytes)}, ${printKib(gzipBytes)} gzip, ${printKib(bytecodeBytes)} of bytecode`;
}

/** Bundles and compiles a door or the example, and says what went wrong. @returns What came of it. Undefined where it fails. */
async function attempt(name: string, compile: () => Promise<Compiled>): Promise<Compiled | undefined> {
  try {
    const compiled = await compile();
    const unknown = findUnknown(compiled.globals);
    if (unknown.length === 0) return compiled;
    console.error(`${name} asks for globals that an app may not have: ${unknown.join(", ")}`);
  } catch (error) {
    console.error(`${name}: ${error instanceof Error ? error.message : String(error)}`);
  }
  return undefined;
}

/** @returns Whether every door that is to be bundled was. */
async function check(): Promise<boolean> {
  const { bundled, leftOut } = sortDoors(`${root}/package.json`);
  for (const line of leftOut) console.log(`left out ${line}`);
  execFileSync(process.execPath, [`${root}/scripts/pack.ts`], { stdio: ["ignore", "ignore", "inherit"] });
  const app = createApp(`${root}/dist/package`, `${root}/node_modules`);
  const all = bundled.length + 1;
  const compiled: Compiled[] = [];
  try {
    for (const door of bundled) {
      const result = await attempt(door, () => compileDoor(app, door));
      if (result !== undefined) compiled.push(result);
    }
    const result = await attempt(EXAMPLE, () => compileExample(app));
    if (result !== undefined) compiled.push(result);
  } finally {
    rmSync(app.root, { recursive: true, force: true });
  }
  console.log(hermesVersion());
  const sizes = compiled.map(printSizes).join("; ");
  console.log(`React Native: ${compiled.length} of ${all} doors and examples bundled and compiled (${sizes})`);
  return compiled.length === all;
}

// Metro's workers would keep the process.
process.exit((await check()) ? 0 : 1);
