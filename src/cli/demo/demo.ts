import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Command } from "commander";
import { systemClock } from "../../transport/system-clock.ts";
import { runClientProcess } from "./client-process.ts";
import { CLIENT_COMMAND } from "./demo-client.ts";
import { DemoProcesses } from "./demo-process.ts";
import type { ClientOptions } from "./messages.ts";
import { ProgressWatch } from "./progress-watch.ts";
import { createReport, type Report } from "./report.ts";
import { runDemo } from "./run-demo.ts";
import { keepDaemon } from "./stay.ts";

interface DemoOptions {
  readonly json: boolean;
  readonly stay?: boolean;
}

/** Adds `moorline demo`: shows on this machine what sessions survive, and says whether all of it holds. */
export function addDemo(program: Command): void {
  const command = program
    .command("demo")
    .description("see a daemon and a client survive what can be done to them, in less than a minute")
    .option("--stay", "leave the daemon running after it, and say where its console is; until SIGTERM or Ctrl-C");
  command.action(async () => {
    const { json, stay = false } = command.optsWithGlobals<DemoOptions>();
    process.exit(await performDemo(createReport(json), { json, stay }));
  });
  program
    .command(CLIENT_COMMAND, { hidden: true })
    .argument("<options>")
    .action((options: string) => runClientProcess(JSON.parse(options) as ClientOptions));
}

/** Runs the demo in a folder of its own, and leaves nothing behind. @returns The exit code. */
async function performDemo(report: Report, { json, stay = false }: DemoOptions): Promise<number> {
  const progress = new ProgressWatch(systemClock);
  const processes = new DemoProcesses(process.argv[1] ?? "", progress);
  let home: string | undefined;
  // Whatever ends this process.
  process.once("exit", () => {
    processes.kill();
    if (home !== undefined) rmSync(home, { recursive: true, force: true });
  });
  const failure = await failureOf(() => {
    home = mkdtempSync(join(tmpdir(), "moorline-demo-"));
    return Promise.race([runDemo({ home, processes, report }), untilStopped(), progress.untilStalled()]);
  });
  await processes.end();
  report.end(failure);
  if (failure !== undefined) return 1;
  if (stay && home !== undefined) {
    await keepDaemon(processes, home, json);
    await processes.end();
  }
  return 0;
}

/** Rejects when somebody ends the demo. */
function untilStopped(): Promise<never> {
  return new Promise((_, reject) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) {
      process.once(signal, () => reject(new Error(`it was ended by ${signal}`)));
    }
  });
}

async function failureOf(run: () => Promise<void>): Promise<string | undefined> {
  try {
    await run();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
