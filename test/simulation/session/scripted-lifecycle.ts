import type { LifecycleSignal, LifecycleSource } from "../../../src/client/index.ts";

/** What happens to a program, as the world says. */
export class ScriptedLifecycle implements LifecycleSource {
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
    for (const listener of this.listeners) listener(signal);
  }
}
