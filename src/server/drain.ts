import { CallOutcome, ChannelLossReason } from "../../gen/moorline/session/v1/error_pb.ts";
import type { Clock } from "../core/clock.ts";
import { createLostError } from "../rpc/call-errors.ts";
import type { DrainLimits } from "../wire/limits.ts";
import type { Journal } from "./journal/journal.ts";
import type { ServerChannel } from "./server-channel.ts";
import { within } from "./within.ts";

/** What a drain works on. */
export interface DrainTarget {
  readonly clock: Clock;
  readonly limits: DrainLimits;
  /** Who runs keyed calls, which outlive their channels. */
  readonly journal: Journal | undefined;
  /** Resolves when no plain RPC runs that is waited for. */
  readonly plainQuiet: Promise<void>;
  /** Every channel of the server. While it drains there are no new ones. */
  channels(): readonly ServerChannel[];
}

const LOOK_EVERY_MS = 20;

/**
 * Lets the calls of a server come to their end: new ones are refused, running ones have a grace, then they are ended too,
 * and what was sent is acknowledged. Channels and connections stay. Spec: DRAIN-2, DRAIN-3.
 */
export async function drainCalls({ clock, limits, channels, journal, plainQuiet }: DrainTarget): Promise<void> {
  const quiet = Promise.all([plainQuiet, ...channels().map(({ served }) => served.drain())]);
  // A call that has yet to ask the journal is among those that are waited for.
  const rest = quiet.then(() => journal?.quiet());
  await within(clock, limits.graceMs, rest);
  const error = createLostError(ChannelLossReason.DRAINED, CallOutcome.UNKNOWN);
  journal?.cut(error);
  for (const { served } of channels()) served.endAll(error);
  const giveUpAtMs = clock.now() + limits.flushMs;
  while (clock.now() < giveUpAtMs && channels().some(({ channel }) => !channel.isFlushed)) {
    await pause(clock, Math.min(LOOK_EVERY_MS, giveUpAtMs - clock.now()));
  }
}

function pause(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => void clock.setTimer(ms, resolve));
}
