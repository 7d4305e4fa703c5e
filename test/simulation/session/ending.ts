import { sessionLimits } from "../../../src/wire/limits.ts";
import { plainCall } from "./call-plan.ts";
import type { CallRecord } from "./ledger.ts";
import type { SessionWorld } from "./session-world.ts";

/** A dead connection is noticed, a backoff is over, a slow reader has read everything. */
const CALM_MS = 4 * 60_000;
/** And a program that was asleep has woken up. */
const CALM_AFTER_ABSENCE_MS = 25 * 60_000;
/** Attaches that a channel may need after the faults. */
const MAX_ATTACHES = 6;
const TELL_MS = 2_000;
/** A connection that has died without a word is noticed only now. */
const LAST_CALL_MS = 100_000;
const GOODBYE_MS = 30_000;
const WEEK_MS = sessionLimits.sessionMs;

/** The faults are over: everything has to come to its end, and then nothing may be left. */
export async function playEnding(world: SessionWorld): Promise<void> {
  const { judge, plan } = world.scene;
  const steps = [calmDown, callAgain, callOnceMore, leave, forget, ...(plan.hasIdleWeek ? [idle] : []), close];
  for (const step of steps) {
    await step(world);
    if (judge.broken !== undefined) return;
  }
}

async function calmDown(world: SessionWorld): Promise<void> {
  const { judge, channels, plan, credentials } = world.scene;
  credentials.rest();
  for (const program of world.livingPrograms()) program.process.perform(() => program.rest());
  const before = new Map(channels.attaches);
  const limitMs = plan.hasAbsences ? CALM_AFTER_ABSENCE_MS : CALM_MS;
  const isDone = (await world.run(() => isCalm(world), limitMs)) && (await staysCalm(world, limitMs));
  judge.claim(isDone, () => `without faults there is no calm: ${world.describeUnrest()}`);
  for (const [id, attaches] of channels.attaches) {
    const since = attaches - (before.get(id) ?? 0);
    judge.claim(since <= MAX_ATTACHES, () => `channel ${id} was attached ${since} times after the faults`);
  }
}

function isCalm(world: SessionWorld): boolean {
  const { daemon } = world;
  if (daemon.server === undefined) daemon.start();
  return !daemon.isDraining && world.livingPrograms().every((program) => program.isCalm) && isSettled(world);
}

/** Somebody may not know yet that a connection is over. */
async function staysCalm(world: SessionWorld, limitMs: number): Promise<boolean> {
  await world.run(() => false, TELL_MS);
  return world.run(() => isCalm(world), limitMs);
}

function isSettled({ scene }: SessionWorld): boolean {
  return scene.ledger.findOpen("answerable").length === 0;
}

/** The first call may fail: it is what shows that a connection is dead, and the daemon another process by now. */
async function callAgain(world: SessionWorld): Promise<void> {
  await callEverybody(world);
  const isDone = await world.run(() => isCalm(world), CALM_MS);
  world.scene.judge.claim(isDone, () => `after one more call there is no calm: ${world.describeUnrest()}`);
}

async function callOnceMore(world: SessionWorld): Promise<void> {
  const { judge } = world.scene;
  for (const record of await callEverybody(world)) {
    judge.claim(record.result === "ok", () => `a last call has failed: ${record.describe()}`);
  }
  world.judgeOrphans();
}

async function callEverybody(world: SessionWorld): Promise<readonly CallRecord[]> {
  const { judge } = world.scene;
  const calls = world.livingPrograms().map((program) => program.call(plainCall));
  const isDone = await world.run(() => isSettled(world), LAST_CALL_MS);
  judge.claim(isDone, () => `a last call has no answer: ${world.describeUnrest()}`);
  return isDone ? Promise.all(calls) : [];
}

async function leave(world: SessionWorld): Promise<void> {
  const { judge, random } = world.scene;
  const programs = world.livingPrograms();
  for (const program of programs) program.end(random.pick(["close", "dispose"]));
  await world.run(() => false, GOODBYE_MS);
  judge.claim(isSettled(world), () => `everybody has left, and there is ${world.describeUnrest()}`);
  const attached = world.daemon.server?.metrics.open.attached;
  judge.claim(attached === 0, () => `everybody has left, and ${attached} connections are attached`);
}

/** Longer than any channel is kept. */
async function forget(world: SessionWorld): Promise<void> {
  const { judge, network, channels, ledger } = world.scene;
  const { hasAbsences } = world.scene.plan;
  await world.run(() => false, hasAbsences ? CALM_AFTER_ABSENCE_MS : sessionLimits.replayMs + GOODBYE_MS);
  const open = ledger.findOpen("anybody's");
  judge.claim(open.length === 0, () => `nobody is there, and there is ${open[0]}`);
  const metrics = world.daemon.server?.metrics;
  judge.claim(channels.count() === 0, () => `nobody is there, and the daemon keeps ${channels.count()} channels`);
  judge.claim(metrics?.heldBytes === 0, () => `nobody is there, and the daemon holds ${metrics?.heldBytes} bytes`);
  const { attached, awaitingHello, probing } = metrics?.open ?? { attached: 0, awaitingHello: 0, probing: 0 };
  judge.claim(attached + awaitingHello + probing === 0, () => "nobody is there, and the daemon has connections");
  const runningHandlers = world.daemon.process?.runningHandlers;
  judge.claim(runningHandlers === 0, () => `nobody is there, and ${runningHandlers} handlers run`);
  world.daemon.judgeJournal();
  judge.claim(network.links.length === 0, () => `nobody is there, and there are ${network.links.length} connections`);
}

/** Longer than any session is kept. */
async function idle(world: SessionWorld): Promise<void> {
  const { judge } = world.scene;
  world.restLooking();
  await world.run(() => false, WEEK_MS + GOODBYE_MS);
  const left = world.daemon.server?.sessions.list().length;
  judge.claim(left === 0, () => `nobody was there for a week, and the daemon keeps ${left} sessions`);
}

async function close(world: SessionWorld): Promise<void> {
  const closed = world.daemon.close();
  await world.run(() => false, GOODBYE_MS);
  await closed;
}
