import type {
  ProbeEffect,
  ProbeEvent,
  ProbeEvent_Ponged,
  ProbeEvent_Welcomed,
  ProbeState,
  ProbeState_Opening,
  ProbeState_Probed,
  probeTable,
} from "../../gen/moorline/machine/v1/probe_moorline.ts";
import { ProbeTimer } from "../../gen/moorline/machine/v1/probe_pb.ts";
import { CloseCode } from "../../gen/moorline/session/v1/close_code_pb.ts";
import type { Path } from "../../gen/moorline/session/v1/packet_pb.ts";
import { ignoreEvent, takeStep } from "../core/machine.ts";
import { endingOf, endProbe, type ProbeEnding } from "./probe-ending.ts";
import {
  addRoundTrip,
  cancelTimer,
  leaveState,
  type ProbeConfig,
  type ProbeInput,
  type ProbeStep,
  startTimer,
} from "./probe-parts.ts";
import { memberName, type SchemaMachine, type TransitionFacts } from "./schema-machine.ts";

export { defaultProbeConfig, type ProbeConfig } from "./probe-parts.ts";

/** The machine of a client's probe. The table is the option `machine` of its state in the schema. */
export const probeMachine: SchemaMachine<ProbeState, ProbeEvent, ProbeEffect, ProbeConfig> = {
  name: "probe" satisfies typeof probeTable.name,
  transition: transitionProbe,
  stateName: ({ state }) => memberName(state.case),
  eventName: ({ event }) => memberName(event.case),
  describe: describeProbe,
};

/** What a probe is started with. */
export interface ProbeStart {
  /** What tells the probes of one owner apart. */
  readonly generation: number;
  /** The path that is measured. */
  readonly path: Path;
  /** The present. */
  readonly nowMs: number;
}

/** Where a probe starts: it dials. Spec: PROBE-6. */
export function startProbe({ generation, path, nowMs }: ProbeStart, config: ProbeConfig): ProbeStep {
  const deadlineAtMs = nowMs + config.openTimeoutMs;
  const stage = { case: "dialing", value: {} } as const;
  return takeStep({ state: { case: "opening", value: { generation, path, deadlineAtMs, stage } } }, [
    startTimer(ProbeTimer.OPEN, deadlineAtMs),
    { effect: { case: "openTransport", value: { path } } },
  ]);
}

/** What follows from an event. An event without a row, or about another ping, changes nothing. Spec: PROBE-6 to PROBE-10, RUN-2. */
export function transitionProbe(state: ProbeState, { event }: ProbeEvent, config: ProbeConfig): ProbeStep {
  switch (state.state.case) {
    case "opening":
      return transitionOpening(state, state.state.value, event, config);
    case "probed":
      return transitionProbed(state, state.state.value, event, config);
    default:
      return ignoreEvent(state);
  }
}

/** The rows of the state opening. */
function transitionOpening(
  state: ProbeState,
  opening: ProbeState_Opening,
  event: ProbeInput,
  config: ProbeConfig,
): ProbeStep {
  const isGreeting = opening.stage.case === "greeting";
  switch (event.case) {
    case "transportOpened":
      return isGreeting ? ignoreEvent(state) : greet(state, opening, event.value.nowMs, config);
    case "welcomed":
      return isGreeting ? welcome(state, opening, event.value, config) : ignoreEvent(state);
    case "openTimedOut":
    case "credentialFailed":
      return isGreeting ? ignoreEvent(state) : end(state, opening, endingOf(event));
    case "answerTimedOut":
    case "rejected":
    case "welcomeRefused":
      return isGreeting ? end(state, opening, endingOf(event)) : ignoreEvent(state);
    case "closeRequested":
    case "expired":
    case "wentAway":
    case "transportClosed":
    case "transportFailed":
      return end(state, opening, withdraw(endingOf(event), isGreeting));
    default:
      return ignoreEvent(state);
  }
}

/** The rows of the state probed. */
function transitionProbed(
  state: ProbeState,
  probed: ProbeState_Probed,
  event: ProbeInput,
  config: ProbeConfig,
): ProbeStep {
  const { measuring } = probed;
  const present = measuring.case === "pinging" ? measuring.value.ping : undefined;
  switch (event.case) {
    case "measureRequested":
      return present === undefined ? measure(probed, event.value.nowMs, config) : ignoreEvent(state);
    case "ponged":
      return sample(state, probed, event.value);
    case "promoteRequested":
      return event.value.nowMs < probed.expiresAtMs ? promote(state, probed) : ignoreEvent(state);
    case "pongTimedOut":
      return event.value.ping === present ? end(state, probed, endingOf(event)) : ignoreEvent(state);
    case "expired":
    case "wentAway":
    case "violated":
    case "transportClosed":
    case "transportFailed":
    case "closeRequested":
      return end(state, probed, endingOf(event));
    default:
      return ignoreEvent(state);
  }
}

