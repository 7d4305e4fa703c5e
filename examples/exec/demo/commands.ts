import { fileURLToPath } from "node:url";

/** A command of the demo, and the lines that it is given as input. */
export interface DemoCommand {
  /** What the table calls it. */
  readonly name: string;
  /** The program. */
  readonly program: string;
  /** Its arguments. */
  readonly arguments: readonly string[];
  /** How many numbered lines it is given as input, while it runs. */
  readonly inputLines: number;
}

const script = (name: string): string => fileURLToPath(new URL(`./scripts/${name}.mjs`, import.meta.url));
const project = fileURLToPath(new URL("../../..", import.meta.url));

/** About what the first two commands print, in bytes: the faults are spread over it. */
export const outputBytes = 14_000_000;

/** The line of input with this number. */
export const inputLine = (number: number): string => `input line ${number}`;

/** The commands of the demo, in the order in which they are started. The last one runs after the client was killed. */
export const demoCommands: readonly [DemoCommand, DemoCommand, DemoCommand] = [
  { name: "hash every file", program: process.execPath, arguments: [script("hash-files"), project], inputLines: 0 },
  { name: "200,000 lines", program: process.execPath, arguments: [script("print-lines"), "200000"], inputLines: 2000 },
  { name: "20,000 lines", program: process.execPath, arguments: [script("print-lines"), "20000"], inputLines: 200 },
];
