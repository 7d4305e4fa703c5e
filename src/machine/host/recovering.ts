import type {
  HostState,
  HostState_Degraded,
  HostState_Interrupted,
} from "../../../gen/moorline/machine/v1/host_moorline.ts";
import { HostTimer } from "../../../gen/moorline/machine/v1/host_pb.ts";
import { Visibility } from "../../../gen/moorline/state/v1/phase_pb.ts";
import { ignoreEvent } from "../../core/machine.ts";
import { mergeCandidates } from "./candidates.ts";
import { HostDraft } from "./draft.ts";
import { begin, type Effort, pauseUntil, type RaceOutcome, raceAfterAnswer, raceAfterLoss } from "./effort.ts";
import { fail, goIdle, goOnline } from "./entering.ts";
import { isTimerOf, moveTo } from "./holdings.ts";
import { findContender, hurry, type RaceStart, startDue } from "./race.ts";
import { failRefresh } from "./selecting.ts";
import type { HostConfig, HostInput, HostStep } from "./shapes.ts";
import { forgetRefusals, noteWish, renewCredential } from "./wishes.ts";

type Recovering =
  | { readonly case: "interrupted"; readonly value: HostState_Interrupted }
  | { readonly case: "degraded"; readonly value: HostState_Degraded };

/** The rows of the states interrupted and degraded. Spec: HOST-8, HOST-10. */
export function transitionRecovering(
  state: HostState,
  present: Recovering,
  event: HostInput,
  config: HostConfig,
): HostStep {
  const draft = new HostDraft(present.value.memory);
  const { effort } = present.value;
  switch (event.case) {
    case "interruptionTimedOut": {
      if (!isTimerOf(state, HostTimer.INTERRUPTION, event.value.dueAtMs)) return ignoreEvent(state);
      const { last, memory } = present.value;
      const value = { effort, ...(last === undefined ? {} : { last }), ...(memory === undefined ? {} : { memory }) };
      return moveTo(state, { state: { case: "degraded", value } }, []);
    }
    case "candidatesChanged":
      draft.setCandidates(mergeCandidates(draft.memory.candidates, event.value.candidates));
      if (draft.memory.candidates.length === 0) return goIdle(state, draft);
      return race(state, present, draft, event.value);
    case "retryDue":
      if (!isTimerOf(state, HostTimer.RETRY, event.value.dueAtMs)) return ignoreEvent(state);
      return race(state, present, draft, { nowMs: Math.max(event.value.nowMs, event.value.dueAtMs) });
    case "credentialChanged":
      renewCredential(draft);
      return race(state, present, draft, event.value);
    default:
      if (effort.case === "race") return transitionRacing(state, present, draft, effort.value, event, config);
      if (effort.case === "refreshing") return transitionRefreshing(state, present, draft, effort.value.request, event);
      return transitionPaused(state, present, draft, event);
  }
}

type Race = Parameters<typeof findContender>[0];

function transitionRacing(
  state: HostState,
  present: Recovering,
  draft: HostDraft,
  running: Race,
  event: HostInput,
  config: HostConfig,
): HostStep {
  switch (event.case) {
    case "raceDue": {
      const { dueAtMs, nowMs } = event.value;
      if (!isTimerOf(state, HostTimer.RACE, dueAtMs)) return ignoreEvent(state);
      const value = startDue(draft, running, { nowMs: Math.max(nowMs, dueAtMs) });
      return keep(state, present, draft, { case: "race", value });
    }
    case "retryRequested": {
      forgetRefusals(draft);
      const value = hurry(draft, running, event.value.nowMs);
      if (value === undefined && draft.memory === present.value.memory) return ignoreEvent(state);
      return keep(state, present, draft, { case: "race", value: value ?? running });
    }
    case "clientConnected": {
      const winner = findContender(running, event.value.connection);
      if (winner?.stage.case !== "greeting") return ignoreEvent(state);
      return goOnline(state, draft, { ...event.value, candidateId: winner.candidateId });
    }
    case "clientLost":
    case "probeFailed":
      return follow(state, present, draft, raceAfterLoss(draft, running, event, config));
    case "probeAnswered":
      return follow(state, present, draft, raceAfterAnswer(draft, running, event.value));
    default:
      return noteWish(draft, event) ? keep(state, present, draft, present.value.effort) : ignoreEvent(state);
  }
}

function transitionRefreshing(
  state: HostState,
  present: Recovering,
  draft: HostDraft,
  request: number,
  event: HostInput,
): HostStep {
  switch (event.case) {
    case "credentialRefreshed":
      return event.value.request === request ? race(state, present, draft, event.value) : ignoreEvent(state);
    case "credentialRefreshFailed":
      return event.value.request === request ? failRefresh(state, draft, event.value.message) : ignoreEvent(state);
    case "retryRequested":
      // Who gives the credential may never answer; a hello waits for it as well, and no longer than it may.
      forgetRefusals(draft);
      return race(state, present, draft, { ...event.value, isUrgent: true });
    default:
      return noteWish(draft, event) ? keep(state, present, draft, present.value.effort) : ignoreEvent(state);
  }
}

/** Between two races: whatever says that things may be better now begins the next one. Spec: HOST-10. */
function transitionPaused(state: HostState, present: Recovering, draft: HostDraft, event: HostInput): HostStep {
  switch (event.case) {
    case "retryRequested":
    case "refreshRequested":
      forgetRefusals(draft);
      return race(state, present, draft, { ...event.value, isUrgent: event.case === "retryRequested" });
    case "woke":
    case "wentOnline":
      return race(state, present, draft, event.value);
    case "foregrounded":
      draft.setVisibility(Visibility.VISIBLE);
      return race(state, present, draft, event.value);
    default:
      return noteWish(draft, event) ? keep(state, present, draft, present.value.effort) : ignoreEvent(state);
  }
}

function race(
  state: HostState,
  present: Recovering,
  draft: HostDraft,
  { nowMs, isUrgent = false }: Pick<RaceStart, "nowMs" | "isUrgent">,
): HostStep {
  const next = begin(draft, { nowMs, isUrgent });
  return next.kind === "going" ? keep(state, present, draft, next.effort) : fail(state, draft, next.defeat);
}

function follow(state: HostState, present: Recovering, draft: HostDraft, outcome: RaceOutcome | undefined): HostStep {
  switch (outcome?.kind) {
    case "going":
      return keep(state, present, draft, outcome.effort);
    case "won":
      return keep(state, present, draft, { case: "race", value: outcome.race });
    case "defeated": {
      const { retryAtMs } = outcome.defeat;
      if (retryAtMs === undefined) return fail(state, draft, outcome.defeat);
      return keep(state, present, draft, pauseUntil(retryAtMs));
    }
    case undefined:
      return ignoreEvent(state);
  }
}

function keep(
  state: HostState,
  present: Recovering,
  draft: HostDraft,
  effort: Effort | HostState_Degraded["effort"],
): HostStep {
  const value = { ...present.value, effort, memory: draft.memory };
  return moveTo(state, { state: { case: present.case, value } as HostState["state"] }, draft.effects);
}
