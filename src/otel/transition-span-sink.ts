import { timestampMs } from "@bufbuild/protobuf/wkt";
import { type AttributeValue, SpanKind, type Tracer, trace } from "@opentelemetry/api";
import { type Transition, TransitionOutcome, TransitionSchema } from "../../gen/moorline/state/v1/transition_pb.ts";
import type { TransitionSink } from "../machine/transition-log.ts";
import { type Redacted, redact } from "../wire/redact.ts";

/** Options of {@link createTransitionSpanSink}. */
export interface TransitionSpanOptions {
  /** What makes the spans. Default: the tracer `moorline` of the provider that is registered. */
  readonly tracer?: Tracer;
}

/** Fields of a record that say when, and what the name of the span says. */
const UNTOLD: ReadonlySet<string> = new Set(["at", "outcome"]);

/**
 * Takes the transition log and makes a span of each event that was taken: without a length, because a transition has none,
 * and a root, because it belongs to no call. Its attributes are the fields of the record, without secrets, as in
 * `moorline.machine`. Spec: OBS-8.
 */
export function createTransitionSpanSink({ tracer }: TransitionSpanOptions = {}): TransitionSink {
  return (transition) => {
    if (transition.outcome !== TransitionOutcome.TAKEN) return;
    const { machine, from, to, at } = transition;
    const time = at === undefined ? {} : { startTime: timestampMs(at) };
    const spans = tracer ?? trace.getTracer("moorline");
    const name = `${machine}: ${from} → ${to}`;
    const attributes = describeTransition(transition);
    spans.startSpan(name, { kind: SpanKind.INTERNAL, root: true, attributes, ...time }).end(time.startTime);
  };
}

function describeTransition(transition: Transition): Record<string, AttributeValue> {
  const fields: Redacted = redact(TransitionSchema, transition);
  const told = Object.entries(fields).filter(([name]) => !UNTOLD.has(name));
  return Object.fromEntries(told.map(([name, value]) => [`moorline.${snakeCase(name)}`, value as AttributeValue]));
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
