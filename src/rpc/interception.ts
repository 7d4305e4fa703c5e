import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import {
  Code,
  ConnectError,
  type ContextValues,
  createContextValues,
  type Interceptor,
  type StreamRequest,
  type StreamResponse,
  type UnaryRequest,
  type UnaryResponse,
} from "@connectrpc/connect";
import { completion } from "./call-errors.ts";
import { type AbortListener, type AbortSource, CallGuard, type CallSetup, type Stoppable } from "./call-setup.ts";
import type { DeadlineQueue } from "./deadline-queue.ts";
import type { MethodPlan } from "./method-plan.ts";

/** What interceptors wrap. */
export type AnyCall = Parameters<Interceptor>[0];

/** Wraps a call in interceptors: the first one is the outermost. */
export function applyInterceptors(call: AnyCall, interceptors: readonly Interceptor[]): AnyCall {
  return interceptors.reduceRight((next, interceptor) => interceptor(next), call);
}

/** What interceptors see of a call before it is made, beside its message. */
export interface InterceptedRequest {
  /** Request headers, which interceptors may change. */
  readonly header: Headers;
  /** The context values of the caller. */
  readonly contextValues: ContextValues | undefined;
  /** When its time is up, and what aborts it. */
  readonly setup: Pick<CallSetup, "deadlineMs" | "signal">;
}

/**
 * A call of this side that goes through interceptors. They see a signal which fires when the caller aborts, when the time
 * is up, and when the call is over, well or not. The call itself listens to the interception, not to that signal: it does
 * not cost what events do.
 */
export class Interception implements Stoppable, AbortSource {
  private readonly controller = new AbortController();
  private readonly guard: CallGuard | undefined;
  private readonly listeners: AbortListener[] = [];

  /** @param deadlines The deadlines of all calls. @param setup What ends the call. */
  constructor(deadlines: DeadlineQueue, setup: Pick<CallSetup, "deadlineMs" | "signal">) {
    if (setup.signal?.aborted === true) this.controller.abort(setup.signal.reason);
    this.guard = CallGuard.watch(this, deadlines, setup);
  }

  /** What interceptors see as the signal of the call. */
  get signal(): AbortSignal {
    return this.controller.signal;
  }

  get aborted(): boolean {
    return this.signal.aborted;
  }

  get reason(): unknown {
    return this.signal.reason;
  }

  addEventListener(_type: "abort", listener: AbortListener): void {
    this.listeners.push(listener);
  }

  removeEventListener(_type: "abort", listener: AbortListener): void {
    const index = this.listeners.indexOf(listener);
    if (index >= 0) this.listeners.splice(index, 1);
  }

  /** What aborts a call that interceptors have passed on with this signal. */
  sourceOf(signal: AbortSignal): AbortSource {
    return signal === this.signal ? this : signal;
  }

  stop(error: ConnectError): void {
    this.abort(error);
  }

  /** The call has ended well. */
  done(): void {
    this.guard?.release();
    this.abort(completion);
  }

  /** The call has failed. @returns What it failed with: the reason of the signal goes before what was thrown. */
  fail(thrown: unknown): ConnectError {
    const error = this.aborted ? ConnectError.from(this.reason, Code.Canceled) : ConnectError.from(thrown);
    this.guard?.release();
    this.abort(error);
    return error;
  }

  private abort(reason: unknown): void {
    if (this.aborted) return;
    this.controller.abort(reason);
    for (const listener of this.listeners.splice(0)) listener.handleEvent();
  }
}

/** A response whose headers are properties of its own, so that interceptors can copy it. */
export function toPlainUnary<I extends DescMessage, O extends DescMessage>(
  response: UnaryResponse<I, O>,
): UnaryResponse<I, O> {
  const { service, method, header, trailer, message } = response;
  return { stream: false, service, method, header, trailer, message };
}

/** A response whose headers are properties of its own, so that interceptors can copy it. */
export function toPlainStream<I extends DescMessage, O extends DescMessage>(
  response: StreamResponse<I, O>,
): StreamResponse<I, O> {
  const { service, method, header, trailer, message } = response;
  return { stream: true, service, method, header, trailer, message };
}

/** Runs a unary call through interceptors. */
export async function interceptUnary<I extends DescMessage, O extends DescMessage>(
  interception: Interception,
  interceptors: readonly Interceptor[],
  plan: MethodPlan<I, O>,
  request: InterceptedRequest,
  message: MessageShape<I>,
  call: (request: UnaryRequest<I, O>) => Promise<UnaryResponse<I, O>>,
): Promise<UnaryResponse<I, O>> {
  try {
    const next = applyInterceptors(call as unknown as AnyCall, interceptors);
    const common = requestCommon(interception, plan, request);
    const response = await next({ ...common, stream: false, message } as UnaryRequest);
    interception.done();
    return response as unknown as UnaryResponse<I, O>;
  } catch (thrown) {
    throw interception.fail(thrown);
  }
}

/** Runs a streaming call through interceptors. */
export async function interceptStream<I extends DescMessage, O extends DescMessage>(
  interception: Interception,
  interceptors: readonly Interceptor[],
  plan: MethodPlan<I, O>,
  request: InterceptedRequest,
  message: AsyncIterable<MessageShape<I>>,
  call: (request: StreamRequest<I, O>) => Promise<StreamResponse<I, O>>,
): Promise<StreamResponse<I, O>> {
  try {
    const next = applyInterceptors(call as unknown as AnyCall, interceptors);
    const common = requestCommon(interception, plan, request);
    const response = (await next({ ...common, stream: true, message } as StreamRequest)) as unknown as StreamResponse<
      I,
      O
    >;
    const { service, method, header, trailer } = response;
    return {
      stream: true,
      service,
      method,
      header,
      trailer,
      message: new InterceptedMessages(interception, response.message),
    };
  } catch (thrown) {
    throw interception.fail(thrown);
  }
}

function requestCommon<I extends DescMessage, O extends DescMessage>(
  interception: Interception,
  plan: MethodPlan<I, O>,
  { header, contextValues }: InterceptedRequest,
): Omit<UnaryRequest, "stream" | "message" | "method"> & { readonly method: MethodPlan["method"] } {
  return {
    service: plan.method.parent,
    method: plan.method,
    requestMethod: "POST",
    url: plan.url,
    signal: interception.signal,
    header,
    contextValues: contextValues ?? createContextValues(),
  };
}

/** The messages of an intercepted call: their end is the end of the call, and so is a consumer that stops early. */
class InterceptedMessages<T> implements AsyncIterableIterator<T, undefined> {
  private readonly interception: Interception;
  private readonly messages: AsyncIterator<T>;
  private phase: "open" | "over" = "open";

  constructor(interception: Interception, messages: AsyncIterable<T>) {
    this.interception = interception;
    this.messages = messages[Symbol.asyncIterator]();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<T, undefined>> {
    const { interception } = this;
    if (this.phase === "over") return { done: true, value: undefined };
    try {
      if (interception.signal.aborted) throw interception.signal.reason;
      const result = await this.messages.next();
      if (result.done !== true) return result;
      this.phase = "over";
      interception.done();
      return { done: true, value: undefined };
    } catch (thrown) {
      this.phase = "over";
      throw interception.fail(thrown);
    }
  }

  async return(): Promise<IteratorReturnResult<undefined>> {
    if (this.phase === "open") {
      this.phase = "over";
      this.interception.fail(new ConnectError("the consumer has stopped reading", Code.Canceled));
      this.messages.return?.().catch(() => {});
    }
    return { done: true, value: undefined };
  }
}
