import { startFaults } from "../../../src/testing/fault-schedule.ts";
import { playEnding } from "../session/ending.ts";
import { createSessionFaults } from "../session/session-faults.ts";
import { SessionWorld } from "../session/session-world.ts";
import { setTraps } from "../session/traps.ts";
import type { Report, World } from "../world.ts";

/**
 * Real clients and a real server with default limits and timers in a simulated network, with everything that can happen to
 * connections, processes and credentials; then no fault any more, and in the end everybody leaves.
 */
export const world: World = {
  name: "session",
  mustHappen: [
    "CONNECT_TIMED_OUT",
    "HELLO_TIMED_OUT",
    "LIVENESS_LOST PONG_MISSING",
    "REJECTED CREDENTIAL_EXPIRED",
    "REJECTED DAEMON_DRAINING",
    "REJECTED UNAUTHENTICATED",
    "SUPERSEDED SUPERSEDED",
    "TRANSPORT_CLOSED",
    "TRANSPORT_FAILED",
    "WENT_AWAY CHANNEL_LOST",
    "WENT_AWAY CREDENTIAL_EXPIRED",
    "WENT_AWAY REVOKED",
    "WENT_AWAY SESSION_ENDED",
    "client lost CHANNEL_EXPIRED",
    "client lost EPOCH_CHANGED",
    "client lost SESSION_ENDED",
    "client resumed",
    "count ok",
    "hellos held back",
    "join ok",
    "keyed cut",
    "keyed full JOURNAL_BYTES",
    "keyed full JOURNAL_KEYS",
    "keyed ok",
    "keyed passing",
    "keyed reused",
    "look ok",
    "path switches",
    "probes promoted",
    "probes welcomed",
    "rejected 4104",
    "say ok",
    "server expired",
    "server lost CHANNEL_DONE",
    "server lost CHANNEL_EXPIRED",
    "server lost DRAINED",
    "server lost REPLAY_EVICTED",
    "server lost SESSION_ENDED",
    "talk ok",
    "welcomes lost",
  ],
  async run(seed, { eventCount }): Promise<Report> {
    const played = new SessionWorld(seed, eventCount);
    const { judge, network } = played.scene;
    try {
      await play(played);
    } catch (error) {
      judge.fail(error instanceof Error ? (error.stack ?? error.message) : String(error));
    }
    const facts = judge.facts.toRecord();
    const { broken } = judge;
    return broken === undefined ? { facts } : { facts, failure: { broken, events: network.history } };
  },
};

async function play(world: SessionWorld): Promise<void> {
  const { clock, network, random, plan, judge } = world.scene;
  world.startLooking();
  const traps = setTraps(world.scene);
  const kinds = createSessionFaults(world);
  const faults = startFaults({ network, clock, random: random.fork(), kinds, meanGapMs: plan.meanGapMs });
  await world.run(() => false, plan.faultyMs);
  traps.stop();
  faults.stop();
  if (judge.broken === undefined) await playEnding(world);
}
