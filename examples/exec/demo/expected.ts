import { createHash } from "node:crypto";
import { execa } from "execa";
import { type DemoCommand, inputLine } from "./commands.ts";

/** What a command prints when nothing is in between. */
export interface Expected {
  /** How many lines it prints. */
  readonly lines: number;
  /** Their SHA-256, each with a line break, in hex. */
  readonly sha256: string;
}

/** Runs a command directly and hashes what it prints. */
export async function runDirectly(command: DemoCommand): Promise<Expected> {
  const input = Array.from({ length: command.inputLines }, (_, index) => `${inputLine(index + 1)}\n`).join("");
  const child = execa(command.program, command.arguments, { input, buffer: false });
  const hash = createHash("sha256");
  let lines = 0;
  for await (const line of child) {
    hash.update(`${line}\n`);
    lines += 1;
  }
  await child;
  return { lines, sha256: hash.digest("hex") };
}
