import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { type App, doorToFile } from "./app.ts";
import { STAND_INS, STAND_INS_FOLDER } from "./stand-ins/index.ts";

const require = createRequire(import.meta.url);

/** The part of Metro that is used here. Its types are there only where this folder is installed. */
interface Metro {
  loadConfig(argv: object, defaults: object): Promise<object>;
  runBuild(config: object, options: object): Promise<unknown>;
}

/** What came of one door, or of the example. */
export interface Compiled {
  /** What it is called: the name of the door, or `example`. */
  readonly name: string;
  /** The bundle of Metro, minified, in bytes. */
  readonly bundleBytes: number;
  /** The same, compressed. */
  readonly gzipBytes: number;
  /** The bytecode of Hermes, in bytes. */
  readonly bytecodeBytes: number;
  /** Globals that the bundle asks for and does not declare, sorted. */
  readonly globals: readonly string[];
}

/** What the example is called among the doors. */
export const EXAMPLE = "example";

const BINARIES: Readonly<Record<string, string>> = {
  linux: "linux64-bin/hermesc",
  darwin: "osx-bin/hermesc",
  win32: "win64-bin/hermesc.exe",
};

/** Bundles a door by Metro for a release, and compiles the bundle by Hermes. @throws Error where either of them refuses. */
export function compileDoor(app: App, door: string): Promise<Compiled> {
  return compile(app, door, app.writeEntry(door));
}

/** The same for the example, with stand-ins for what only a phone has. @throws Error as {@link compileDoor}. */
export function compileExample(app: App): Promise<Compiled> {
  return compile(app, EXAMPLE, app.copyExample());
}

async function compile(app: App, name: string, entry: string): Promise<Compiled> {
  const bundle = join(app.root, `${doorToFile(name)}.bundle.js`);
  await bundleByMetro(app, entry, bundle);
  const bytecode = bundle.replace(/\.js$/, ".hbc");
  compileByHermes(bundle, bytecode);
  const text = readFileSync(bundle);
  return {
    name,
    bundleBytes: text.length,
    gzipBytes: gzipSync(text).length,
    bytecodeBytes: readFileSync(bytecode).length,
    globals: findGlobals(bundle),
  };
}

async function bundleByMetro(app: App, entry: string, out: string): Promise<void> {
  const metro = require("metro") as Metro;
  const config = await metro.loadConfig(
    { cwd: app.root },
    {
      projectRoot: app.root,
      watchFolders: [dirname(require.resolve("metro-runtime/package.json")), STAND_INS_FOLDER],
      cacheStores: [],
      fileMapCacheDirectory: app.root,
      reporter: { update() {} },
      resolver: {
        useWatchman: false,
        resolveRequest: resolveStandIn,
        nodeModulesPaths: [join(app.root, "node_modules")],
      },
      maxWorkers: 2,
    },
  );
  await metro.runBuild(config, { entry, out, dev: false, minify: true, platform: "ios", bundleOut: out });
}

interface Resolving {
  readonly resolveRequest: (context: Resolving, name: string, platform: string | null) => unknown;
}

/** What only a phone has comes from this folder. */
function resolveStandIn(context: Resolving, name: string, platform: string | null): unknown {
  const filePath = STAND_INS[name];
  return filePath === undefined ? context.resolveRequest(context, name, platform) : { type: "sourceFile", filePath };
}

/** Each warning repeats its line, which in a bundle is long. */
const MAX_OUTPUT_BYTES = 256 * 1024 * 1024;
const UNDECLARED = /warning: the variable "([^"]+)" was not declared/g;

/** Compiles a bundle as a release of an app does. */
function compileByHermes(bundle: string, bytecode: string): void {
  runHermes("-emit-binary", "-O", "-out", bytecode, bundle);
}

/** What a bundle asks for and does not declare. Of that Hermes warns in strict code only, and a bundle is not all strict. */
function findGlobals(bundle: string): string[] {
  const warnings = runHermes("-emit-binary", "-strict", "-Wundefined-variable", "-out", `${bundle}.strict.hbc`, bundle);
  return [...new Set([...warnings.matchAll(UNDECLARED)].map(([, name]) => name as string))].sort();
}

/** @returns What it says. */
function runHermes(...args: readonly string[]): string {
  const { status, stderr } = spawnSync(findHermes(), args, { encoding: "utf8", maxBuffer: MAX_OUTPUT_BYTES });
  if (status !== 0) throw new Error(`hermesc refuses the bundle:\n${stderr.slice(0, 4_000)}`);
  return stderr;
}

/** The release of Hermes that the compiler is of, and the version of its bytecode, as it says them. */
export function hermesVersion(): string {
  const text = execFileSync(findHermes(), ["-version"], { encoding: "utf8" });
  const lines = text.split("\n").filter((line) => /^\s*(Hermes|HBC)\b.*version/.test(line));
  return lines.map((line) => line.trim()).join(", ");
}

function findHermes(): string {
  const binary = BINARIES[process.platform];
  if (binary === undefined) throw new Error(`there is no hermesc for ${process.platform}`);
  const path = join(dirname(require.resolve("hermes-compiler")), "hermesc", binary);
  chmodSync(path, 0o755);
  return path;
}
