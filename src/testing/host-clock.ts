import type { Clock, Timer } from "../core/clock.ts";
import type { SimulatedClock } from "./simulated-clock.ts";

/**
 * The clock of one process of a simulated world, which may sleep or die while the others go on. What falls due while it
 * sleeps happens when it wakes, in order; what falls due after its death never happens.
 */
export class HostClock implements Clock {
  private readonly world: SimulatedClock;
  private readonly held: Array<() => void> = [];
  private state: "awake" | "asleep" | "dead" = "awake";
  private awakeAt = 0;
  private wallOffsetMs = 0;

  constructor(world: SimulatedClock) {
    this.world = world;
  }

  now(): number {
    return this.world.now();
  }

  wallNow(): number {
    return this.world.wallNow() + this.wallOffsetMs;
  }

  setTimer(delayMs: number, callback: () => void): Timer {
    let isCancelled = false;
    const run = (): void => {
      if (!isCancelled) callback();
    };
    const timer = this.world.setTimer(delayMs, () => this.perform(run));
    return {
      cancel() {
        isCancelled = true;
        timer.cancel();
      },
    };
  }

  defer(callback: () => void): void {
    this.world.defer(() => this.perform(callback));
  }

  soon(callback: () => void): void {
    this.world.soon(() => this.perform(callback));
  }

  /** Whether the process lives, awake or asleep. */
  get isAlive(): boolean {
    return this.state !== "dead";
  }

  /** Does something in this process: now, or when it wakes, or never where it is dead. */
  perform(callback: () => void): void {
    if (this.state === "awake") callback();
    else if (this.state === "asleep") this.held.push(callback);
  }

  /** Lets the process sleep for `ms` from now, or longer where it already sleeps longer. */
  sleep(ms: number): void {
    if (this.state === "dead") return;
    this.state = "asleep";
    this.awakeAt = Math.max(this.awakeAt, this.world.now() + ms);
    this.world.setTimer(ms, () => this.wakeIfDue());
  }

  /** Moves the wall clock of this process by `ms`, back where that is negative. */
  jumpWall(ms: number): void {
    this.wallOffsetMs += ms;
  }

  /** Ends the process: nothing of it happens any more. */
  kill(): void {
    this.state = "dead";
    this.held.length = 0;
  }

  private wakeIfDue(): void {
    if (this.state !== "asleep" || this.world.now() < this.awakeAt) return;
    this.state = "awake";
    for (const callback of this.held.splice(0)) this.defer(callback);
  }
}
