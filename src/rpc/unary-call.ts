import type { DescMessage, DescMethodUnary, DescService, MessageShape } from "@bufbuild/protobuf";
import { Code, ConnectError, type UnaryResponse } from "@connectrpc/connect";
import type { Header } from "../../gen/moorline/session/v1/packet_moorline.ts";
import type { Call, CallChannel, CallClose, CallListener } from "../channel/call.ts";
import { closeToError, createHeaderError } from "./call-errors.ts";
import { CallGuard, type CallSetup, openCall, type Stoppable } from "./call-setup.ts";
import type { DeadlineQueue } from "./deadline-queue.ts";
import { findBadHeader, listToHeaders, noHeaders } from "./header-list.ts";
import type { MethodPlan } from "./method-plan.ts";

/** The answer to a unary call. Its headers are made when they are asked for. */
class ChannelUnaryResponse<I extends DescMessage, O extends DescMessage> implements UnaryResponse<I, O> {
  readonly stream = false;
  readonly service: DescService;
  readonly method: DescMethodUnary<I, O>;
  readonly message: MessageShape<O>;
  private headers: Headers | readonly Header[];
  private trailers: Headers | readonly Header[];

  constructor(
    plan: MethodPlan<I, O>,
    message: MessageShape<O>,
    headers: readonly Header[],
    trailers: readonly Header[],
  ) {
    this.method = plan.method as DescMethodUnary<I, O>;
    this.service = plan.method.parent;
    this.message = message;
    this.headers = headers;
    this.trailers = trailers;
  }

  get header(): Headers {
    if (!(this.headers instanceof Headers)) this.headers = listToHeaders(this.headers);
    return this.headers;
  }

  get trailer(): Headers {
    if (!(this.trailers instanceof Headers)) this.trailers = listToHeaders(this.trailers);
    return this.trailers;
  }
}

/** One try of a unary call. */
export class UnaryCall<I extends DescMessage, O extends DescMessage> implements CallListener, Stoppable {
  private readonly plan: MethodPlan<I, O>;
  private readonly settle: {
    readonly resolve: (response: UnaryResponse<I, O>) => void;
    readonly reject: (error: ConnectError) => void;
  };
  private readonly call: Call;
  private readonly guard: CallGuard | undefined;
  private phase: "running" | "over" = "running";
  private headerList = noHeaders;
  private answer: Uint8Array | undefined = undefined;

  private constructor(
    channel: CallChannel,
    deadlines: DeadlineQueue,
    plan: MethodPlan<I, O>,
    setup: CallSetup,
    message: Uint8Array,
    settle: UnaryCall<I, O>["settle"],
  ) {
    this.plan = plan;
    this.settle = settle;
    const { headers, deadlineMs, idempotencyKey } = setup;
    const opening = { method: plan.path, headers, deadlineMs, idempotencyKey, message, last: true, listener: this };
    this.call = openCall(channel, opening);
    // Lets a large answer through, and has it heard of.
    this.call.read();
    this.guard = CallGuard.watch(this, deadlines, setup);
  }

  /**
   * Makes the call. The signal of `setup` must not be aborted yet.
   * @returns The answer; rejects with a ConnectError.
   */
  static run<I extends DescMessage, O extends DescMessage>(
    channel: CallChannel,
    deadlines: DeadlineQueue,
    plan: MethodPlan<I, O>,
    setup: CallSetup,
    message: Uint8Array,
  ): Promise<UnaryResponse<I, O>> {
    return new Promise((resolve, reject) => {
      new UnaryCall(channel, deadlines, plan, setup, message, { resolve, reject });
    });
  }

  headers(headers: readonly Header[]): void {
    const bad = findBadHeader(headers);
    if (bad !== undefined) this.stop(createHeaderError(bad, Code.Internal));
    else this.headerList = headers;
  }

  readable(): void {
    while (this.phase === "running") {
      const bytes = this.call.read();
      if (bytes === undefined) return;
      if (this.answer === undefined) this.answer = bytes;
      else this.stop(createAnswerError("received extra"));
    }
  }

  writable(): void {}

  closed(close: CallClose): void {
    this.readable();
    const error = closeToError(close, this.headerList);
    if (error !== undefined) this.stop(error);
    else if (this.answer === undefined) this.stop(createAnswerError("missing"));
    else if (close.kind === "ended") this.succeed(this.answer, close.result.trailers);
  }

  stop(error: ConnectError): void {
    if (this.phase === "over") return;
    this.finish();
    this.call.cancel();
    this.settle.reject(error);
  }

  private succeed(answer: Uint8Array, trailers: readonly Header[]): void {
    if (this.phase === "over") return;
    try {
      const message = this.plan.output.decode(answer, Code.Internal);
      this.finish();
      this.settle.resolve(new ChannelUnaryResponse(this.plan, message, this.headerList, trailers));
    } catch (thrown) {
      this.stop(ConnectError.from(thrown, Code.Internal));
    }
  }

  private finish(): void {
    this.phase = "over";
    this.guard?.release();
  }
}

function createAnswerError(fault: "missing" | "received extra"): ConnectError {
  return new ConnectError(`protocol error: ${fault} output message for unary method`, Code.Unimplemented);
}
