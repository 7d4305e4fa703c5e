import type { HostEffect, HostState, HostState_Online, Race } from "../../../gen/moorline/machine/v1/host_moorline.ts";
import { HostTimer } from "../../../gen/moorline/machine/v1/host_pb.ts";
import { CloseCode } from "../../../gen/moorline/session/v1/close_code_pb.ts";
import { takeStep } from "../../core/machine.ts";
import { probeDueAtMs } from "./probing.ts";
import type { HostStep } from "./shapes.ts";

/** The timers that run in a state, and when each is due. */
export function timersOf({ state }: HostState): ReadonlyMap<HostTimer, number> {
  const timers = new Map<HostTimer, number>();
  const add = (timer: HostTimer, atMs: number | undefined): void => {
    if (atMs !== undefined) timers.set(timer, atMs);
  };
  switch (state.case) {
    case "selecting":
    case "degraded":
      addEffort(state.value.effort, add);
      break;
    case "interrupted":
      addEffort(state.value.effort, add);
      add(HostTimer.INTERRUPTION, state.value.untilMs);
      break;
    case "online":
      add(HostTimer.PROBE, probeDueAtMs(state.value));
      add(HostTimer.RENEWAL, renewalDueAtMs(state.value));
      break;
    case "error":
      add(HostTimer.RETRY, state.value.retryAtMs);
      break;
  }
  return timers;
}

/** The connections that a state holds: clients and probes. */
export function connectionsOf({ state }: HostState): ReadonlySet<number> {
  switch (state.case) {
    case "selecting":
    case "interrupted":
    case "degraded":
      return new Set(state.value.effort.case === "race" ? racingOf(state.value.effort.value) : []);
    case "connectingActive":
      return new Set(state.value.race === undefined ? [] : racingOf(state.value.race));
    case "online":
      return new Set(onlineConnections(state.value));
    default:
      return new Set();
  }
}

/** Whether a timer's event is of the timer that runs now. Spec: RUN-3. */
export function isTimerOf(state: HostState, timer: HostTimer, dueAtMs: number): boolean {
  return timersOf(state).get(timer) === dueAtMs;
}

/**
 * The step from one state to the next. What the one held and the other does not is ended, in this one place: timers are
 * cancelled, connections closed. Connections are closed before others are opened. Spec: RUN-3.
 */
export function moveTo(before: HostState, after: HostState, effects: readonly HostEffect[]): HostStep {
  const [timersBefore, timersAfter] = [timersOf(before), timersOf(after)];
  const kept = connectionsOf(after);
  const cancels = [...timersBefore].filter(([timer, atMs]) => timersAfter.get(timer) !== atMs);
  const starts = [...timersAfter].filter(([timer, atMs]) => timersBefore.get(timer) !== atMs);
  const closes = [...connectionsOf(before)].filter((connection) => !kept.has(connection));
  const code = after.state.case === "stopped" ? CloseCode.CHANNEL_DONE : CloseCode.CONNECTION_DONE;
  return takeStep(after, [
    ...cancels.map(([timer]): HostEffect => ({ effect: { case: "cancelTimer", value: { timer } } })),
    ...closes.map((connection): HostEffect => ({ effect: { case: "closeConnection", value: { connection, code } } })),
    ...effects,
    ...starts.map(([timer, atMs]): HostEffect => ({ effect: { case: "startTimer", value: { timer, atMs } } })),
  ]);
}

type Effort = Extract<HostState["state"], { case: "degraded" }>["value"]["effort"];

function addEffort(effort: Effort, add: (timer: HostTimer, atMs: number | undefined) => void): void {
  if (effort.case === "race") add(HostTimer.RACE, raceDueAtMs(effort.value));
  if (effort.case === "pause") add(HostTimer.RETRY, effort.value.untilMs);
}

/** When another credential is asked for. Undefined where it is not, or is asked for already. */
function renewalDueAtMs({ renewal }: HostState_Online): number | undefined {
  return renewal?.stage.case === "waiting" ? renewal.stage.value.untilMs : undefined;
}

/** When the next contender starts. Undefined where nobody waits. */
function raceDueAtMs({ contenders }: Race): number | undefined {
  const waits = contenders.flatMap(({ stage }) => (stage.case === "waiting" ? [stage.value.untilMs] : []));
  return waits.length === 0 ? undefined : Math.min(...waits);
}

function racingOf({ contenders }: Race): number[] {
  return contenders.flatMap(({ stage }) =>
    stage.case === "greeting" || stage.case === "probing" ? [stage.value.connection] : [],
  );
}

function onlineConnections({ connection, switch: pending, measurements }: HostState_Online): number[] {
  const active = pending?.present.case === "superseded" ? [] : [connection];
  const next = pending === undefined ? [] : [pending.connection];
  return [...active, ...next, ...measurements.map((measurement) => measurement.connection)];
}
