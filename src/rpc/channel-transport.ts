import type {
  DescMessage,
  DescMethod,
  DescMethodStreaming,
  DescMethodUnary,
  MessageInitShape,
} from "@bufbuild/protobuf";
import {
  ConnectError,
  type ContextValues,
  type Interceptor,
  type StreamResponse,
  type Transport,
  type UnaryResponse,
} from "@connectrpc/connect";
import type { CallChannel } from "../channel/call.ts";
import type { Clock } from "../core/clock.ts";
import type { Random } from "../core/random.ts";
import { unaryTimeoutMs } from "../wire/limits.ts";
import { type AbortSource, type CallSetup, readContextValues } from "./call-setup.ts";
import { DeadlineQueue } from "./deadline-queue.ts";
import { type HeadersSource, noHeaders, sourceToList } from "./header-list.ts";
import { Interception, interceptStream, interceptUnary, toPlainStream, toPlainUnary } from "./interception.ts";
import { type CodecSource, generalCodec } from "./message-format.ts";
import { type MethodPlan, planMethod } from "./method-plan.ts";
import { normalizeMessages } from "./stream-requests.ts";
import { type StreamHandle, startStream } from "./stream-start.ts";
import { type CallEnvironment, type RetryOptions, retryDefaults, runUnary } from "./unary-retry.ts";

/** How a {@link ChannelTransport} is made. */
export interface ChannelTransportOptions {
  /** What carries the calls: a channel, or a function that gives the present one, which may be without a connection. */
  readonly channel: CallChannel | (() => CallChannel);
  /** Time. The same clock that the channel is run with. */
  readonly clock: Clock;
  /** Chance, for the jitter between tries. */
  readonly random: Pick<Random, "unit">;
  /** Wrap each call, the first one outermost. Default none. */
  readonly interceptors?: readonly Interceptor[];
  /** The deadline of unary calls that name none, in milliseconds; 0 or less for none. Default 60 s. Streams have none. */
  readonly defaultTimeoutMs?: number;
  /** How calls are repeated whose method may be. */
  readonly retry?: Partial<RetryOptions>;
  /** Codecs of messages. Default the general one of @bufbuild/protobuf. */
  readonly codecs?: CodecSource;
}

/** A timeout above 100 years is none; it would not fit the wire. */
const MAX_TIMEOUT_MS = 100 * 366 * 24 * 60 * 60 * 1000;

/** Makes a Connect transport over a channel: clients that Connect generates work on it as on any other. Spec: CALL-7. */
export function createChannelTransport(options: ChannelTransportOptions): ChannelTransport {
  return new ChannelTransport(options);
}

/** Calls over a channel, as a Connect transport. Made by {@link createChannelTransport}. */
export class ChannelTransport implements Transport {
  private readonly environment: CallEnvironment;
  private readonly interceptors: readonly Interceptor[];
  private readonly defaultTimeoutMs: number;
  private readonly codecs: CodecSource;
  private readonly plans = new Map<DescMethod, MethodPlan>();

  /** @param options What it works on. */
  constructor(options: ChannelTransportOptions) {
    const { channel, clock, random } = options;
    this.environment = {
      channel: typeof channel === "function" ? channel : () => channel,
      clock,
      random,
      deadlines: new DeadlineQueue(clock),
      retry: { ...retryDefaults, ...options.retry },
    };
    this.interceptors = options.interceptors ?? [];
    this.defaultTimeoutMs = options.defaultTimeoutMs ?? unaryTimeoutMs;
    this.codecs = options.codecs ?? generalCodec;
  }

