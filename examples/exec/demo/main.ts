/**
 * The demo: a client and a server, each a process, and between them a cable that is cut again and again. Commands run all
 * the while, and what arrives is compared with what they print when nothing is in between. Exits with 0 and `OK`, or with 1
 * and `FAILED: …`.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { checkCommand, checkTransitions } from "./check.ts";
import { type DemoProcess, endProcesses, startProcess } from "./children.ts";
import { type DemoCommand, demoCommands, outputBytes } from "./commands.ts";
import { Cutter } from "./cutter.ts";
import { type Expected, runDirectly } from "./expected.ts";
import { type Fault, halfOpen, holdBack, type Row, reset, stopClient, timed } from "./faults.ts";
import type { CommandResult } from "./messages.ts";
import { createReport } from "./report.ts";

const RESETS = 10;
/** The faults happen while this part of the output passes. */
const SHARE_WITH_FAULTS = 0.8;
const LIMIT_MS = 58_000;

const { values } = parseArgs({ options: { json: { type: "boolean", default: false } } });
const report = createReport(values.json);

/** The resets, with the other faults somewhere among them. */
function planFaults(): Fault[] {
  const faults: Fault[] = Array.from({ length: RESETS }, () => reset);
  for (const fault of [halfOpen, stopClient, holdBack]) {
    faults.splice(1 + Math.floor(Math.random() * (faults.length - 1)), 0, fault);
  }
  return faults;
}

/** Lets the faults happen one after the other, each at a random point of the output. */
async function breakThings(cutter: Cutter, client: DemoProcess): Promise<"broken"> {
  const faults = planFaults();
  for (const fault of faults) {
    await cutter.passed(Math.ceil((Math.random() * outputBytes * SHARE_WITH_FAULTS) / faults.length));
    report.row(await fault({ cutter, client }));
  }
  return "broken";
}

/** Runs the first two commands through all the faults. */
async function survive(cutter: Cutter, client: DemoProcess): Promise<readonly CommandResult[]> {
  const results = Promise.all([client.result(0), client.result(1)]);
  const first = await Promise.race([breakThings(cutter, client), results]);
  if (first !== "broken") throw new Error("the commands ended before all faults had happened");
  return results;
}

/** Kills the client and starts it again with the same key; the last command runs to its end. */
async function restart(client: DemoProcess, start: () => DemoProcess): Promise<{ row: Row; client: DemoProcess }> {
  client.child.kill("SIGKILL");
  await client.ended;
  const next = start();
  const { message, elapsedMs } = await timed(next.next("welcomed"));
  const event = "client killed and started again";
  return { client: next, row: { event, verdict: message.resumption, recoveredMs: elapsedMs, ...message.progress } };
}

async function run(home: string): Promise<void> {
  const server = startProcess("server-process", { home });
  const { endpoint: direct, serverId } = await server.next("listening");
  const cutter = new Cutter(Number(new URL(direct).port));
  const endpoint = `ws://127.0.0.1:${await cutter.listen()}`;
  report.note("running commands directly, and through a connection that is cut again and again");
  const expecting = Promise.all(demoCommands.map(runDirectly));
  const start = (commands: readonly number[]) => startProcess("client-process", { home, endpoint, serverId, commands });
  const first = start([0, 1]);
  await first.next("welcomed");
  const results = await survive(cutter, first);
  const { row, client: second } = await restart(first, () => start([2]));
  report.row(row);
  const third = await second.result(2);
  await second.ended;
  server.child.kill("SIGTERM");
  await server.ended;
  cutter.close();
  const expected = await expecting;
  const checked = [...results, third].map((result, index) => checkCommand(index, result, expected[index]));
  report.commands(checked);
  const transitions = checkTransitions([...server.messages, ...first.messages, ...second.messages]);
  report.note(`${transitions} transitions, each a row of its machine's table`);
  if (row.verdict !== "REATTACHED") throw new Error(`the client that was started again got ${row.verdict}`);
  const wrong = checked.findIndex(({ isSame }) => !isSame);
  if (wrong >= 0) throw new Error(await explain(wrong, expected[wrong]));
}

/** Why a command did not arrive as it was printed: perhaps it prints something else now. */
async function explain(index: number, expected: Expected | undefined): Promise<string> {
  const command = demoCommands[index] as DemoCommand;
  const now = await runDirectly(command);
  if (now.sha256 === expected?.sha256) return `"${command.name}" did not arrive as it was printed`;
  return `"${command.name}" prints something else each time: files have changed meanwhile, run the demo again`;
}

const home = mkdtempSync(join(tmpdir(), "moorline-demo-"));
const limit = setTimeout(() => finish(new Error(`it took over ${LIMIT_MS / 1000} s`)), LIMIT_MS);

function finish(error?: unknown): never {
  clearTimeout(limit);
  endProcesses();
  rmSync(home, { recursive: true, force: true });
  report.end(error === undefined ? undefined : error instanceof Error ? error.message : String(error));
  process.exit(error === undefined ? 0 : 1);
}

await run(home).then(() => finish(), finish);
