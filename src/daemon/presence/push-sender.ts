import type { NotifyRequest } from "../../../gen/moorline/agent/v1/notification_service_pb.ts";
import type { PushToken } from "./push-token-store.ts";

/** What is pushed. */
export interface Push {
  /** Where to: at least one. */
  readonly tokens: readonly PushToken[];
  /** What a client on a channel would have been told. */
  readonly notification: NotifyRequest;
}

/** What pushes to clients that have no channel, by whatever services the tokens belong to. */
export interface PushSender {
  /**
   * Pushes to every token.
   * @param push What, and where to. @param signal Aborted after 10 s: then the push counts as failed.
   * @returns Resolves where at least one service has taken it; rejects where none has.
   */
  send(push: Push, signal: AbortSignal): Promise<void>;
}
