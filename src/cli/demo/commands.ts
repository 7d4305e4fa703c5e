import { existsSync } from "node:fs";
import { dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** A command of the demo. */
export interface DemoCommand {
  /** What the table calls it. */
  readonly name: string;
  /** The program and its arguments. */
  readonly argv: readonly string[];
  /** Those of a command that prints the same without pauses. Default: `argv`. */
  readonly fastArgv?: readonly string[];
}

/** The place of each command in {@link demoCommands}. */
export const place = { hashes: 0, lines: 1, cut: 2, last: 3 } as const;

/** About what the first two commands print, in bytes: the faults are spread over it. */
export const outputBytes = 14_000_000;

const here = fileURLToPath(import.meta.url);

/** The file beside this one, as source or as it was built. */
const script = (name: string): string => join(dirname(here), `${name}${extname(here)}`);

/** The nearest folder above that is a package: the project, or Moorline where it is installed. */
function findPackage(folder: string): string {
  return existsSync(join(folder, "package.json")) ? folder : findPackage(dirname(folder));
}

const printLines = (...args: string[]): string[] => [process.execPath, script("print-lines"), ...args];

/** The commands of the demo, in the order in which they are started. */
export const demoCommands: readonly DemoCommand[] = [
  { name: "hash every file", argv: [process.execPath, script("hash-files"), findPackage(dirname(here))] },
  { name: "200,000 lines", argv: printLines("200000", "1000", "25") },
  { name: "6,000 slow lines", argv: printLines("6000", "1", "5"), fastArgv: printLines("6000") },
  { name: "20,000 lines", argv: printLines("20000") },
];
