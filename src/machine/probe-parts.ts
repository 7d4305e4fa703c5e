import type {
  ProbeEffect,
  ProbeEvent,
  ProbeState,
  ProbeState_Opening,
  ProbeState_Probed,
  RoundTrips,
} from "../../gen/moorline/machine/v1/probe_moorline.ts";
import { ProbeTimer } from "../../gen/moorline/machine/v1/probe_pb.ts";
import type { Step } from "../core/machine.ts";
import { clientProbeLimits, handshakeLimits } from "../wire/limits.ts";

/** What decides how a probe behaves; plain data. */
export interface ProbeConfig {
  /** How long a transport may take to open, in milliseconds. */
  readonly openTimeoutMs: number;
  /** How long a hello may wait for its answer, in milliseconds. */
  readonly answerTimeoutMs: number;
  /** How long a ping may wait for its pong, in milliseconds. */
  readonly pongTimeoutMs: number;
  /** How long a probe lives from its Welcome on, in milliseconds. */
  readonly lifetimeMs: number;
}

/** The limits of the protocol. */
export const defaultProbeConfig: ProbeConfig = {
  openTimeoutMs: handshakeLimits.openTimeoutMs,
  answerTimeoutMs: handshakeLimits.answerTimeoutMs,
  pongTimeoutMs: clientProbeLimits.pongTimeoutMs,
  lifetimeMs: clientProbeLimits.lifetimeMs,
};

/** A step of the probe machine. */
export type ProbeStep = Step<ProbeState, ProbeEffect>;

/** The event inside a ProbeEvent, an unknown one included. */
export type ProbeInput = ProbeEvent["event"];

/** A state that has a transport. */
export type LiveProbe = ProbeState_Opening | ProbeState_Probed;

/** The effect that starts a timer. @param ping The one that waits for its pong; for the other timers none. */
export function startTimer(timer: ProbeTimer, atMs: number, ping = 0): ProbeEffect {
  return { effect: { case: "startTimer", value: { timer, atMs, ping } } };
}

/** Undoes what the state started, but for the transport. The one place where that is decided. Spec: RUN-3. */
export function leaveState({ state }: ProbeState): ProbeEffect[] {
  if (state.case === "opening") {
    return [cancelTimer(state.value.stage.case === "greeting" ? ProbeTimer.ANSWER : ProbeTimer.OPEN)];
  }
  if (state.case !== "probed") return [];
  const isPinging = state.value.measuring.case === "pinging";
  return [cancelTimer(ProbeTimer.EXPIRY), ...(isPinging ? [cancelTimer(ProbeTimer.PONG)] : [])];
}

/** The effect that cancels a timer. */
export function cancelTimer(timer: ProbeTimer): ProbeEffect {
  return { effect: { case: "cancelTimer", value: { timer } } };
}

/** What was measured, with one round trip more. */
export function addRoundTrip(before: RoundTrips | undefined, lastMs: number): RoundTrips {
  const { leastMs, samples } = before ?? { leastMs: lastMs, samples: 0 };
  return { lastMs, leastMs: Math.min(leastMs, lastMs), samples: samples + 1 };
}
