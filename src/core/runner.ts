import type { Machine, Performer, Step } from "./machine.ts";

/** The most events that may wait in a runner. One more is dropped and told to `failed` as a {@link RunnerOverflow}. */
export const MAX_QUEUED_EVENTS = 1024;

/** Too many events were dispatched from inside listeners and effects: an endless loop of somebody's making. */
export class RunnerOverflow extends Error {
  override readonly name = "RunnerOverflow";
}

/**
 * Runs one machine: holds its state, takes events one after the other, publishes each new state, then performs the
 * effects. Events that are dispatched meanwhile wait their turn, so transitions never nest. Spec: RUN.
 */
export class Runner<State, Event, Effect, Config> {
  readonly #machine: Machine<State, Event, Effect, Config>;
  readonly #config: Config;
  readonly #performer: Performer<State, Event, Effect>;
  #state: State;
  #queue: Event[] | undefined;
  #listeners: Set<Subscription<State>> | undefined;

  /**
   * @param machine What it runs.
   * @param config Handed to every transition.
   * @param performer Does the work.
   * @param state Where the machine starts.
   */
  constructor(
    machine: Machine<State, Event, Effect, Config>,
    config: Config,
    performer: Performer<State, Event, Effect>,
    state: State,
  ) {
    this.#machine = machine;
    this.#config = config;
    this.#performer = performer;
    this.#state = state;
  }

  /** The present state. The same object until something changes. */
  getSnapshot(): State {
    return this.#state;
  }

  /** Calls `listener` with each new state, until the function that comes back is called. */
  subscribe(listener: (state: State) => void): () => void {
    const subscription = { listener };
    this.#listeners ??= new Set();
    this.#listeners.add(subscription);
    return () => this.#listeners?.delete(subscription);
  }

  /** Gives the machine an event. From inside a listener or an effect it waits until those before it are done. */
  dispatch(event: Event): void {
    if (this.#queue === undefined) this.#drain([event]);
    else if (this.#queue.length < MAX_QUEUED_EVENTS) this.#queue.push(event);
    else this.#report(new RunnerOverflow(`${this.#machine.name}: more than ${MAX_QUEUED_EVENTS} events wait`));
  }

  /** Performs the effects that go with the state the machine starts in. Called once, before the first event. */
  start(effects: readonly Effect[]): void {
    const queue: Event[] = [];
    this.#queue = queue;
    this.#perform(effects);
    this.#drain(queue);
  }

  #drain(queue: Event[]): void {
    this.#queue = queue;
    for (let event = queue.shift(); event !== undefined; event = queue.shift()) this.#take(event);
    this.#queue = undefined;
  }

  #take(event: Event): void {
    const from = this.#state;
    const step = this.#transition(from, event);
    if (step === undefined) return;
    this.#state = step.state;
    this.#guard(() => this.#performer.logged({ from, event, to: step.state, ignored: step.ignored }));
    if (step.state !== from) this.#publish(step.state);
    this.#perform(step.effects);
  }

  #transition(state: State, event: Event): Step<State, Effect> | undefined {
    try {
      return this.#machine.transition(state, event, this.#config);
    } catch (error) {
      this.#report(error);
      return undefined;
    }
  }

  #publish(state: State): void {
    if (this.#listeners === undefined) return;
    for (const subscription of [...this.#listeners]) {
      if (this.#listeners.has(subscription)) this.#guard(() => subscription.listener(state));
    }
  }

  #perform(effects: readonly Effect[]): void {
    for (const effect of effects) this.#guard(() => this.#performer.perform(effect));
  }

  #guard(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#report(error);
    }
  }

  #report(error: unknown): void {
    try {
      this.#performer.failed(error);
    } catch {
      // There is nobody left to tell.
    }
  }
}

interface Subscription<State> {
  readonly listener: (state: State) => void;
}