function greet(
  state: ProbeState,
  { generation, path }: ProbeState_Opening,
  nowMs: number,
  config: ProbeConfig,
): ProbeStep {
  const deadlineAtMs = nowMs + config.answerTimeoutMs;
  const stage = { case: "greeting", value: {} } as const;
  return takeStep({ state: { case: "opening", value: { generation, path, deadlineAtMs, stage } } }, [
    ...leaveState(state),
    startTimer(ProbeTimer.ANSWER, deadlineAtMs),
    { effect: { case: "sendHello", value: {} } },
  ]);
}

/** The first ping goes with the Welcome: a path that takes a hello may still swallow data. */
function welcome(
  state: ProbeState,
  { generation, path }: ProbeState_Opening,
  { nowMs, server }: ProbeEvent_Welcomed,
  config: ProbeConfig,
): ProbeStep {
  const expiresAtMs = nowMs + config.lifetimeMs;
  const pinging = { ping: 1, sentAtMs: nowMs, untilMs: nowMs + config.pongTimeoutMs };
  const measuring = { case: "pinging", value: pinging } as const;
  return takeStep({ state: { case: "probed", value: { generation, path, server, expiresAtMs, measuring } } }, [
    ...leaveState(state),
    startTimer(ProbeTimer.EXPIRY, expiresAtMs),
    startTimer(ProbeTimer.PONG, pinging.untilMs, pinging.ping),
    { effect: { case: "sendPing", value: { ping: pinging.ping } } },
  ]);
}

function measure(probed: ProbeState_Probed, nowMs: number, config: ProbeConfig): ProbeStep {
  // Every ping before was answered, or there would be no probe any more.
  const ping = (probed.roundTrips?.samples ?? 0) + 1;
  const untilMs = nowMs + config.pongTimeoutMs;
  const measuring = { case: "pinging", value: { ping, sentAtMs: nowMs, untilMs } } as const;
  return takeStep({ state: { case: "probed", value: { ...probed, measuring } } }, [
    startTimer(ProbeTimer.PONG, untilMs, ping),
    { effect: { case: "sendPing", value: { ping } } },
  ]);
}

/** A pong after its time is none: the timer is due and ends the probe. */
function sample(state: ProbeState, probed: ProbeState_Probed, { ping, nowMs }: ProbeEvent_Ponged): ProbeStep {
  const { measuring } = probed;
  if (measuring.case !== "pinging" || measuring.value.ping !== ping) return ignoreEvent(state);
  const { sentAtMs, untilMs } = measuring.value;
  if (nowMs > untilMs) return ignoreEvent(state);
  const roundTrips = addRoundTrip(probed.roundTrips, Math.max(0, nowMs - sentAtMs));
  const resting = { case: "resting", value: {} } as const;
  return takeStep({ state: { case: "probed", value: { ...probed, roundTrips, measuring: resting } } }, [
    cancelTimer(ProbeTimer.PONG),
  ]);
}

function promote(state: ProbeState, { generation, path, server, roundTrips }: ProbeState_Probed): ProbeStep {
  return takeStep({ state: { case: "promoted", value: { generation, path, server, roundTrips } } }, [
    ...leaveState(state),
    { effect: { case: "handOver", value: {} } },
  ]);
}

function end(
  state: ProbeState,
  live: ProbeState_Opening | ProbeState_Probed,
  ending: ProbeEnding | undefined,
): ProbeStep {
  return ending === undefined ? ignoreEvent(state) : endProbe(state, live, ending);
}

/** Without a hello there is nobody to say goodbye to. */
function withdraw(ending: ProbeEnding | undefined, isGreeting: boolean): ProbeEnding | undefined {
  const isOver = ending === undefined || ending.transport === "over";
  return isOver || isGreeting ? ending : { ...ending, transport: "silently" };
}

/** What the transition log says about a probe. */
function describeProbe({ state }: ProbeState): TransitionFacts {
  if (state.case === undefined) return {};
  const { path, generation } = state.value;
  if (state.case !== "closed") return { path, generation };
  const { reason, code, message } = state.value;
  const isTold = code !== CloseCode.UNSPECIFIED;
  const why = isTold ? ({ case: "closeCode", value: code } as const) : ({ case: "probeEnd", value: reason } as const);
  return { path, generation, reason: why, message };
}