  /** Makes a unary call. Rejects with a ConnectError. */
  unary<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    signal: AbortSignal | undefined,
    timeoutMs: number | undefined,
    header: HeadersSource,
    input: MessageInitShape<I>,
    contextValues?: ContextValues,
  ): Promise<UnaryResponse<I, O>> {
    try {
      const plan = this.planOf<I, O>(method);
      const deadlineMs = this.deadlineOf(timeoutMs ?? this.defaultTimeoutMs);
      if (this.interceptors.length > 0) {
        return this.interceptUnary(plan, { deadlineMs, signal }, header, input, contextValues);
      }
      const setup = createSetup(header, deadlineMs, signal, contextValues);
      return runUnary(this.environment, plan, setup, plan.input.encode(input));
    } catch (thrown) {
      return Promise.reject(ConnectError.from(thrown));
    }
  }

  /** Makes a streaming call. Resolves when the response headers are there; rejects with a ConnectError. */
  stream<I extends DescMessage, O extends DescMessage>(
    method: DescMethodStreaming<I, O>,
    signal: AbortSignal | undefined,
    timeoutMs: number | undefined,
    header: HeadersSource,
    input: AsyncIterable<MessageInitShape<I>>,
    contextValues?: ContextValues,
  ): Promise<StreamResponse<I, O>> {
    const { response } = this.startStream(method, signal, timeoutMs, header, input, contextValues);
    // Connect's client looks at it when the stream is read; a stream that nobody reads is no unhandled rejection.
    response.catch(() => {});
    return response;
  }

  /** Like {@link ChannelTransport.stream}, with a handle by which the call can be ended before its response is there. */
  startStream<I extends DescMessage, O extends DescMessage>(
    method: DescMethodStreaming<I, O>,
    signal: AbortSignal | undefined,
    timeoutMs: number | undefined,
    header: HeadersSource,
    input: AsyncIterable<MessageInitShape<I>>,
    contextValues?: ContextValues,
  ): StreamHandle<I, O> {
    try {
      const plan = this.planOf<I, O>(method);
      const deadlineMs = timeoutMs === undefined ? undefined : this.deadlineOf(timeoutMs);
      if (this.interceptors.length > 0) {
        return this.interceptStream(plan, { deadlineMs, signal }, header, input, contextValues);
      }
      return startStream(this.environment, plan, createSetup(header, deadlineMs, signal, contextValues), input);
    } catch (thrown) {
      return { response: Promise.reject(ConnectError.from(thrown)), stop: () => {} };
    }
  }

  private interceptUnary<I extends DescMessage, O extends DescMessage>(
    plan: MethodPlan<I, O>,
    setup: Pick<CallSetup, "deadlineMs" | "signal">,
    header: HeadersSource,
    input: MessageInitShape<I>,
    contextValues: ContextValues | undefined,
  ): Promise<UnaryResponse<I, O>> {
    const { environment, interceptors } = this;
    const interception = new Interception(environment.deadlines, setup);
    const request = { header: new Headers(header), contextValues, setup };
    const message = plan.input.normalize(input);
    return interceptUnary(interception, interceptors, plan, request, message, (req) => {
      const inner = createSetup(req.header, setup.deadlineMs, interception.sourceOf(req.signal), req.contextValues);
      const bytes = plan.input.encode(req.message as MessageInitShape<I>);
      return runUnary(environment, plan, inner, bytes).then(toPlainUnary);
    });
  }

  private interceptStream<I extends DescMessage, O extends DescMessage>(
    plan: MethodPlan<I, O>,
    setup: Pick<CallSetup, "deadlineMs" | "signal">,
    header: HeadersSource,
    input: AsyncIterable<MessageInitShape<I>>,
    contextValues: ContextValues | undefined,
  ): StreamHandle<I, O> {
    const { environment, interceptors } = this;
    const interception = new Interception(environment.deadlines, setup);
    const request = { header: new Headers(header), contextValues, setup };
    const messages = normalizeMessages(plan.input, input);
    const response = interceptStream(interception, interceptors, plan, request, messages, (req) => {
      const inner = createSetup(req.header, setup.deadlineMs, interception.sourceOf(req.signal), req.contextValues);
      const source = req.message as AsyncIterable<MessageInitShape<I>>;
      return startStream(environment, plan, inner, source).response.then(toPlainStream);
    });
    return { response, stop: (error) => interception.stop(error) };
  }

  private deadlineOf(timeoutMs: number): number | undefined {
    const isBounded = timeoutMs > 0 && timeoutMs <= MAX_TIMEOUT_MS;
    return isBounded ? this.environment.clock.now() + timeoutMs : undefined;
  }

  private planOf<I extends DescMessage, O extends DescMessage>(method: DescMethod): MethodPlan<I, O> {
    let plan = this.plans.get(method);
    if (plan === undefined) {
      plan = planMethod(method, this.codecs);
      this.plans.set(method, plan);
    }
    return plan as unknown as MethodPlan<I, O>;
  }
}

function createSetup(
  header: HeadersSource,
  deadlineMs: number | undefined,
  signal: AbortSource | undefined,
  contextValues: ContextValues | undefined,
): CallSetup {
  const { idempotencyKey, waitForReady } = readContextValues(contextValues);
  const headers = header === undefined ? noHeaders : sourceToList(header);
  return { headers, deadlineMs, signal, idempotencyKey, waitForReady };
}
