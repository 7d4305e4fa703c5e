import type { HostState, HostState_Error } from "../../../gen/moorline/machine/v1/host_moorline.ts";
import { HostTimer } from "../../../gen/moorline/machine/v1/host_pb.ts";
import { Visibility } from "../../../gen/moorline/state/v1/phase_pb.ts";
import { ignoreEvent } from "../../core/machine.ts";
import { HostDraft } from "./draft.ts";
import { isTimerOf, moveTo } from "./holdings.ts";
import type { HostConfig, HostInput, HostStep } from "./shapes.ts";
import { restart, select } from "./starting.ts";
import { forgetRefusals, noteWish, renewCredential } from "./wishes.ts";

/** The rows of the state error. Spec: HOST-8, HOST-9. */
export function transitionError(
  state: HostState,
  error: HostState_Error,
  event: HostInput,
  _config: HostConfig,
): HostStep {
  const draft = new HostDraft(error.memory);
  const isOnItsWay = error.retryAtMs !== undefined;
  switch (event.case) {
    case "retryDue": {
      const { dueAtMs, nowMs } = event.value;
      if (!isTimerOf(state, HostTimer.RETRY, dueAtMs)) return ignoreEvent(state);
      return select(state, draft, Math.max(nowMs, dueAtMs));
    }
    case "retryRequested":
    case "refreshRequested":
      forgetRefusals(draft);
      return select(state, draft, event.value.nowMs, event.case === "retryRequested");
    case "credentialChanged":
      renewCredential(draft);
      return select(state, draft, event.value.nowMs);
    case "candidatesChanged":
      return restart(state, draft, event.value);
    case "woke":
    case "wentOnline":
      return isOnItsWay ? select(state, draft, event.value.nowMs) : ignoreEvent(state);
    case "foregrounded":
      draft.setVisibility(Visibility.VISIBLE);
      return isOnItsWay ? select(state, draft, event.value.nowMs) : keep(state, error, draft);
    default:
      return noteWish(draft, event) ? keep(state, error, draft) : ignoreEvent(state);
  }
}

function keep(state: HostState, error: HostState_Error, draft: HostDraft): HostStep {
  return moveTo(state, { state: { case: "error", value: { ...error, memory: draft.memory } } }, draft.effects);
}
