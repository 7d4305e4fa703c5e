import type { ConnectionLoss } from "../../../gen/moorline/machine/v1/connection_moorline.ts";
import type { HostEvent, HostState } from "../../../gen/moorline/machine/v1/host_moorline.ts";
import { CloseCode } from "../../../gen/moorline/session/v1/close_code_pb.ts";
import type { TransitionFacts } from "../schema-machine.ts";

/** What the transition log says about a host: path, generation, and why it is where it is. */
export function describeHost({ state }: HostState, _event: HostEvent): TransitionFacts {
  switch (state.case) {
    case "failed": {
      const { failure } = state.value;
      if (failure === undefined) return {};
      return { reason: { case: "hostFailure", value: failure.reason }, message: failure.message };
    }
    case "online": {
      const { path, generation } = state.value;
      return { path, generation };
    }
    case "interrupted":
    case "degraded": {
      const { last } = state.value;
      if (last === undefined) return {};
      const { path, generation, loss } = last;
      return { path, generation, ...(loss === undefined ? {} : describeLoss(loss)) };
    }
    case "error": {
      const { reason, loss } = state.value;
      return loss === undefined ? { reason: { case: "hostError", value: reason } } : describeLoss(loss);
    }
    default:
      return {};
  }
}

function describeLoss({ reason, code, message }: ConnectionLoss): TransitionFacts {
  if (code === CloseCode.UNSPECIFIED) return { reason: { case: "connectionLoss", value: reason }, message };
  return { reason: { case: "closeCode", value: code }, message };
}
