import { Code, ConnectError, type Interceptor } from "@connectrpc/connect";
import {
  type Attributes,
  type Context,
  context,
  propagation,
  type Span,
  SpanKind,
  SpanStatusCode,
  type TextMapPropagator,
  type Tracer,
  trace,
} from "@opentelemetry/api";
import { watchEnd } from "../core/watch-end.ts";

/** Options of {@link createClientTracing} and {@link createServerTracing}. */
export interface TracingOptions {
  /** What makes the spans. Default: the tracer `moorline` of the provider that is registered. */
  readonly tracer?: Tracer;
  /** What writes the trace into headers, and reads it. Default: what is registered, with the SDK `traceparent`. */
  readonly propagator?: TextMapPropagator;
}

type AnyRequest = Parameters<ReturnType<Interceptor>>[0];
type AnyResponse = Awaited<ReturnType<ReturnType<Interceptor>>>;
type AnyCall = (request: AnyRequest) => Promise<AnyResponse>;

/**
 * An interceptor for clients: one span of the kind CLIENT for each call, from its making to its end, however many
 * connections carry it. The headers of the call tell the trace. Spec: OBS-6, OBS-7.
 */
export function createClientTracing(options: TracingOptions = {}): Interceptor {
  const { propagator = propagation } = options;
  return (next) => (request) => {
    const call = startCall(options, request, SpanKind.CLIENT, context.active());
    propagator.inject(call.context, request.header, writeHeader);
    return call.run(next, request);
  };
}

/**
 * An interceptor for servers: one span of the kind SERVER for each call, from its opening to its end, in the trace that
 * the headers of the call tell. It is the active span of the handler. Spec: OBS-6, OBS-7.
 */
export function createServerTracing(options: TracingOptions = {}): Interceptor {
  const { propagator = propagation } = options;
  return (next) => (request) => {
    const parent = propagator.extract(context.active(), request.header, readHeader);
    return startCall(options, request, SpanKind.SERVER, parent).run(next, request);
  };
}

const writeHeader = { set: (headers: Headers, name: string, value: string): void => headers.set(name, value) };
const readHeader = {
  keys: (headers: Headers): string[] => [...headers.keys()],
  get: (headers: Headers, name: string): string | undefined => headers.get(name) ?? undefined,
};

function startCall({ tracer }: TracingOptions, request: AnyRequest, kind: SpanKind, parent: Context): TracedCall {
  const name = `${request.service.typeName}/${request.method.name}`;
  const spans = tracer ?? trace.getTracer("moorline");
  return new TracedCall(spans.startSpan(name, { kind, attributes: describeCall(name, request) }, parent), parent);
}

/** The attributes of OpenTelemetry's conventions for RPCs. Spec: OBS-7. */
function describeCall(name: string, { url, header, method }: AnyRequest): Attributes {
  return {
    "rpc.system.name": systemOf(url, header),
    "rpc.method": name,
    "moorline.call.kind": method.methodKind,
  };
}

/** Calls on a channel have an address of their own, and no type of content. */
function systemOf(url: string, header: Headers): string {
  if (url.startsWith("moorline:")) return "moorline";
  return header.get("content-type")?.startsWith("application/grpc") ? "grpc" : "connectrpc";
}

/** A call with its span, which ends with it, once. */
class TracedCall {
  /** Where its span is the active one. */
  readonly context: Context;
  private readonly span: Span;

  constructor(span: Span, parent: Context) {
    this.span = span;
    this.context = trace.setSpan(parent, span);
  }

  async run(next: AnyCall, request: AnyRequest): Promise<AnyResponse> {
    const { signal } = request;
    // A stream that nobody reads to its end is over with its call.
    signal.addEventListener("abort", () => this.end(codeOf(signal.reason, Code.Canceled)), { once: true });
    try {
      const response = await context.with(this.context, next, undefined, request);
      if (response.stream) return { ...response, message: this.watch(response.message) };
      this.end(0);
      return response;
    } catch (error) {
      this.end(codeOf(error));
      throw error;
    }
  }

  private watch<T>(messages: AsyncIterable<T>): AsyncIterable<T> {
    return watchEnd(bindIterable(messages, this.context), (end) => {
      if (end.kind === "done") this.end(0);
      else this.end(end.kind === "failed" ? codeOf(end.error) : Code.Canceled);
    });
  }

  /** What failed is said by its status alone: its text may say anything. A span that has ended records nothing more. */
  private end(code: number): void {
    if (!this.span.isRecording()) return;
    const name = statusName(code);
    this.span.setAttribute("rpc.status_code", name);
    if (code !== 0) this.span.setAttribute("error.type", name).setStatus({ code: SpanStatusCode.ERROR });
    this.span.end();
  }
}

/** Asks for each item where the span is the active one: handlers that stream run between the items. */
function bindIterable<T>(items: AsyncIterable<T>, active: Context): AsyncIterable<T> {
  return {
    [Symbol.asyncIterator]() {
      const iterator = items[Symbol.asyncIterator]();
      return {
        next: () => context.with(active, () => iterator.next()),
        async return(value?: unknown) {
          await context.with(active, async () => iterator.return?.());
          return { done: true, value };
        },
      };
    },
  };
}

function codeOf(error: unknown, otherwise?: Code): number {
  return ConnectError.from(error, otherwise).code;
}

/** `DeadlineExceeded` is `DEADLINE_EXCEEDED`. */
function statusName(code: number): string {
  const name = code === 0 ? "Ok" : (Code[code] ?? "Unknown");
  return name.replace(/(?<=[a-z])[A-Z]/g, "_$&").toUpperCase();
}
