import type {
  HostState,
  HostState_ConnectingActive,
  HostState_Selecting,
} from "../../../gen/moorline/machine/v1/host_moorline.ts";
import { HostTimer } from "../../../gen/moorline/machine/v1/host_pb.ts";
import { CloseCode } from "../../../gen/moorline/session/v1/close_code_pb.ts";
import { ConnectionLossReason, HostErrorReason } from "../../../gen/moorline/state/v1/reason_pb.ts";
import { ignoreEvent } from "../../core/machine.ts";
import { HostDraft } from "./draft.ts";
import { type RaceOutcome, raceAfterAnswer, raceAfterLoss } from "./effort.ts";
import { fail, goOnline } from "./entering.ts";
import { isTimerOf, moveTo } from "./holdings.ts";
import { findContender, hurry, startDue } from "./race.ts";
import type { HostConfig, HostInput, HostStep } from "./shapes.ts";
import { restart, select } from "./starting.ts";
import { forgetRefusals, noteWish, renewCredential } from "./wishes.ts";

/** The rows of the state selecting. Spec: HOST-5 to HOST-9. */
export function transitionSelecting(
  state: HostState,
  { effort, memory }: HostState_Selecting,
  event: HostInput,
  config: HostConfig,
): HostStep {
  const draft = new HostDraft(memory);
  switch (event.case) {
    case "raceDue": {
      const { dueAtMs, nowMs } = event.value;
      if (effort.case !== "race" || !isTimerOf(state, HostTimer.RACE, dueAtMs)) return ignoreEvent(state);
      const race = startDue(draft, effort.value, { nowMs: Math.max(nowMs, dueAtMs) });
      return keepSelecting(state, draft, { case: "race", value: race });
    }
    case "clientConnected":
    case "clientLost":
    case "probeAnswered":
    case "probeFailed":
      return effort.case === "race" ? transitionRace(state, draft, effort.value, event, config) : ignoreEvent(state);
    case "retryRequested": {
      forgetRefusals(draft);
      // Who gives the credential may never answer; a hello waits for it as well, and no longer than it may.
      if (effort.case !== "race") return select(state, draft, event.value.nowMs, true);
      const race = hurry(draft, effort.value, event.value.nowMs);
      if (race === undefined && draft.memory === memory) return ignoreEvent(state);
      return keepSelecting(state, draft, { case: "race", value: race ?? effort.value });
    }
    case "credentialRefreshed":
      if (effort.case !== "refreshing" || effort.value.request !== event.value.request) return ignoreEvent(state);
      return select(state, draft, event.value.nowMs);
    case "credentialRefreshFailed":
      if (effort.case !== "refreshing" || effort.value.request !== event.value.request) return ignoreEvent(state);
      return failRefresh(state, draft, event.value.message);
    case "credentialChanged":
      renewCredential(draft);
      return select(state, draft, event.value.nowMs);
    case "candidatesChanged":
      return restart(state, draft, event.value);
    default:
      return noteWish(draft, event) ? keepSelecting(state, draft, effort) : ignoreEvent(state);
  }
}

/** The rows of the state connecting_active. Spec: HOST-6. */
export function transitionConnectingActive(
  state: HostState,
  connecting: HostState_ConnectingActive,
  event: HostInput,
  config: HostConfig,
): HostStep {
  const draft = new HostDraft(connecting.memory);
  const { race } = connecting;
  switch (event.case) {
    case "clientConnected":
    case "clientLost":
      return race === undefined ? ignoreEvent(state) : transitionRace(state, draft, race, event, config);
    case "credentialChanged":
      renewCredential(draft);
      return select(state, draft, event.value.nowMs);
    case "candidatesChanged":
      return restart(state, draft, event.value);
    default: {
      if (!noteWish(draft, event)) return ignoreEvent(state);
      const value = { ...connecting, memory: draft.memory };
      return moveTo(state, { state: { case: "connectingActive", value } }, draft.effects);
    }
  }
}

/** No new credential could be had: a person has to do something. Spec: RETRY-5. */
export function failRefresh(state: HostState, draft: HostDraft, message: string): HostStep {
  const reason = HostErrorReason.CREDENTIAL_REFRESH_FAILED;
  const loss = {
    reason: ConnectionLossReason.CREDENTIAL_REFRESH_FAILED,
    code: CloseCode.UNSPECIFIED,
    message,
  };
  return fail(state, draft, { reason, candidateId: "", loss, retryAtMs: undefined });
}

type RaceEvent = Extract<HostInput, { case: "clientConnected" | "clientLost" | "probeAnswered" | "probeFailed" }>;
type Race = Parameters<typeof findContender>[0];

function transitionRace(
  state: HostState,
  draft: HostDraft,
  race: Race,
  event: RaceEvent,
  config: HostConfig,
): HostStep {
  if (event.case === "clientConnected") {
    const winner = findContender(race, event.value.connection);
    if (winner?.stage.case !== "greeting") return ignoreEvent(state);
    return goOnline(state, draft, { ...event.value, candidateId: winner.candidateId });
  }
  const outcome =
    event.case === "probeAnswered"
      ? raceAfterAnswer(draft, race, event.value)
      : raceAfterLoss(draft, race, event, config);
  return outcome === undefined ? ignoreEvent(state) : follow(state, draft, outcome);
}

function follow(state: HostState, draft: HostDraft, outcome: RaceOutcome): HostStep {
  switch (outcome.kind) {
    case "won": {
      const { candidateId, connection, race } = outcome;
      const value = { candidateId, connection, race, memory: draft.memory };
      return moveTo(state, { state: { case: "connectingActive", value } }, draft.effects);
    }
    case "defeated":
      return fail(state, draft, outcome.defeat);
    case "going":
      return outcome.effort.case === "pause" ? ignoreEvent(state) : keepSelecting(state, draft, outcome.effort);
  }
}

function keepSelecting(state: HostState, draft: HostDraft, effort: HostState_Selecting["effort"]): HostStep {
  return moveTo(state, { state: { case: "selecting", value: { effort, memory: draft.memory } } }, draft.effects);
}
