import { type Attributes, diag, type SpanContext, SpanKind, SpanStatusCode, type Tracer } from "@opentelemetry/api";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import { InMemorySpanExporter, type ReadableSpan, SimpleSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";
import type { TracingOptions } from "../../../src/otel/index.ts";

/** What a span says, for comparisons. */
export interface ToldSpan {
  readonly kind: "CLIENT" | "SERVER" | "INTERNAL";
  readonly name: string;
  readonly attributes: Attributes;
  readonly isError: boolean;
}

/** Spans in memory. */
export class SpanRecorder {
  readonly tracer: Tracer;
  /** Options for both interceptors: nothing global is used. */
  readonly options: TracingOptions;
  /** What was done to spans that must not be done, such as ending one twice. */
  readonly misuses: string[] = [];
  private readonly exporter = new InMemorySpanExporter();

  constructor() {
    const processor = new SimpleSpanProcessor({ exporter: this.exporter });
    this.tracer = new TracerProvider({ spanProcessors: [processor] }).getTracer("test");
    const note = (message: string): void => void this.misuses.push(message);
    diag.setLogger({ error: note, warn: note, info() {}, debug() {}, verbose() {} }, { suppressOverrideMessage: true });
    this.options = { tracer: this.tracer, propagator: new W3CTraceContextPropagator() };
  }

  /** Spans that have ended, in the order of their ends. */
  get spans(): readonly ReadableSpan[] {
    return this.exporter.getFinishedSpans();
  }

  /** The same, as what they say. */
  get told(): ToldSpan[] {
    return this.spans.map(({ kind, name, attributes, status }) => ({
      ...{ kind: SpanKind[kind] as ToldSpan["kind"], name, attributes },
      isError: status.code === SpanStatusCode.ERROR,
    }));
  }

  /** The statuses of the spans of a kind. */
  statusesOf(kind: SpanKind): unknown[] {
    return this.spans.filter((span) => span.kind === kind).map(({ attributes }) => attributes["rpc.status_code"]);
  }

  /** Where the span that has ended first of a kind stands. */
  find(kind: SpanKind): { readonly at: SpanContext; readonly parent: SpanContext | undefined } {
    const span = this.spans.find((candidate) => candidate.kind === kind);
    if (span === undefined) throw new Error(`no span of the kind ${SpanKind[kind]} has ended`);
    return { at: span.spanContext(), parent: span.parentSpanContext };
  }
}
