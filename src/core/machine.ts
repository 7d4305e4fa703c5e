/**
 * A machine: a pure, total, synchronous function from a state and an event to the next state and to effects, which are
 * data. Time and chance come in on events. Spec: RUN-1.
 */
export interface Machine<State, Event, Effect, Config> {
  /** The name in transition logs, for example `connection`. */
  readonly name: string;
  /** What follows from `event` in `state`. Never throws, and never changes what it is given. */
  transition(state: State, event: Event, config: Config): Step<State, Effect>;
  /** The name of a state in the schema, for example `awaiting_hello`. Empty for a state of a newer version. */
  stateName(state: State): string;
  /** The name of an event in the schema, for example `hello_accepted`. Empty for an event of a newer version. */
  eventName(event: Event): string;
}

/** What follows from an event. */
export interface Step<State, Effect> {
  /** The next state: the very same object where nothing changed. */
  readonly state: State;
  /** What to do, in this order, after the state was published. */
  readonly effects: readonly Effect[];
  /** The event has no row in the state, or belongs to an older generation. The state is the same, there are no effects. */
  readonly ignored: boolean;
}

/** The work and the ears of one running machine. What it throws is caught and told to `failed`. */
export interface Performer<State, Event, Effect> {
  /** Does what an effect says. May dispatch events: they wait their turn. */
  perform(effect: Effect): void;
  /** Hears of every event, the ignored ones included, before listeners do and before effects are performed. */
  logged(entry: LogEntry<State, Event>): void;
  /** Hears what a listener, an effect, the log or the transition itself has thrown. Throws nothing itself. */
  failed(error: unknown): void;
}

/** One event that a machine was given. */
export interface LogEntry<State, Event> {
  /** The state before. */
  readonly from: State;
  /** The event. */
  readonly event: Event;
  /** The state after. */
  readonly to: State;
  /** Whether the event was ignored. */
  readonly ignored: boolean;
}

const NO_EFFECTS: readonly never[] = [];

/** The step of an event that has no row in `state`, or is stale. */
export function ignoreEvent<State>(state: State): Step<State, never> {
  return { state, effects: NO_EFFECTS, ignored: true };
}

/** The step of an event that was taken: to `state`, then `effects` in their order. */
export function takeStep<State, Effect>(state: State, effects: readonly Effect[] = NO_EFFECTS): Step<State, Effect> {
  return { state, effects, ignored: false };
}
