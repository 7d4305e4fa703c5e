import {
  create,
  type DescMessage,
  fromJson,
  type JsonObject,
  type JsonValue,
  type MessageInitShape,
  toJson,
} from "@bufbuild/protobuf";
import type { Machine } from "../core/machine.ts";

/** What happened to one machine: the events in, the states and effects out, all as proto JSON. */
export interface Trace {
  /** The machine, by its name in the schema. */
  readonly machine: string;
  /** What the trace shows, in a sentence. */
  readonly about: string;
  /** What the machine ran with, beside its defaults. */
  readonly config: JsonObject;
  /** The state before the first event. */
  readonly start: JsonValue;
  /** The events in order, each with what followed. */
  readonly steps: readonly TraceStep[];
}

/** One event and what followed. */
export interface TraceStep {
  /** The event. */
  readonly event: JsonValue;
  /** The event was ignored: nothing else follows. */
  readonly ignored?: true;
  /** The state after. Left out where it is the very same as before. */
  readonly state?: JsonValue;
  /** The effects, in order. Left out where there are none. */
  readonly effects?: readonly JsonValue[];
}

/** A step that came out differently. */
export interface TraceMismatch {
  /** The index of the step, from 0. */
  readonly index: number;
  /** What the trace says. */
  readonly expected: TraceStep;
  /** What the machine did. */
  readonly actual: TraceStep;
}

/** A machine and the messages that it speaks in, or plain data of their shape. */
export interface TraceSubject<
  StateDesc extends DescMessage,
  EventDesc extends DescMessage,
  EffectDesc extends DescMessage,
  Config,
> {
  /** The machine. */
  readonly machine: Machine<
    MessageInitShape<StateDesc>,
    MessageInitShape<EventDesc>,
    MessageInitShape<EffectDesc>,
    Config
  >;
  /** The descriptor of its states. */
  readonly stateSchema: StateDesc;
  /** The descriptor of its events. */
  readonly eventSchema: EventDesc;
  /** The descriptor of its effects. */
  readonly effectSchema: EffectDesc;
  /** What it runs with where a trace says nothing else. */
  readonly config: Config;
}

/** Plays and records the traces of one machine. */
export interface TracePlayer {
  /** The machine, by its name in the schema. */
  readonly machine: string;
  /**
   * Gives the machine the events of a trace and compares what follows. Empty where all is as the trace says.
   * @throws Error where the trace cannot be read as messages of this schema.
   */
  play(trace: Trace): TraceMismatch[];
  /** The same trace with what follows from its events today. Throws as `play` does. */
  record(trace: Trace): Trace;
  /** The rows of the table that a trace takes, each as `from event to`, with the names of the schema. */
  rowsOf(trace: Trace): string[];
}

/** Makes the player of one machine. */
export function createTracePlayer<S extends DescMessage, E extends DescMessage, F extends DescMessage, Config>(
  subject: TraceSubject<S, E, F, Config>,
): TracePlayer {
  const { machine, stateSchema, eventSchema } = subject;
  return {
    machine: machine.name,
    play: (trace) =>
      runTrace(subject, trace).flatMap(({ printed: actual }, index) => {
        const expected = normalizeStep(subject, trace.steps[index] ?? { event: null });
        return print(expected) === print(actual) ? [] : [{ index, expected, actual }];
      }),
    record: (trace) => ({
      ...trace,
      start: toJson(stateSchema, fromJson(stateSchema, trace.start)),
      steps: runTrace(subject, trace).map(({ printed }) => printed),
    }),
    rowsOf: (trace) =>
      runTrace(subject, trace)
        .filter(({ printed }) => printed.ignored !== true)
        .map(({ from, printed, to }) => {
          const event = machine.eventName(fromJson(eventSchema, printed.event));
          return `${machine.stateName(from)} ${event} ${machine.stateName(to)}`;
        }),
  };
}

interface TakenStep<State> {
  readonly from: State;
  readonly to: State;
  readonly printed: TraceStep;
}

function runTrace<S extends DescMessage, E extends DescMessage, F extends DescMessage, Config>(
  { machine, stateSchema, eventSchema, effectSchema, config: defaults }: TraceSubject<S, E, F, Config>,
  trace: Trace,
): TakenStep<MessageInitShape<S>>[] {
  const config: Config = { ...defaults, ...trace.config };
  let state: MessageInitShape<S> = fromJson(stateSchema, trace.start);
  return trace.steps.map(({ event: json }) => {
    const from = state;
    const event = fromJson(eventSchema, json);
    const step = machine.transition(from, event, config);
    state = step.state;
    const effects = step.effects.map((effect) => printData(effectSchema, effect));
    const printed: TraceStep = {
      event: toJson(eventSchema, event),
      ...(step.ignored ? { ignored: true } : {}),
      ...(step.state === from ? {} : { state: printData(stateSchema, step.state) }),
      ...(effects.length === 0 ? {} : { effects }),
    };
    return { from, to: step.state, printed };
  });
}

/** What a machine gives may be a message, plain data, or plain data made of parts of a message. */
function printData<Desc extends DescMessage>(schema: Desc, data: MessageInitShape<Desc>): JsonValue {
  return toJson(schema, create(schema, withoutTypeNames(data) as MessageInitShape<Desc>));
}

function withoutTypeNames(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutTypeNames);
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return value;
  const fields = Object.entries(value).filter(([name]) => !name.startsWith("$"));
  return Object.fromEntries(fields.map(([name, field]) => [name, withoutTypeNames(field)]));
}

/** The step as this schema prints it, so that two ways to write the same message do not differ. */
function normalizeStep<S extends DescMessage, E extends DescMessage, F extends DescMessage, Config>(
  { stateSchema, eventSchema, effectSchema }: TraceSubject<S, E, F, Config>,
  { event, ignored, state, effects }: TraceStep,
): TraceStep {
  return {
    event: toJson(eventSchema, fromJson(eventSchema, event)),
    ...(ignored === true ? { ignored } : {}),
    ...(state === undefined ? {} : { state: toJson(stateSchema, fromJson(stateSchema, state)) }),
    ...(effects === undefined ? {} : { effects: effects.map((effect) => reprint(effectSchema, effect)) }),
  };
}

function reprint(schema: DescMessage, json: JsonValue): JsonValue {
  return toJson(schema, fromJson(schema, json));
}

function print(step: TraceStep): string {
  return JSON.stringify(step);
}
