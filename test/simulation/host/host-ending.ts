import { plainCall } from "../session/call-plan.ts";
import type { CallRecord } from "../session/ledger.ts";
import type { HostWorld } from "./host-world.ts";
import { findMirrorDifference } from "./judge-mirror.ts";

/** A dead connection is noticed, a race has gone round all ways, the longest backoff is over. */
const SETTLE_MS = 150_000;
/** What a mirror needs once its host is online: one sync, and the wait before it. */
const SYNC_MS = 40_000;
const HISTORY_MS = 60_000;
const CALM_MS = 5_000;
const CALL_MS = 100_000;
const GOODBYE_MS = 35_000;
/** Lifetimes of credentials that nothing happens for. */
const RENEWALS = 3;
/** Watches that a mirror may need after the faults: one, and one more where the channel is lost meanwhile. */
const MAX_WATCHES = 2;

/** The faults are over: everything has to come to its end, and then nothing may be left. */
export async function playHostEnding(world: HostWorld): Promise<void> {
  const { judge } = world.scene;
  for (const step of [settle, converge, renew, callOnceMore, leave]) {
    await step(world);
    if (judge.broken !== undefined) return;
  }
}

async function settle(world: HostWorld): Promise<void> {
  const { judge, credentials, ways, disk, plan, timelines } = world.scene;
  world.calm();
  timelines.calm();
  ways.heal();
  credentials.rest(plan.calmCredentialMs);
  disk.heal();
  world.daemon.agents.heal();
  world.daemon.start();
  while (world.living.length === 0) world.openTab();
  for (const tab of world.living) {
    tab.rest();
    tab.process.perform(() => {
      tab.lifecycle.signal("foreground");
      tab.runtime.setProfile(tab.profile);
      tab.ensureOnline();
    });
  }
  await world.run(() => isSettled(world), SETTLE_MS);
  // Somebody may not know yet that a connection is over: a call shows it.
  const records = callEverybody(world);
  const isDone = await world.run(() => records.length === world.living.length && isSettled(world), SETTLE_MS);
  judge.claim(isDone, () => `state settles: it does not; ${describeUnrest(world)}`);
}

function isSettled({ living, daemon }: HostWorld): boolean {
  if (daemon.server === undefined) daemon.start();
  for (const tab of living) tab.askAgain();
  return !daemon.isDraining && living.every(({ phase }) => phase === "online");
}

/** every mirror converges: within one sync after the last fault it shows what is true. */
async function converge(world: HostWorld): Promise<void> {
  const { judge, ledger } = world.scene;
  const { agents } = world.daemon;
  const before = agents.watches;
  const isRight = (): boolean => {
    for (const { timelines } of world.living) timelines?.askAgain();
    return world.living.every((tab) => findMirrorDifference(tab, agents.truth) === undefined);
  };
  const isDone = await world.run(() => isRight() && ledger.findOpen("anybody's").length === 0, SYNC_MS + CALL_MS);
  judge.claim(isDone, () => `every mirror converges: it does not; ${describeUnrest(world)}`);
  await loadHistory(world);
  await world.run(() => false, CALM_MS);
  judge.claim(isRight(), () => `every mirror converges: it does not stay so; ${describeUnrest(world)}`);
  const watches = agents.watches - before;
  const most = MAX_WATCHES * world.living.length;
  judge.claim(
    watches <= most,
    () => `every mirror converges: ${watches} watches after the last fault, and not ${most}`,
  );
}

/** Everything that came before is loaded, page by page, as far as there is room. */
async function loadHistory(world: HostWorld): Promise<void> {
  const isAll = (): boolean => world.living.every(({ timelines }) => timelines?.loadAll() ?? true);
  const isDone = await world.run(isAll, HISTORY_MS);
  world.scene.judge.claim(isDone, () => "items complete: earlier ones do not come");
}

/** no credential expires while its host holds a connection with it: the next one is there before, and nobody notices. */
async function renew(world: HostWorld): Promise<void> {
  const { judge, plan, credentials } = world.scene;
  if (!credentials.areNeeded || !Number.isFinite(plan.calmCredentialMs)) return;
  const watches = world.daemon.agents.watches;
  await world.run(() => false, RENEWALS * plan.calmCredentialMs);
  for (const tab of world.living) {
    const { calmRenewals } = tab.renewals;
    // The first one is of a credential from before, which may last long.
    judge.claim(calmRenewals > 0, () => `renewal: ${tab.name} has renewed ${calmRenewals} times`);
    judge.claim(
      tab.phase === "online",
      () => `renewal: ${tab.name} has nothing to do but to renew, and is ${tab.phase}`,
    );
  }
  const more = world.daemon.agents.watches - watches;
  judge.claim(more === 0, () => `renewal: mirrors were lost by it, and watch anew ${more} times`);
}

async function callOnceMore(world: HostWorld): Promise<void> {
  const { judge } = world.scene;
  const records = callEverybody(world);
  const isDone = await world.run(() => records.length === world.living.length, CALL_MS);
  judge.claim(isDone, () => "a last call has no answer");
  for (const record of records) {
    judge.claim(record.result === "ok", () => `a last call has failed: ${record.describe()}`);
  }
}

/** @returns The calls that are over by now. */
function callEverybody({ living }: HostWorld): readonly CallRecord[] {
  const records: CallRecord[] = [];
  for (const { calls } of living) void calls.make(plainCall).then((record) => records.push(record));
  return records;
}

async function leave(world: HostWorld): Promise<void> {
  const { judge, ledger, network } = world.scene;
  for (const tab of world.living) {
    tab.stop();
    tab.runtime.retry();
    tab.ensureOnline();
    void tab.calls.make(plainCall);
  }
  await world.run(() => false, GOODBYE_MS);
  const open = ledger.findOpen("anybody's");
  judge.claim(
    open.length === 0,
    () => `every promise settles: everybody has left, and there is ${open.slice(0, 5).join("; ")}`,
  );
  for (const tab of world.tabs) tab.judgeEnd();
  const links = network.links.filter(({ clientEnd }) => !clientEnd.isOver);
  judge.claim(
    links.length === 0,
    () => `memory bounded: everybody has left, and there are ${links.length} connections`,
  );
  const { server } = world.daemon;
  if (server !== undefined) world.daemon.judgeEnd({ server });
  world.close();
}

function describeUnrest({ living, scene, daemon }: HostWorld): string {
  const tabs = living.map(
    (tab) => `${tab.name} is ${tab.phase}, ${findMirrorDifference(tab, daemon.agents.truth) ?? "right"}`,
  );
  return [...tabs, ...scene.ledger.findOpen("anybody's")].slice(0, 6).join("; ");
}
