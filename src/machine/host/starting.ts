import type {
  HostState,
  HostState_Booting,
  HostState_Failed,
  HostState_NoConnections,
} from "../../../gen/moorline/machine/v1/host_moorline.ts";
import { ChannelLossReason } from "../../../gen/moorline/session/v1/error_pb.ts";
import { Visibility } from "../../../gen/moorline/state/v1/phase_pb.ts";
import { ignoreEvent, takeStep } from "../../core/machine.ts";
import { freshRetryMemory } from "../connection/retry.ts";
import { mergeCandidates } from "./candidates.ts";
import { HostDraft } from "./draft.ts";
import { begin } from "./effort.ts";
import { fail, goIdle } from "./entering.ts";
import { moveTo } from "./holdings.ts";
import type { HostInput, HostInputOf, HostStep } from "./shapes.ts";

/** The rows of the state booting. Spec: HOST-1. */
export function transitionBooting(state: HostState, { stage }: HostState_Booting, event: HostInput): HostStep {
  switch (event.case) {
    case "startRequested":
      return stage.case === "unstarted" ? loadKey(1) : ignoreEvent(state);
    case "started":
      return isAnswer(stage, event.value.request) ? start(state, event.value) : ignoreEvent(state);
    case "startFailed": {
      const { request, failure } = event.value;
      if (!isAnswer(stage, request)) return ignoreEvent(state);
      const value = { request, ...(failure === undefined ? {} : { failure }) };
      return takeStep({ state: { case: "failed", value } }, [
        { effect: { case: "loseChannel", value: { reason: ChannelLossReason.CLIENT_STOPPED } } },
      ]);
    }
    default:
      return ignoreEvent(state);
  }
}

/** The rows of the state failed. */
export function transitionFailed(state: HostState, { request }: HostState_Failed, event: HostInput): HostStep {
  const isWanted = event.case === "startRequested" || event.case === "retryRequested";
  return isWanted ? loadKey(request + 1) : ignoreEvent(state);
}

/** The rows of the state no_connections. Spec: HOST-2. */
export function transitionNoConnections(
  state: HostState,
  { memory }: HostState_NoConnections,
  event: HostInput,
): HostStep {
  const draft = new HostDraft(memory);
  switch (event.case) {
    case "candidatesChanged":
      return restart(state, draft, event.value);
    case "candidatePreferred":
      draft.setPreferred(event.value.candidateId);
      return goIdle(state, draft);
    case "foregrounded":
      draft.setVisibility(Visibility.VISIBLE);
      return goIdle(state, draft);
    case "hidden":
      draft.setVisibility(Visibility.HIDDEN);
      return goIdle(state, draft);
    default:
      return ignoreEvent(state);
  }
}

/** Takes the candidates of a profile and begins the race for the first connection. Spec: HOST-2. */
export function restart(
  state: HostState,
  draft: HostDraft,
  { candidates, nowMs }: Pick<HostInputOf<"candidatesChanged">, "candidates" | "nowMs">,
): HostStep {
  draft.setCandidates(mergeCandidates(draft.memory.candidates, candidates));
  return select(state, draft, nowMs);
}

/** Begins the race for the first connection with the candidates that are known. */
export function select(state: HostState, draft: HostDraft, nowMs: number, isUrgent = false): HostStep {
  if (draft.memory.candidates.length === 0) return goIdle(state, draft);
  const outcome = begin(draft, { nowMs, isUrgent });
  if (outcome.kind === "defeated") return fail(state, draft, outcome.defeat);
  const value = { effort: outcome.effort, memory: draft.memory };
  return moveTo(state, { state: { case: "selecting", value } }, draft.effects);
}

function loadKey(request: number): HostStep {
  const stage = { case: "loadingKey", value: { request } } as const;
  return takeStep({ state: { case: "booting", value: { stage } } }, [
    { effect: { case: "loadSessionKey", value: { request } } },
  ]);
}

function isAnswer(stage: HostState_Booting["stage"], request: number): boolean {
  return stage.case === "loadingKey" && stage.value.request === request;
}

function start(state: HostState, event: HostInputOf<"started">): HostStep {
  const draft = new HostDraft(undefined);
  draft.setRetry(freshRetryMemory(event.nowMs));
  draft.setVisibility(event.visibility);
  draft.setPreferred(event.preferredCandidateId);
  return restart(state, draft, event);
}
