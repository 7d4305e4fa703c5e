import { randomUUID } from "node:crypto";
import { outputBytes, place } from "./commands.ts";
import type { Cutter } from "./cutter.ts";
import type { DemoClient } from "./demo-client.ts";
import type { DemoDaemon } from "./demo-daemon.ts";
import { type Fault, halfOpen, holdBack, type Row, reset, stopClient, timed } from "./faults.ts";
import type { ItemMark, TimelineRecord } from "./messages.ts";
import type { Report } from "./report.ts";

const RESETS = 10;
/** The faults happen while this part of the output passes. */
const SHARE_WITH_FAULTS = 0.8;
/** The daemon is killed when so many items of the slow command were shown. */
const ITEMS_BEFORE_KILL = 200;
/** A request that creates an agent is longer than this, and nothing else is that is sent while nothing happens. */
const CREATE_BYTES = 100;

/** The resets, with the other faults somewhere among them. */
function planFaults(): Fault[] {
  const faults: Fault[] = Array.from({ length: RESETS }, () => reset);
  for (const fault of [halfOpen, stopClient, holdBack]) {
    faults.splice(1 + Math.floor(Math.random() * (faults.length - 1)), 0, fault);
  }
  return faults;
}

/** Runs the first two commands through all the faults, each at a random point of the output. */
export async function survive(cutter: Cutter, client: DemoClient, report: Report): Promise<void> {
  const faults = planFaults();
  for (const command of [place.hashes, place.lines]) client.order({ order: "create", command, key: randomUUID() });
  for (const fault of faults) {
    await cutter.passed(Math.ceil((Math.random() * outputBytes * SHARE_WITH_FAULTS) / faults.length));
    report.row(await fault({ cutter, client }));
  }
  await Promise.all([client.result(place.hashes), client.result(place.lines)]);
}

/** Kills the client while it waits for an agent to be created, and starts it again: it asks for the same once more. */
export async function restartClient(
  cutter: Cutter,
  client: DemoClient,
  start: () => DemoClient,
): Promise<{ readonly client: DemoClient; readonly row: Row }> {
  const create = { order: "create", command: place.cut, key: randomUUID() } as const;
  cutter.loseAnswers();
  const sent = cutter.sent(CREATE_BYTES);
  client.order(create);
  await sent;
  await client.process.kill();
  const next = start();
  const { message, elapsedMs } = await timed(next.next("welcomed"));
  next.order(create);
  const event = "client killed while it creates an agent";
  return { client: next, row: { event, verdict: message.resumption, recoveredMs: elapsedMs, ...message.progress } };
}

/** What came of a restart of the daemon. */
export interface DaemonRestart {
  readonly daemon: DemoDaemon;
  readonly row: Row;
  /** What the client had shown of the command that was cut. */
  readonly shownBefore: readonly ItemMark[];
}

/** Kills the daemon while a command runs, and starts it again. */
export async function restartDaemon(
  daemon: DemoDaemon,
  client: DemoClient,
  start: () => Promise<DemoDaemon>,
): Promise<DaemonRestart> {
  await client.untilShown(place.cut, ITEMS_BEFORE_KILL);
  const welcomed = timed(client.next("welcomed"));
  const started = daemon.process.kill().then(start);
  const [{ message, elapsedMs }, next] = await Promise.all([welcomed, started]);
  const event = "daemon killed while an agent runs";
  const row = { event, verdict: message.resumption, recoveredMs: elapsedMs, ...message.progress };
  await client.result(place.cut);
  return { daemon: next, row, shownBefore: client.shownOf(place.cut, message) };
}

/** Has the client read the timeline of a command from its beginning. */
export async function readTimeline(client: DemoClient, command: number, agentId: string): Promise<TimelineRecord> {
  const read = client.next("read");
  client.order({ order: "read", command, agentId });
  return (await read).record;
}

/** Has the client run a command to its end. */
export async function runCommand(client: DemoClient, command: number): Promise<void> {
  client.order({ order: "create", command, key: randomUUID() });
  await client.result(command);
}
