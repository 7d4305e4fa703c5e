import { sessionLimits } from "../../../src/wire/limits.ts";
import type { CallPlan } from "./call-plan.ts";
import type { CallRecord } from "./ledger.ts";
import type { Village } from "./village.ts";

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

const lastCall: CallPlan = {
  kind: "say",
  messages: 1,
  bytes: 10,
  producerGapMs: 0,
  readerGapMs: 0,
  stallMs: 0,
  isFailing: false,
  cancelAfterMs: undefined,
  breakAfter: undefined,
  timeoutMs: 90_000,
  waitsForReady: true,
  callsBack: false,
};

/** The faults are over: everything has to come to its end, and then nothing may be left. */
export async function playEnding(village: Village): Promise<void> {
  const { judge, plan } = village.scene;
  const steps = [calmDown, callAgain, callOnceMore, leave, forget, ...(plan.hasIdleWeek ? [idle] : []), close];
  for (const step of steps) {
    await step(village);
    if (judge.broken !== undefined) return;
  }
}

async function calmDown(village: Village): Promise<void> {
  const { judge, channels, plan, credentials } = village.scene;
  credentials.rest();
  for (const program of village.livingPrograms()) program.process.perform(() => program.rest());
  const before = new Map(channels.attaches);
  const limitMs = plan.hasAbsences ? CALM_AFTER_ABSENCE_MS : CALM_MS;
  const isDone = (await village.run(() => isCalm(village), limitMs)) && (await staysCalm(village, limitMs));
  judge.claim(isDone, () => `without faults there is no calm: ${village.describeUnrest()}`);
  for (const [id, attaches] of channels.attaches) {
    const since = attaches - (before.get(id) ?? 0);
    judge.claim(since <= MAX_ATTACHES, () => `channel ${id} was attached ${since} times after the faults`);
  }
}

function isCalm(village: Village): boolean {
  const { daemon } = village;
  if (daemon.server === undefined) daemon.start();
  return !daemon.isDraining && village.livingPrograms().every((program) => program.isCalm) && isSettled(village);
}

/** Somebody may not know yet that a connection is over. */
async function staysCalm(village: Village, limitMs: number): Promise<boolean> {
  await village.run(() => false, TELL_MS);
  return village.run(() => isCalm(village), limitMs);
}

function isSettled({ scene }: Village): boolean {
  return scene.ledger.findOpen("answerable").length === 0;
}

/** The first call may fail: it is what shows that a connection is dead, and the daemon another process by now. */
async function callAgain(village: Village): Promise<void> {
  await callEverybody(village);
}

async function callOnceMore(village: Village): Promise<void> {
  const { judge } = village.scene;
  for (const record of await callEverybody(village)) {
    judge.claim(record.result === "ok", () => `a last call has failed: ${record.describe()}`);
  }
  village.judgeOrphans();
}

async function callEverybody(village: Village): Promise<readonly CallRecord[]> {
  const { judge } = village.scene;
  const calls = village.livingPrograms().map((program) => program.call(lastCall));
  const isDone = await village.run(() => isSettled(village), LAST_CALL_MS);
  judge.claim(isDone, () => `a last call has no answer: ${village.describeUnrest()}`);
  return isDone ? Promise.all(calls) : [];
}

async function leave(village: Village): Promise<void> {
  const { judge, random } = village.scene;
  const programs = village.livingPrograms();
  for (const program of programs) program.end(random.pick(["close", "dispose"]));
  await village.run(() => false, GOODBYE_MS);
  judge.claim(isSettled(village), () => `everybody has left, and there is ${village.describeUnrest()}`);
  const attached = village.daemon.server?.metrics.open.attached;
  judge.claim(attached === 0, () => `everybody has left, and ${attached} connections are attached`);
}

/** Longer than any channel is kept. */
async function forget(village: Village): Promise<void> {
  const { judge, network, channels, ledger } = village.scene;
  const { hasAbsences } = village.scene.plan;
  await village.run(() => false, hasAbsences ? CALM_AFTER_ABSENCE_MS : sessionLimits.replayMs + GOODBYE_MS);
  const open = ledger.findOpen("anybody's");
  judge.claim(open.length === 0, () => `nobody is there, and there is ${open[0]}`);
  const metrics = village.daemon.server?.metrics;
  judge.claim(channels.count() === 0, () => `nobody is there, and the daemon keeps ${channels.count()} channels`);
  judge.claim(metrics?.heldBytes === 0, () => `nobody is there, and the daemon holds ${metrics?.heldBytes} bytes`);
  const { attached, awaitingHello, probing } = metrics?.open ?? { attached: 0, awaitingHello: 0, probing: 0 };
  judge.claim(attached + awaitingHello + probing === 0, () => "nobody is there, and the daemon has connections");
  const runningHandlers = village.daemon.process?.runningHandlers;
  judge.claim(runningHandlers === 0, () => `nobody is there, and ${runningHandlers} handlers run`);
  judge.claim(network.links.length === 0, () => `nobody is there, and there are ${network.links.length} connections`);
}

/** Longer than any session is kept. */
async function idle(village: Village): Promise<void> {
  const { judge } = village.scene;
  village.restLooking();
  await village.run(() => false, WEEK_MS + GOODBYE_MS);
  const left = village.daemon.server?.sessions.list().length;
  judge.claim(left === 0, () => `nobody was there for a week, and the daemon keeps ${left} sessions`);
}

async function close(village: Village): Promise<void> {
  const closed = village.daemon.close();
  await village.run(() => false, GOODBYE_MS);
  await closed;
}
