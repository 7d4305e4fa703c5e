import type { CallOutcome, ChannelLossReason } from "../../gen/moorline/session/v1/error_pb.ts";
import type { ResumeRefusal } from "../../gen/moorline/session/v1/packet_pb.ts";

/** Which session an event is about, as it may be logged. */
export interface SessionName {
  /** The session ref. */
  readonly ref: string;
  /** Whom the session belongs to. */
  readonly principal: string;
}

/** A call that was lost with its channel. */
export interface LostCall {
  /** `package.Service/Method`. */
  readonly method: string;
  /** `callee`: the client's call of this server. `caller`: this server's call of the client. */
  readonly role: "caller" | "callee";
  /** What is known about its effect. */
  readonly outcome: CallOutcome;
}

/** What a server tells the application. Spec: SESSION-8. */
export type ServerEvent =
  /** A channel was attached that the client has nothing of yet. */
  | {
      readonly kind: "attached";
      readonly session: SessionName;
      readonly channelId: string;
      /** Whether the session is new too. */
      readonly isNewSession: boolean;
      /** Why the channel that the client had was not resumed; undefined where it had none. */
      readonly refusal: ResumeRefusal | undefined;
    }
  /** A channel goes on, on another connection: nothing is lost, nothing comes twice. */
  | { readonly kind: "resumed"; readonly session: SessionName; readonly channelId: string }
  /** A channel has no connection any more, and waits for its client. */
  | { readonly kind: "detached"; readonly session: SessionName; readonly channelId: string }
  /** A channel is gone, and the calls with it. */
  | {
      readonly kind: "channel_lost";
      readonly session: SessionName;
      readonly channelId: string;
      readonly reason: ChannelLossReason;
      readonly calls: readonly LostCall[];
    }
  /** A session is gone: by its lifetime, by its client, or to make room. Whatever was kept for it can be dropped. */
  | { readonly kind: "expired"; readonly session: SessionName };
