import type {
  ConnectionEffect,
  ConnectionEvent_Disposed,
  ConnectionState,
} from "../../../gen/moorline/machine/v1/connection_moorline.ts";
import { CloseCode } from "../../../gen/moorline/session/v1/close_code_pb.ts";
import { ChannelLossReason } from "../../../gen/moorline/session/v1/error_pb.ts";
import { takeStep } from "../../core/machine.ts";
import { loseChannel } from "./disconnect.ts";
import { leaveState } from "./leave.ts";
import type { ConnectionStep } from "./shapes.ts";

/**
 * From every state to disposed. The channel goes on elsewhere where the code is CONNECTION_DONE; with any other code it
 * ends, and its calls with it. Spec: CONN-15, CALL-17.
 */
export function dispose(state: ConnectionState, { code, message }: ConnectionEvent_Disposed): ConnectionStep {
  const goodbye = goodbyeOf(code);
  const keepsChannel = goodbye === CloseCode.CONNECTION_DONE;
  return takeStep({ state: { case: "disposed", value: {} } }, [
    ...leaveState(state),
    ...closeTransport(state, goodbye, message),
    ...(keepsChannel ? [] : [loseChannel(ChannelLossReason.CLIENT_STOPPED)]),
  ]);
}

/** What the server is told: everything but CONNECTION_DONE counts as CHANNEL_DONE. */
export function goodbyeOf(code: CloseCode): CloseCode {
  return code === CloseCode.CONNECTION_DONE ? CloseCode.CONNECTION_DONE : CloseCode.CHANNEL_DONE;
}

function closeTransport({ state }: ConnectionState, code: CloseCode, message: string): ConnectionEffect[] {
  if (state.case !== "connecting" && state.case !== "connected") return [];
  const isOpening = state.case === "connecting" && state.value.stage.case !== "greeting";
  const { generation } = state.value;
  const value = { generation, code: isOpening ? CloseCode.UNSPECIFIED : code, message };
  return [{ effect: { case: "closeTransport", value } }];
}
