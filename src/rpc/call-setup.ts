import { Code, ConnectError, type ContextValues } from "@connectrpc/connect";
import { CallOutcome } from "../../gen/moorline/session/v1/error_pb.ts";
import type { Header } from "../../gen/moorline/session/v1/packet_moorline.ts";
import type { Call, CallChannel, OpenOptions } from "../channel/call.ts";
import { createAbortError, createDeadlineError, sendFailureToError } from "./call-errors.ts";
import { idempotencyKey, waitForReady } from "./context-keys.ts";
import type { DeadlineEntry, DeadlineQueue } from "./deadline-queue.ts";

/** Hears that a call is aborted. */
export interface AbortListener {
  /** It is. Must not throw. */
  handleEvent(): void;
}

/** What aborts a call: an `AbortSignal`, or something cheaper that stands for one. */
export interface AbortSource {
  /** Whether it has aborted already; listeners that are added then hear nothing. */
  readonly aborted: boolean;
  /** Why it has. */
  readonly reason: unknown;
  /** Adds a listener. */
  addEventListener(type: "abort", listener: AbortListener): void;
  /** Removes a listener. */
  removeEventListener(type: "abort", listener: AbortListener): void;
}

/** What a caller asks for beside the messages. The same for each try of a call. */
export interface CallSetup {
  /** Request headers. */
  readonly headers: readonly Header[];
  /** When the call's time is up, on the clock of the transport. */
  readonly deadlineMs: number | undefined;
  /** Cancels the call. */
  readonly signal: AbortSource | undefined;
  /** From the context values. */
  readonly idempotencyKey: string | undefined;
  /** From the context values. */
  readonly waitForReady: boolean;
}

/** Reads the context values of a call that this layer knows. */
export function readContextValues(
  values: ContextValues | undefined,
): Pick<CallSetup, "idempotencyKey" | "waitForReady"> {
  if (values === undefined) return DEFAULT_VALUES;
  return { idempotencyKey: values.get(idempotencyKey), waitForReady: values.get(waitForReady) };
}

const DEFAULT_VALUES = { idempotencyKey: undefined, waitForReady: true };

/**
 * Opens a call.
 * @throws ConnectError with the outcome NOT_SENT where a limit is reached or the channel is lost.
 */
export function openCall(channel: CallChannel, options: OpenOptions): Call {
  try {
    return channel.open(options);
  } catch (thrown) {
    throw sendFailureToError(thrown, CallOutcome.NOT_SENT);
  }
}

/** Only unary calls can be kept in a journal. */
export function checkStreamSetup(setup: CallSetup): ConnectError | undefined {
  if (setup.idempotencyKey === undefined) return undefined;
  return new ConnectError("only a unary call can have an idempotency key", Code.InvalidArgument);
}

/** What a {@link CallGuard} ends. */
export interface Stoppable {
  /** The call is over, with this error. Must not throw. */
  stop(error: ConnectError): void;
}

/** Ends a call when its time is up or its caller aborts it, whatever the connection does. Spec: DEADLINE-2. */
export class CallGuard implements DeadlineEntry, AbortListener {
  readonly atMs: number;
  queueIndex = -1;
  private readonly target: Stoppable;
  private readonly deadlines: DeadlineQueue;
  private readonly signal: AbortSource | undefined;

  private constructor(target: Stoppable, deadlines: DeadlineQueue, atMs: number, signal: AbortSource | undefined) {
    this.target = target;
    this.deadlines = deadlines;
    this.atMs = atMs;
    this.signal = signal;
  }

  /** Watches over a call whose signal is not aborted yet. Undefined where there is nothing to watch. */
  static watch(
    target: Stoppable,
    deadlines: DeadlineQueue,
    { deadlineMs, signal }: Pick<CallSetup, "deadlineMs" | "signal">,
  ): CallGuard | undefined {
    if (deadlineMs === undefined && signal === undefined) return undefined;
    const guard = new CallGuard(target, deadlines, deadlineMs ?? Number.POSITIVE_INFINITY, signal);
    if (deadlineMs !== undefined) deadlines.add(guard);
    signal?.addEventListener("abort", guard);
    return guard;
  }

  /** The call is over: nothing is watched any more. */
  release(): void {
    this.deadlines.remove(this);
    this.signal?.removeEventListener("abort", this);
  }

  expire(): void {
    this.target.stop(createDeadlineError());
  }

  /** The signal was aborted. */
  handleEvent(): void {
    if (this.signal !== undefined) this.target.stop(createAbortError(this.signal));
  }
}
