import type { HostState, HostState_Online, Switch } from "../../../gen/moorline/machine/v1/host_moorline.ts";
import { HostTimer } from "../../../gen/moorline/machine/v1/host_pb.ts";
import { CloseCode } from "../../../gen/moorline/session/v1/close_code_pb.ts";
import { Visibility } from "../../../gen/moorline/state/v1/phase_pb.ts";
import { ignoreEvent } from "../../core/machine.ts";
import { isUsable, mergeCandidates, noteAnswer, planProbe } from "./candidates.ts";
import { HostDraft } from "./draft.ts";
import { goIdle, stayOnline, withoutSwitch } from "./entering.ts";
import { isTimerOf } from "./holdings.ts";
import { isOverloaded, lossOf, noteLoss } from "./judge.ts";
import { loseActive, reconnect } from "./lost.ts";
import { measureDue } from "./probing.ts";
import { transitionRenewal } from "./renewal.ts";
import type { HostConfig, HostInput, HostInputOf, HostStep } from "./shapes.ts";
import { considerSwitch, failSwitch, promoteSwitch, switchTo } from "./switching.ts";
import { forgetRefusals, renewCredential } from "./wishes.ts";

/** However often somebody asks, a path is measured no more often than this, in milliseconds. */
const LEAST_PROBE_GAP_MS = 1_000;
/** A probe that was turned away is repeated after this many intervals, and up to as many more. */
const AWAY_FACTOR = 2;

/** The rows of the state online. Spec: HOST-3, HOST-4, HOST-10, PATH. */
export function transitionOnline(
  state: HostState,
  online: HostState_Online,
  event: HostInput,
  config: HostConfig,
): HostStep {
  const draft = new HostDraft(online.memory);
  switch (event.case) {
    case "clientConnected":
      if (online.switch?.connection !== event.value.connection) return ignoreEvent(state);
      return promoteSwitch(state, online, online.switch, draft, event.value);
    case "clientLost":
      return transitionLost(state, online, draft, event.value, config);
    case "clientDoubted":
      return event.value.connection === online.connection
        ? doubt(state, online, draft, event.value)
        : ignoreEvent(state);
    case "clientMeasured":
      return event.value.connection === online.connection
        ? measured(state, online, draft, event.value)
        : ignoreEvent(state);
    case "probeDue": {
      const { dueAtMs, nowMs } = event.value;
      if (!isTimerOf(state, HostTimer.PROBE, dueAtMs)) return ignoreEvent(state);
      const at = Math.max(nowMs, dueAtMs);
      return stayOnline(state, online, draft, {
        measurements: measureDue(draft, online, at, at, config.probeIntervalMs),
      });
    }
    case "probeAnswered":
    case "probeFailed":
      return transitionProbe(state, online, draft, event, config);
    case "credentialRenewalDue":
    case "credentialRefreshed":
    case "credentialRefreshFailed":
      return transitionRenewal(state, online, draft, event);
    case "candidatesChanged":
      return changeCandidates(state, online, draft, event.value, config);
    default:
      return transitionWish(state, online, draft, event);
  }
}

function transitionLost(
  state: HostState,
  online: HostState_Online,
  draft: HostDraft,
  event: HostInputOf<"clientLost">,
  config: HostConfig,
): HostStep {
  const { switch: pending, connection } = online;
  if (pending?.connection === event.connection) return failSwitch(state, online, pending, draft, event, config);
  const isCarrying = pending?.present.case !== "superseded";
  if (connection !== event.connection || !isCarrying) return ignoreEvent(state);
  if (pending !== undefined && event.loss?.code === CloseCode.SUPERSEDED) {
    return stayOnline(state, online, draft, { switch: supersede(pending) });
  }
  return loseActive(state, online, draft, event, config);
}

/** The server has accepted the next hello: the present connection is over, the channel waits for the next. */
function supersede({ candidateId, connection }: Switch): Switch {
  return { candidateId, connection, present: { case: "superseded", value: {} } };
}

function doubt(
  state: HostState,
  online: HostState_Online,
  draft: HostDraft,
  { nowMs }: HostInputOf<"clientDoubted">,
): HostStep {
  probeOthersNow(draft, online, nowMs);
  return considerSwitch(state, online, draft, { nowMs, standing: "doubted" });
}

function measured(
  state: HostState,
  online: HostState_Online,
  draft: HostDraft,
  { nowMs, roundTripMs }: HostInputOf<"clientMeasured">,
): HostStep {
  draft.update(online.candidateId, (record) => noteAnswer(record, nowMs, roundTripMs));
  return stayOnline(state, online, draft);
}

