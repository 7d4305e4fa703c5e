import type { LifecycleSignal, LifecycleSource } from "../../../src/client/index.ts";

/** What happens to a program, as the world says. */
export class ScriptedLifecycle implements LifecycleSource {
  /** Whether the program is in the background, so that its client has no timers of its own. */
  isHidden = false;
  private readonly listeners = new Set<(signal: LifecycleSignal) => void>();

  /** How many listen. */
  get listenerCount(): number {
    return this.listeners.size;
  }

  subscribe(listener: (signal: LifecycleSignal) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Tells a signal. */
  signal(signal: LifecycleSignal): void {
    if (signal === "hidden" || signal === "frozen") this.isHidden = true;
    else if (signal === "foreground") this.isHidden = false;
    for (const listener of this.listeners) listener(signal);
  }
}
