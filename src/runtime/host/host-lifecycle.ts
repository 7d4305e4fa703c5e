import type { LifecycleSignal, LifecycleSource } from "../../client/lifecycle.ts";
import { type Visibility, WakeWatch } from "../../client/wake-watch.ts";
import type { Clock } from "../../core/clock.ts";
import { livenessLimits } from "../../wire/limits.ts";

/** Who hears of a {@link HostLifecycle}. */
export interface HostLifecycleOwner {
  /** The program has slept. */
  woke(): void;
  /** The network is back, as the system believes. */
  wentOnline(): void;
  /** The program is shown. */
  foregrounded(): void;
  /** The program is in the background. */
  hidden(): void;
}

/**
 * The lifecycle of the program, heard once and handed on to every client of the host: one that is made while the program is
 * hidden hears so at once. Notices sleep by its own tick. Spec: HOST-10.
 */
export class HostLifecycle implements LifecycleSource {
  private readonly source: LifecycleSource;
  private readonly owner: HostLifecycleOwner;
  private readonly watch: WakeWatch;
  private readonly listeners = new Set<{ readonly hear: (signal: LifecycleSignal) => void }>();
  private unsubscribe: (() => void) | undefined = undefined;

  constructor(source: LifecycleSource, clock: Clock, owner: HostLifecycleOwner) {
    this.source = source;
    this.owner = owner;
    this.watch = new WakeWatch(clock, livenessLimits, {
      slept: () => owner.woke(),
      doubted: () => {},
      visibilityChanged: () => {},
    });
  }

  /** Whether somebody may see the program. */
  get visibility(): Visibility {
    return this.watch.visibility;
  }

  /** Listens from now on, until `dispose`. */
  start(): void {
    if (this.unsubscribe !== undefined) return;
    this.watch.listen(this);
    this.unsubscribe = this.source.subscribe((signal) => this.hear(signal));
    this.watch.start();
  }

  /** Listens to nothing more. */
  dispose(): void {
    this.unsubscribe?.();
    this.unsubscribe = undefined;
    this.watch.dispose();
  }

  subscribe(listener: (signal: LifecycleSignal) => void): () => void {
    const entry = { hear: listener };
    this.listeners.add(entry);
    if (this.visibility === "hidden") listener("hidden");
    return () => this.listeners.delete(entry);
  }

  private hear(signal: LifecycleSignal): void {
    for (const entry of [...this.listeners]) {
      if (this.listeners.has(entry)) entry.hear(signal);
    }
    switch (signal) {
      case "foreground":
        this.owner.foregrounded();
        break;
      case "hidden":
      case "frozen":
        this.owner.hidden();
        break;
      case "online":
        this.owner.wentOnline();
        break;
      case "offline":
        // A belief of the system; silence will show whether it is true.
        break;
    }
  }
}
