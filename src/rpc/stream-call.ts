import type { DescMessage, DescMethodStreaming, MessageInitShape } from "@bufbuild/protobuf";
import { Code, type ConnectError, type StreamResponse } from "@connectrpc/connect";
import { CallOutcome } from "../../gen/moorline/session/v1/error_pb.ts";
import type { Header } from "../../gen/moorline/session/v1/packet_moorline.ts";
import type { Call, CallChannel, CallClose, CallListener } from "../channel/call.ts";
import { closeToError, createHeaderError, sendFailureToError } from "./call-errors.ts";
import { CallGuard, type CallSetup, openCall, type Stoppable } from "./call-setup.ts";
import type { DeadlineQueue } from "./deadline-queue.ts";
import { findBadHeader } from "./header-list.ts";
import { LazyHeaders } from "./lazy-headers.ts";
import { MessagePump } from "./message-pump.ts";
import { MessageReader } from "./message-reader.ts";
import type { MethodPlan } from "./method-plan.ts";

/** The response of a streaming call: there as soon as its headers are. Headers and trailers are made when asked for. */
export class ChannelStreamResponse<I extends DescMessage, O extends DescMessage> implements StreamResponse<I, O> {
  readonly stream = true;
  readonly method: DescMethodStreaming<I, O>;
  readonly service: DescMethodStreaming["parent"];
  readonly message: MessageReader<O>;
  /** The response headers, as they came. */
  readonly headers = new LazyHeaders();
  /** The trailers, once they have come. */
  readonly trailers = new LazyHeaders();

  constructor(plan: MethodPlan<I, O>, message: MessageReader<O>) {
    this.method = plan.method as DescMethodStreaming<I, O>;
    this.service = plan.method.parent;
    this.message = message;
  }

  get header(): Headers {
    return this.headers.value;
  }

  get trailer(): Headers {
    return this.trailers.value;
  }
}

/** How a {@link StreamCall} sends its requests. */
type Requests<I extends DescMessage> =
  | { readonly kind: "one"; readonly message: Uint8Array }
  | { readonly kind: "many"; readonly source: AsyncIterable<MessageInitShape<I>> };

interface Settle<T> {
  readonly resolve: (value: T) => void;
  readonly reject: (error: ConnectError) => void;
}

/** A streaming call of this side, from its opening on. */
export class StreamCall<I extends DescMessage, O extends DescMessage> implements CallListener, Stoppable {
  /** Comes with the response headers, the first message, or the end; rejects where the call fails before. */
  readonly response: Promise<ChannelStreamResponse<I, O>>;
  private readonly call: Call;
  private readonly answer: ChannelStreamResponse<I, O>;
  private readonly guard: CallGuard | undefined;
  private readonly pump: MessagePump<MessageInitShape<I>> | undefined;
  private settle: Settle<ChannelStreamResponse<I, O>> | undefined = undefined;
  private phase: "running" | "over" = "running";

  /**
   * Opens the call. The signal of `setup` must not be aborted yet.
   * @throws ConnectError where it cannot be opened.
   */
  constructor(
    channel: CallChannel,
    deadlines: DeadlineQueue,
    plan: MethodPlan<I, O>,
    setup: CallSetup,
    requests: Requests<I>,
  ) {
    const message = requests.kind === "one" ? requests.message : undefined;
    const { headers, deadlineMs, idempotencyKey } = setup;
    const opening = { method: plan.path, headers, deadlineMs, idempotencyKey, listener: this };
    this.call = openCall(channel, message === undefined ? opening : { ...opening, message, last: true });
    this.answer = new ChannelStreamResponse(plan, this.createReader(plan));
    this.response = new Promise((resolve, reject) => {
      this.settle = { resolve, reject };
    });
    // Has the first message heard of, without taking it.
    this.call.read();
    this.guard = CallGuard.watch(this, deadlines, setup);
    this.pump = requests.kind === "many" ? this.createPump(plan, requests.source) : undefined;
    this.pump?.run();
  }

  headers(headers: readonly Header[]): void {
    const bad = findBadHeader(headers);
    if (bad !== undefined) {
      this.stop(createHeaderError(bad, Code.Internal));
      return;
    }
    this.answer.headers.receive(headers);
    this.respond();
  }

  readable(): void {
    this.respond();
    this.answer.message.wake();
  }

  writable(): void {
    this.pump?.wake();
  }

  closed(close: CallClose): void {
    if (this.phase === "over") return;
    const error = closeToError(close, this.answer.headers.received);
    this.finish(error);
    if (close.kind === "ended") {
      this.answer.trailers.receive(error === undefined ? close.result.trailers : []);
      this.respond();
    } else if (error !== undefined) {
      this.takeSettle()?.reject(error);
    }
    this.answer.message.finish(error);
  }

  stop(error: ConnectError): void {
    if (this.phase === "over") return;
    this.finish(error);
    this.call.cancel();
    this.takeSettle()?.reject(error);
    this.answer.message.fail(error);
  }

  /** The consumer has stopped reading: the call is of no use any more. */
  private abandon(): void {
    if (this.phase === "over") return;
    this.finish(undefined);
    this.call.cancel();
  }

  private respond(): void {
    this.takeSettle()?.resolve(this.answer);
  }

  private takeSettle(): Settle<ChannelStreamResponse<I, O>> | undefined {
    const settle = this.settle;
    this.settle = undefined;
    return settle;
  }

  private finish(error: ConnectError | undefined): void {
    this.phase = "over";
    this.guard?.release();
    this.pump?.stop(error);
  }

  private createReader(plan: MethodPlan<I, O>): MessageReader<O> {
    return new MessageReader({
      call: this.call,
      format: plan.output,
      endsBy: "close",
      failure: Code.Internal,
      onReturn: () => this.abandon(),
      onMalformed: (error) => this.stop(error),
    });
  }

  private createPump(
    plan: MethodPlan<I, O>,
    source: AsyncIterable<MessageInitShape<I>>,
  ): MessagePump<MessageInitShape<I>> {
    return new MessagePump(source, {
      call: this.call,
      encode: (message) => plan.input.encode(message),
      onDone: () => this.call.halfClose(),
      onFailed: (thrown) => this.stop(sendFailureToError(thrown, CallOutcome.UNKNOWN)),
    });
  }
}