function transitionProbe(
  state: HostState,
  online: HostState_Online,
  draft: HostDraft,
  event: Extract<HostInput, { case: "probeAnswered" | "probeFailed" }>,
  config: HostConfig,
): HostStep {
  const { connection, nowMs } = event.value;
  const probe = online.measurements.find((measurement) => measurement.connection === connection);
  if (probe === undefined) return ignoreEvent(state);
  const measurements = online.measurements.filter((measurement) => measurement !== probe);
  const { candidateId } = probe;
  if (event.case === "probeFailed") {
    const loss = lossOf(event.value);
    if (isOverloaded(loss)) turnAway(draft, candidateId, event.value, config);
    else noteLoss(draft, candidateId, loss, nowMs, config);
    return stayOnline(state, online, draft, { measurements });
  }
  const { roundTripMs, isActiveDoubted } = event.value;
  draft.update(candidateId, (record) => noteAnswer(record, nowMs, roundTripMs));
  const standing = isActiveDoubted ? "doubted" : "steady";
  return considerSwitch(state, online, draft, { nowMs, standing, answered: probe });
}

/** The server has no room for the probe, as where many tabs of one key probe: the next one waits longer, each a time of its own. Spec: PATH-8. */
function turnAway(
  draft: HostDraft,
  candidateId: string,
  { nowMs, unitRandom }: HostInputOf<"probeFailed">,
  { probeIntervalMs }: HostConfig,
): void {
  const waitMs = probeIntervalMs * (AWAY_FACTOR + AWAY_FACTOR * unitRandom);
  draft.update(candidateId, (record) => planProbe(record, nowMs + waitMs));
}

function changeCandidates(
  state: HostState,
  online: HostState_Online,
  draft: HostDraft,
  { candidates, nowMs }: HostInputOf<"candidatesChanged">,
  config: HostConfig,
): HostStep {
  draft.setCandidates(mergeCandidates(draft.memory.candidates, candidates));
  if (draft.memory.candidates.length === 0) return goIdle(state, draft);
  const isThere = (id: string): boolean => {
    const record = draft.find(id);
    return record !== undefined && isUsable(record);
  };
  const { switch: pending } = online;
  const next = pending !== undefined && isThere(pending.candidateId) ? pending : undefined;
  if (isThere(online.candidateId) && pending?.present.case !== "superseded") {
    const measurements = online.measurements.filter(({ candidateId }) => isThere(candidateId));
    return stayOnline(state, next === undefined ? withoutSwitch(online) : online, draft, { measurements });
  }
  return reconnect(state, online, draft, { nowMs, ...(next === undefined ? {} : { greeting: next }) }, config);
}

function transitionWish(state: HostState, online: HostState_Online, draft: HostDraft, event: HostInput): HostStep {
  switch (event.case) {
    case "candidatePreferred":
      draft.setPreferred(event.value.candidateId);
      return switchTo(state, online, draft, event.value.candidateId, event.value.nowMs);
    case "credentialChanged":
      renewCredential(draft);
      // A probe with the credential before could not be promoted with the next one (PROBE-3).
      return stayOnline(state, online, draft, online.measurements.length === 0 ? {} : { measurements: [] });
    case "retryRequested":
      forgetRefusals(draft);
      probeOthersNow(draft, online, event.value.nowMs);
      return stayOnline(state, online, draft);
    case "refreshRequested":
      draft.do({ case: "refreshMirrors", value: {} });
      probeOthersNow(draft, online, event.value.nowMs);
      return stayOnline(state, online, draft);
    case "woke":
    case "wentOnline":
      probeOthersNow(draft, online, event.value.nowMs);
      return stayOnline(state, online, draft);
    case "foregrounded":
      draft.setVisibility(Visibility.VISIBLE);
      probeOthersNow(draft, online, event.value.nowMs);
      return stayOnline(state, online, draft);
    case "hidden":
      draft.setVisibility(Visibility.HIDDEN);
      return stayOnline(state, online, draft, { measurements: [] });
    default:
      return ignoreEvent(state);
  }
}

/** The paths may be others now: what was not measured for a moment is measured at once. */
function probeOthersNow(draft: HostDraft, { candidateId }: HostState_Online, nowMs: number): void {
  draft.updateAll((record) => {
    if (record.candidateId === candidateId) return record;
    const soonestAtMs = Math.max(nowMs, (record.answeredAtMs ?? 0) + LEAST_PROBE_GAP_MS);
    return planProbe(record, Math.min(record.probeAtMs, soonestAtMs));
  });
}
