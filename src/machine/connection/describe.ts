import type {
  ConnectionEvent,
  ConnectionLoss,
  ConnectionState,
} from "../../../gen/moorline/machine/v1/connection_moorline.ts";
import { CloseCode } from "../../../gen/moorline/session/v1/close_code_pb.ts";
import { ResumeRefusal } from "../../../gen/moorline/session/v1/packet_pb.ts";
import type { TransitionFacts } from "../schema-machine.ts";
import { goodbyeOf } from "./dispose.ts";

/** What the transition log says about a connection: path, generation, and why it is where it is. */
export function describeConnection({ state }: ConnectionState, { event }: ConnectionEvent): TransitionFacts {
  switch (state.case) {
    case "connecting": {
      const { path, generation } = state.value;
      return { path, generation };
    }
    case "connected": {
      const { path, generation, attachment } = state.value;
      const refusal = event.case === "welcomed" ? attachment?.refusal : undefined;
      const isRefused = refusal !== undefined && refusal !== ResumeRefusal.UNSPECIFIED;
      return { path, generation, ...(isRefused ? { reason: { case: "resumeRefusal", value: refusal } } : {}) };
    }
    case "disconnected": {
      const { path, generation, loss } = state.value;
      return { path, generation, ...(loss === undefined ? {} : describeLoss(loss)) };
    }
    case "disposed":
      if (event.case !== "disposed") return {};
      return { reason: { case: "closeCode", value: goodbyeOf(event.value.code) }, message: event.value.message };
    default:
      return {};
  }
}

function describeLoss({ reason, code, message }: ConnectionLoss): TransitionFacts {
  if (code === CloseCode.UNSPECIFIED) return { reason: { case: "connectionLoss", value: reason }, message };
  return { reason: { case: "closeCode", value: code }, message };
}
