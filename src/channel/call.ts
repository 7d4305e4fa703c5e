import type { CallOutcome, ChannelLossReason } from "../../gen/moorline/session/v1/error_pb.ts";
import type { CallOpen, Header, StatusDetail } from "../../gen/moorline/session/v1/packet_moorline.ts";

/**
 * One RPC on a channel, as the layer above sees it: messages are bytes, nothing blocks, nothing calls back from inside a
 * call of these methods. Spec: CALL, CREDIT.
 */
export interface Call {
  /** `caller`: opened on this side. `callee`: opened by the peer. */
  readonly role: "caller" | "callee";
  /** `package.Service/Method`. */
  readonly method: string;
  /** What opened the call: headers, idempotency key, and what was left of its deadline when it was numbered. */
  readonly request: CallRequest;
  /** True from the call's last event on: nothing more is sent, and `closed` was heard or this side ended it. */
  readonly isClosed: boolean;
  /** Whether `send` may be called without queueing beyond the credit of the call. */
  readonly isWritable: boolean;
  /** Whether the peer's half has ended and every message was read. */
  readonly isDrained: boolean;
  /** Who hears of the call. Set once, before the turn of its opening ends. */
  listener: CallListener;
  /** Takes the next whole message and gives its credit back. Undefined where there is none now: `readable` follows. */
  read(): Uint8Array | undefined;
  /**
   * Queues a message. `last` ends this side's half with it.
   * @throws LimitError where the message is over the peer's limit; nothing was queued.
   */
  send(message: Uint8Array, last?: boolean): void;
  /**
   * Callee: sends the response headers, once, before the first message.
   * @throws LimitError where they do not fit a frame; nothing was queued.
   */
  sendHeaders(headers: readonly Header[]): void;
  /** Ends this side's half. */
  halfClose(): void;
  /**
   * Callee: ends the call after everything that it has queued. An end that does not fit a frame becomes
   * RESOURCE_EXHAUSTED with LimitExceeded. Does nothing on a closed call.
   */
  end(end: CallResult): void;
  /** Caller: ends the call at once and discards what it has queued. Does nothing on a closed call. */
  cancel(): void;
}

/** What opens a call. */
export interface CallRequest {
  /** Request headers, lower-case names. */
  readonly headers: readonly Header[];
  /** When the call's time is up, on this side's clock. Undefined: no deadline. */
  readonly deadlineMs: number | undefined;
  /** The idempotency key, if the call has one. */
  readonly idempotencyKey: CallOpen["idempotencyKey"];
}

/** How a callee ends a call. */
export interface CallResult {
  /** The gRPC status; 0 is OK. */
  readonly code: number;
  /** What went wrong, for people. */
  readonly message: string;
  /** Typed details of the error. */
  readonly details: readonly StatusDetail[];
  /** Trailers, lower-case names. */
  readonly trailers: readonly Header[];
  /** The last message, sent in one frame with the end where it fits. Only with code 0. */
  readonly lastMessage: Uint8Array | undefined;
}

/** Who hears of a call. Nothing here may throw. */
export interface CallListener {
  /** After `read` gave undefined: a message can be read, or `isDrained` became true. */
  readable(): void;
  /** After `isWritable` was false: it is true again. */
  writable(): void;
  /** Caller: the response headers came. Before the first message of the answer, and not at all for a bare end. */
  headers(headers: readonly Header[]): void;
  /** The call is over and no longer counts. Messages that came before the end can still be read. Once, and last but for `readable`. */
  closed(close: CallClose): void;
}

/** Why a call is over. */
export type CallClose =
  /** Caller: the callee ended it. */
  | { readonly kind: "ended"; readonly result: CallResult }
  /** Callee: the caller cancelled it. */
  | { readonly kind: "cancelled" }
  /** The channel was lost. */
  | { readonly kind: "lost"; readonly reason: ChannelLossReason; readonly outcome: CallOutcome }
  /** The peer overdrew the credit or sent a message over the limit; the peer was told. */
  | { readonly kind: "overrun"; readonly error: LimitError };

/** Which limit of a channel was reached. The names are those of `moorline.session.v1.Limit`. */
export type LimitName = "CALLS" | "FRAME_BYTES" | "MESSAGE_BYTES" | "CREDIT";

/** A limit of the channel was reached: RESOURCE_EXHAUSTED, and nothing was sent. */
export class LimitError extends Error {
  override readonly name = "LimitError";
  /** Which limit. */
  readonly limit: LimitName;
  /** Its value. */
  readonly max: number;
  /** What was asked for. */
  readonly actual: number;

  /** @param limit Which limit. @param max Its value. @param actual What was asked for. */
  constructor(limit: LimitName, max: number, actual: number) {
    super(`${limit.toLowerCase().replace("_", " ")}: ${actual} is over the limit of ${max}`);
    this.limit = limit;
    this.max = max;
    this.actual = actual;
  }
}

/** What a channel offers to the layer that makes calls on it. */
export interface CallChannel {
  /**
   * Opens a call. Its id comes when it is first sent; without a connection it waits.
   * @throws LimitError where too many calls are open, or the headers do not fit a frame.
   */
  open(options: OpenOptions): Call;
  /** Whether a connection carries the channel now. */
  readonly isAttached: boolean;
  /** Set once by the layer that serves calls of the peer; without it every call of the peer is UNIMPLEMENTED. */
  onCall: ((call: Call) => void) | undefined;
}

/** How a call is opened. */
export interface OpenOptions {
  /** `package.Service/Method`. */
  readonly method: string;
  /** Request headers, lower-case names. Default none. */
  readonly headers?: readonly Header[];
  /** When the call's time is up, on the clock of the channel. Default never. The channel only tells the peer what is left. */
  readonly deadlineMs?: number | undefined;
  /** The idempotency key. Default none. */
  readonly idempotencyKey?: string | undefined;
  /** Bytes added to what the peer may send in this call before any is read. Default 0. */
  readonly credit?: number;
  /** The first message; goes with the open where the frame fits. */
  readonly message?: Uint8Array;
  /** Whether the half ends with the first message. Default false. */
  readonly last?: boolean;
  /** Who hears of the call. */
  readonly listener: CallListener;
}
