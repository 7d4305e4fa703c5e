import type { Clock, Timer } from "../../client/index.ts";
import { Queue } from "../../core/queue.ts";

/** How things pass at the moment. */
export type Gate =
  | { readonly kind: "open" }
  /** Nothing passes until the gate is another one. */
  | { readonly kind: "held" }
  /** Everything passes later, in order. */
  | { readonly kind: "delayed"; readonly delayMs: number };

interface Item {
  readonly dueMs: number;
  readonly bytes: number;
  readonly run: () => void;
}

/** One direction of a connection: what goes through it goes in order, at once, later, or not before it is let go. */
export class Lane {
  private readonly clock: Clock;
  private readonly gate: () => Gate;
  private readonly passed: () => void;
  private readonly items = new Queue<Item>();
  private timer: Timer | undefined;
  private bytes = 0;

  /** @param gate Asked each time. @param passed Something that had to wait has gone through. Default: nobody is told. */
  constructor(clock: Clock, gate: () => Gate, passed: () => void = () => {}) {
    this.clock = clock;
    this.gate = gate;
    this.passed = passed;
  }

  /** Bytes of what waits. */
  get heldBytes(): number {
    return this.bytes;
  }

  /** Lets something through, behind all that waits. @param bytes What it counts as while it waits. Default 0. */
  push(run: () => void, bytes = 0): void {
    const gate = this.gate();
    if (gate.kind === "open" && this.items.length === 0) {
      run();
      return;
    }
    this.bytes += bytes;
    this.items.push({ run, bytes, dueMs: this.clock.now() + (gate.kind === "delayed" ? gate.delayMs : 0) });
    this.schedule();
  }

  /** The gate is another one. */
  gateChanged(): void {
    this.timer?.cancel();
    this.timer = undefined;
    this.schedule();
  }

  /** Drops all that waits. */
  clear(): void {
    this.timer?.cancel();
    this.timer = undefined;
    this.items.clear();
    this.bytes = 0;
  }

  private schedule(): void {
    const next = this.items.at(0);
    const gate = this.gate();
    if (next === undefined || gate.kind === "held" || this.timer !== undefined) return;
    const waitMs = gate.kind === "open" ? 0 : Math.max(0, next.dueMs - this.clock.now());
    this.timer = this.clock.setTimer(waitMs, () => this.pass());
  }

  private pass(): void {
    this.timer = undefined;
    const count = this.items.length;
    for (let passed = 0; passed < count; passed += 1) {
      const next = this.items.at(0);
      const gate = this.gate();
      if (next === undefined || gate.kind === "held") break;
      if (gate.kind === "delayed" && next.dueMs > this.clock.now()) break;
      this.items.shift();
      this.bytes -= next.bytes;
      next.run();
    }
    this.passed();
    this.schedule();
  }
}
