import type { HostState } from "../../../gen/moorline/machine/v1/host_moorline.ts";
import type {
  PresentationEffect,
  PresentationEvent,
  PresentationState,
} from "../../../gen/moorline/machine/v1/presentation_moorline.ts";
import type { SyncState } from "../../../gen/moorline/machine/v1/sync_moorline.ts";
import { Presentation } from "../../../gen/moorline/state/v1/presentation_pb.ts";
import type { Clock, Timer } from "../../core/clock.ts";
import type { LogEntry, Performer } from "../../core/machine.ts";
import { Runner } from "../../core/runner.ts";
import {
  defaultPresentationConfig,
  initialPresentationState,
  type PresentationConfig,
  presentationMachine,
  shownPresentation,
} from "../../machine/presentation.ts";
import { createTransition, type TransitionSink } from "../../machine/transition-log.ts";
import { systemClock } from "../../transport/system-clock.ts";
import { checkMethods, checkObject, checkRange, MAX_UINT32 } from "../../wire/check-given.ts";
import { Listeners, type Source } from "../source.ts";
import { presentationOf } from "./presentation-of.ts";

/** What a {@link createPresentation} is made from. */
export interface PresentationOptions {
  /** The mirror that is looked at. */
  readonly sync: Source<SyncState>;
  /** Its host: a HostRuntime will do. */
  readonly host: Source<{ readonly host: HostState; readonly serverId?: string; readonly sessionRef?: string }>;
  /** Whether what is looked at is a creation that is still under way. Default: it is not. */
  readonly isOptimistic?: Source<boolean>;
  /** Time, for the toast. Default: the system's. */
  readonly clock?: Clock;
  /** Times other than the defaults. */
  readonly config?: Partial<PresentationConfig>;
  /** Takes the transition log. */
  readonly onTransition?: TransitionSink;
  /** Hears what listeners have thrown. Default: nobody does. */
  readonly onError?: (error: unknown) => void;
}

/** What a view shows beside its data, or instead. */
export interface PresentationSource extends Source<Presentation> {
  /** Lets go of mirror and host, for good. Listeners hear nothing any more. */
  readonly dispose: () => void;
}

/**
 * Follows what a view of a mirror shows: {@link presentationOf}, with the toast only where a refresh takes long. Mirror
 * and host are listened to, and a timer runs, only while somebody subscribes. Spec: PRESENT-3 to PRESENT-6.
 * @throws MoorlineError OPTION_INVALID where an option has another form.
 */
export function createPresentation(options: PresentationOptions): PresentationSource {
  checkObject("options", options);
  const { sync, host, isOptimistic, config = {} } = options;
  for (const [name, source] of Object.entries({ sync, host, ...(isOptimistic && { isOptimistic }) })) {
    checkMethods(name, source, ["getSnapshot", "subscribe"]);
  }
  checkRange("toastAfterMs", config.toastAfterMs ?? 0, 0, MAX_UINT32);
  const presenter = new Presenter(options);
  return {
    getSnapshot: () => presenter.getSnapshot(),
    subscribe: (listener) => presenter.subscribe(listener),
    dispose: () => presenter.dispose(),
  };
}

class Presenter implements Performer<PresentationState, PresentationEvent, PresentationEffect> {
  readonly #options: PresentationOptions;
  readonly #clock: Clock;
  readonly #runner: Runner<PresentationState, PresentationEvent, PresentationEffect, PresentationConfig>;
  readonly #listeners = new Listeners((error) => this.failed(error));
  #sources: readonly (() => void)[] = [];
  #timer: Timer | undefined = undefined;

  constructor(options: PresentationOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    const config = { ...defaultPresentationConfig, ...options.config };
    this.#runner = new Runner(presentationMachine, config, this, initialPresentationState);
  }

  /** While nobody subscribes, what the situation is; a toast only where it was shown to the last one who did. */
  getSnapshot(): Presentation {
    const state = this.#runner.getSnapshot();
    const shown = shownPresentation(state);
    if (state.state.case !== "unwatched") return shown;
    const situation = this.#situation();
    if (situation !== Presentation.TOAST) return situation;
    return shown === Presentation.TOAST ? shown : Presentation.NONE;
  }

  subscribe(listener: () => void): () => void {
    if (this.#runner.getSnapshot().state.case === "disposed") return () => {};
    const remove = this.#listeners.add(listener);
    if (this.#listeners.size === 1) this.#watch();
    return () => {
      const { size } = this.#listeners;
      remove();
      if (size === 1 && this.#listeners.size === 0) this.#leave();
    };
  }

  dispose(): void {
    this.#release();
    this.#runner.dispatch({ event: { case: "disposed", value: {} } });
  }

  perform({ effect }: PresentationEffect): void {
    if (effect.case === "cancelTimer") this.#timer?.cancel();
    if (effect.case !== "startTimer") return;
    const dueAtMs = effect.value.atMs;
    this.#timer = this.#clock.setTimer(dueAtMs - this.#clock.now(), () =>
      this.#dispatch({ event: { case: "toastDue", value: { dueAtMs } } }),
    );
  }

  logged(entry: LogEntry<PresentationState, PresentationEvent>): void {
    const { onTransition, host } = this.#options;
    if (onTransition === undefined) return;
    const { serverId = "", sessionRef = "" } = host.getSnapshot();
    onTransition(createTransition(presentationMachine, entry, { serverId, sessionRef, wallMs: this.#clock.wallNow() }));
  }

  failed(error: unknown): void {
    this.#options.onError?.(error);
  }

  #watch(): void {
    const { sync, host, isOptimistic } = this.#options;
    const observe = (): void => this.#observe();
    this.#sources = [sync, host, isOptimistic].flatMap((source) => (source ? [source.subscribe(observe)] : []));
    this.#observe();
  }

  #leave(): void {
    this.#release();
    this.#runner.dispatch({ event: { case: "left", value: {} } });
  }

  #release(): void {
    for (const unsubscribe of this.#sources) unsubscribe();
    this.#sources = [];
  }

  #observe(): void {
    const { state } = this.#options.sync.getSnapshot();
    const generation = state.value?.generation ?? 0;
    const value = { situation: this.#situation(), generation, nowMs: this.#clock.now() };
    this.#dispatch({ event: { case: "observed", value } });
  }

  #dispatch(event: PresentationEvent): void {
    const before = this.getSnapshot();
    this.#runner.dispatch(event);
    if (this.getSnapshot() === before) return;
    this.#listeners.notify();
  }

  #situation(): Presentation {
    const { sync, host, isOptimistic } = this.#options;
    return presentationOf(sync.getSnapshot(), host.getSnapshot().host, isOptimistic?.getSnapshot());
  }
}
