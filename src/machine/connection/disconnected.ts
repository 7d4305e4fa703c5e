import type {
  ConnectionState,
  ConnectionState_Disconnected,
} from "../../../gen/moorline/machine/v1/connection_moorline.ts";
import { RetryVerdict } from "../../../gen/moorline/schema/v1/options_pb.ts";
import { CloseCode } from "../../../gen/moorline/session/v1/close_code_pb.ts";
import { ChannelLossReason } from "../../../gen/moorline/session/v1/error_pb.ts";
import type { Path } from "../../../gen/moorline/session/v1/packet_pb.ts";
import { ConnectionLossReason } from "../../../gen/moorline/state/v1/reason_pb.ts";
import { ignoreEvent, takeStep } from "../../core/machine.ts";
import { dial } from "./dial.ts";
import { loseChannel } from "./disconnect.ts";
import { dispose } from "./dispose.ts";
import { leaveState } from "./leave.ts";
import type { ConnectionConfig, ConnectionInput, ConnectionStep } from "./shapes.ts";

/** The rows of the state disconnected. Spec: CONN-14. */
export function transitionDisconnected(
  state: ConnectionState,
  disconnected: ConnectionState_Disconnected,
  event: ConnectionInput,
  config: ConnectionConfig,
): ConnectionStep {
  const { path } = disconnected;
  switch (event.case) {
    case "disposed":
      return dispose(state, event.value);
    case "connectRequested":
      return redial(state, disconnected, event.value.path, event.value.nowMs, config);
    case "retryDue":
      if (disconnected.retryAtMs === undefined) return ignoreEvent(state);
      return redial(state, disconnected, path, event.value.nowMs, config);
    case "credentialRefreshed":
      if (!isRefreshing(disconnected, config)) return ignoreEvent(state);
      return redial(state, disconnected, path, event.value.nowMs, config);
    case "credentialRefreshFailed":
      if (!isRefreshing(disconnected, config)) return ignoreEvent(state);
      return askUser(state, disconnected, event.value.message);
    default:
      return ignoreEvent(state);
  }
}

function isRefreshing({ verdict }: ConnectionState_Disconnected, { redial }: ConnectionConfig): boolean {
  return redial && verdict === RetryVerdict.REFRESH_CREDENTIAL;
}

function redial(
  state: ConnectionState,
  disconnected: ConnectionState_Disconnected,
  path: Path,
  nowMs: number,
  config: ConnectionConfig,
): ConnectionStep {
  const { generation: lastGeneration, retry } = disconnected;
  return dial(state, { lastGeneration, path, retry, nowMs }, config);
}

function askUser(state: ConnectionState, disconnected: ConnectionState_Disconnected, message: string): ConnectionStep {
  const { generation, path, retry } = disconnected;
  const reason = ConnectionLossReason.CREDENTIAL_REFRESH_FAILED;
  const loss = { reason, code: CloseCode.UNSPECIFIED, message };
  const value = { generation, path, loss, verdict: RetryVerdict.ASK_USER, retry };
  return takeStep({ state: { case: "disconnected", value } }, [
    ...leaveState(state),
    loseChannel(ChannelLossReason.CLIENT_STOPPED),
  ]);
}
