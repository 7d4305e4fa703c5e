import { ConnectionTimer } from "../../gen/moorline/machine/v1/connection_pb.ts";
import type { Clock, Timer } from "../core/clock.ts";

/** A timer of the connection machine that runs, or is held. */
export interface RunningTimer {
  /** Which one. */
  readonly name: ConnectionTimer;
  /** The generation that its event brings back. */
  readonly generation: number;
  /** When the machine wanted it to be due, whatever has moved it since. */
  readonly atMs: number;
}

interface Entry extends RunningTimer {
  /** Since when it runs. */
  readonly sinceMs: number;
  readonly dueAtMs: number;
  /** Undefined while it is held. */
  readonly timer: Timer | undefined;
}

/** Who hears of {@link ConnectionTimers}. */
export interface TimerOwner {
  /** Called before a timer counts as due. May move it. */
  beforeDue(): void;
  /** A timer is due, and gone. */
  due(timer: RunningTimer): void;
}

/** The timers of a connection machine, at most one of each name. Spec: RUN-3, LIVE-6. */
export class ConnectionTimers {
  private readonly clock: Clock;
  private readonly owner: TimerOwner;
  private readonly entries = new Map<ConnectionTimer, Entry>();

  constructor(clock: Clock, owner: TimerOwner) {
    this.clock = clock;
    this.owner = owner;
  }

  /** Starts a timer, in the place of the one of its name. */
  start(timer: RunningTimer): void {
    this.arm(timer, timer.atMs);
  }

  /** Whether a timer of this name runs, or is held. */
  isRunning(name: ConnectionTimer): boolean {
    return this.entries.has(name);
  }

  /** Cancels a timer. Does nothing where it does not run. */
  cancel(name: ConnectionTimer): void {
    this.entries.get(name)?.timer?.cancel();
    this.entries.delete(name);
  }

  /** Cancels every timer. */
  cancelAll(): void {
    for (const name of [...this.entries.keys()]) this.cancel(name);
  }

  /** Stops a timer that is not to be due until `resume`. Does nothing where it does not run. */
  hold(name: ConnectionTimer): void {
    const entry = this.entries.get(name);
    if (entry === undefined) return;
    entry.timer?.cancel();
    this.entries.set(name, { ...entry, timer: undefined });
  }

  /** Lets a timer that was held be due at `dueAtMs`. Does nothing where none is. */
  resume(name: ConnectionTimer, dueAtMs: number): void {
    const entry = this.entries.get(name);
    if (entry !== undefined && entry.timer === undefined) this.arm(entry, dueAtMs);
  }

  /**
   * Moves every timer that runs by `gapMs`, but for the one of the next attempt. One that was started in the gap is moved by
   * no more than it has run: what came late may have started it before anybody noticed that there was a gap.
   */
  shift(gapMs: number): void {
    const nowMs = this.clock.now();
    for (const entry of [...this.entries.values()]) {
      if (entry.name === ConnectionTimer.RETRY || entry.timer === undefined) continue;
      this.arm(entry, entry.dueAtMs + Math.min(gapMs, nowMs - entry.sinceMs));
    }
  }

  private arm(timer: RunningTimer, dueAtMs: number): void {
    const { name, generation, atMs } = timer;
    this.cancel(name);
    const sinceMs = this.clock.now();
    const handle = this.clock.setTimer(Math.max(0, dueAtMs - sinceMs), () => this.fire(name, handle));
    this.entries.set(name, { name, generation, atMs, sinceMs, dueAtMs, timer: handle });
  }

  private fire(name: ConnectionTimer, handle: Timer): void {
    this.owner.beforeDue();
    const entry = this.entries.get(name);
    if (entry === undefined || entry.timer !== handle) return;
    this.entries.delete(name);
    this.owner.due(entry);
  }
}
