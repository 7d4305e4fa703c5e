import { type DemoCommand, demoCommands } from "./commands.ts";
import type { DemoProcesses } from "./demo-process.ts";

/** What a command prints when nothing is in between. */
export interface Expected {
  /** All of it. */
  readonly output: Buffer;
}

/** Runs a command directly, and keeps what it prints. @throws Error where it fails. */
export async function runDirectly({ name, argv, fastArgv }: DemoCommand, processes: DemoProcesses): Promise<Expected> {
  const { stdout, ended } = processes.run(fastArgv ?? argv);
  const chunks: Buffer[] = [];
  for await (const chunk of stdout) {
    processes.progress.note();
    chunks.push(chunk as Buffer);
  }
  const end = await ended;
  if (end !== 0) throw new Error(`"${name}" failed when it was run directly, with ${end}`);
  return { output: Buffer.concat(chunks) };
}

/** Runs all commands directly, one after the other. */
export async function runAllDirectly(processes: DemoProcesses): Promise<readonly Expected[]> {
  const expected: Expected[] = [];
  for (const command of demoCommands) expected.push(await runDirectly(command, processes));
  return expected;
}
