import type { ConnectionEffect, ConnectionState } from "../../../gen/moorline/machine/v1/connection_moorline.ts";
import { ConnectionTimer } from "../../../gen/moorline/machine/v1/connection_pb.ts";

/**
 * Undoes what the state started, but for the transport: timers are cancelled and the channel is taken off. The one place
 * where that is decided. Spec: RUN-3.
 */
export function leaveState(state: ConnectionState): ConnectionEffect[] {
  switch (state.state.case) {
    case "connecting": {
      const { stage } = state.state.value;
      return [cancelTimer(stage.case === "greeting" ? ConnectionTimer.HELLO : ConnectionTimer.CONNECT)];
    }
    case "connected": {
      const { generation, attempt, liveness } = state.state.value;
      return [
        cancelTimer(ConnectionTimer.SILENCE),
        ...(liveness.case === "verifying" ? [cancelTimer(ConnectionTimer.VERIFY)] : []),
        { effect: { case: "detachChannel", value: { generation, attempt } } },
      ];
    }
    case "disconnected":
      return state.state.value.retryAtMs === undefined ? [] : [cancelTimer(ConnectionTimer.RETRY)];
    default:
      return [];
  }
}

/** The effect that cancels a timer. */
export function cancelTimer(timer: ConnectionTimer): ConnectionEffect {
  return { effect: { case: "cancelTimer", value: { timer } } };
}

/** The effect that starts a timer. */
export function startTimer(timer: ConnectionTimer, generation: number, atMs: number): ConnectionEffect {
  return { effect: { case: "startTimer", value: { timer, generation, atMs } } };
}
