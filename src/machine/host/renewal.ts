import type { HostState, HostState_Online, Renewal } from "../../../gen/moorline/machine/v1/host_moorline.ts";
import { HostTimer } from "../../../gen/moorline/machine/v1/host_pb.ts";
import { ignoreEvent } from "../../core/machine.ts";
import type { HostDraft } from "./draft.ts";
import { stayOnline, withoutRenewal } from "./entering.ts";
import { isTimerOf } from "./holdings.ts";
import { planRenewal } from "./renewal-plan.ts";
import type { HostInput, HostInputOf, HostStep } from "./shapes.ts";
import { openSwitch } from "./switching.ts";

type RenewalEvent = Extract<
  HostInput,
  { case: "credentialRenewalDue" | "credentialRefreshed" | "credentialRefreshFailed" }
>;

/** The rows of the state online that are about the end of the credential. Spec: HOST-16, HOST-17. */
export function transitionRenewal(
  state: HostState,
  online: HostState_Online,
  draft: HostDraft,
  event: RenewalEvent,
): HostStep {
  const { renewal } = online;
  if (renewal === undefined) return ignoreEvent(state);
  if (event.case === "credentialRenewalDue") {
    return isTimerOf(state, HostTimer.RENEWAL, event.value.dueAtMs)
      ? ask(state, online, draft, renewal)
      : ignoreEvent(state);
  }
  const { stage } = renewal;
  if (stage.case !== "asking" || stage.value.request !== event.value.request) return ignoreEvent(state);
  // Where the answer, or the connection that it is for, comes to nothing, it is asked for again before the end.
  const planned = plan(online, renewal, event.value);
  return event.case === "credentialRefreshed"
    ? greet(state, planned, draft, event.value)
    : stayOnline(state, planned, draft, { measurements: online.measurements });
}

function ask(state: HostState, online: HostState_Online, draft: HostDraft, { expiresAtMs }: Renewal): HostStep {
  const request = draft.takeNumber();
  draft.do({ case: "renewCredential", value: { request } });
  const renewal: Renewal = { expiresAtMs, stage: { case: "asking", value: { request } } };
  return stayOnline(state, online, draft, { renewal });
}

function plan(
  online: HostState_Online,
  { expiresAtMs }: Renewal,
  { nowMs }: Pick<HostInputOf<"credentialRefreshed">, "nowMs">,
): HostState_Online {
  const renewal = planRenewal(expiresAtMs, nowMs);
  return renewal === undefined ? withoutRenewal(online) : { ...online, renewal };
}

/**
 * Another credential is there: a connection to the same candidate says hello with it, unless something is in its way. Probes
 * that were opened with the one before could not be promoted with this one (PROBE-3).
 */
function greet(
  state: HostState,
  online: HostState_Online,
  draft: HostDraft,
  { nowMs }: Pick<HostInputOf<"credentialRefreshed">, "nowMs">,
): HostStep {
  const { candidateId } = online;
  const isPossible = online.switch === undefined && draft.attemptAtMs(nowMs) <= nowMs;
  if (!isPossible) return stayOnline(state, online, draft, { measurements: [] });
  return openSwitch(state, online, draft, { candidateId, nowMs, measurements: [] });
}
