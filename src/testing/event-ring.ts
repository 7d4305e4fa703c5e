/** What happened last in a simulated world, oldest first, for the report of a failing seed. */
export class EventRing {
  private readonly events: Array<readonly [atMs: number, what: () => string]> = [];
  private readonly length: number;
  private next = 0;

  /** @param length How many events are kept. */
  constructor(length: number) {
    this.length = length;
  }

  /** Adds an event. `what` is asked for its text only when somebody wants to read it. */
  add(atMs: number, what: () => string): void {
    this.events[this.next] = [atMs, what];
    this.next = (this.next + 1) % this.length;
  }

  /** The events that are kept, one line each, with their instants in milliseconds. */
  lines(): string[] {
    const inOrder = [...this.events.slice(this.next), ...this.events.slice(0, this.next)];
    return inOrder.map(([atMs, what]) => `${atMs.toFixed(1).padStart(12)} ms  ${what()}`);
  }
}
