import type { Clock, Timer } from "../core/clock.ts";
import type { LivenessLimits } from "../wire/limits.ts";
import type { LifecycleSignal, LifecycleSource } from "./lifecycle.ts";

/** Who hears of a {@link WakeWatch}. */
export interface WakeOwner {
  /** Time went on for `gapMs` without this program: what waited for the daemon could not hear it. */
  slept(gapMs: number): void;
  /** The connection may be dead without anybody having noticed. */
  doubted(): void;
  /** The program is in the background from now on, or no longer. */
  visibilityChanged(visibility: Visibility): void;
}

/** Whether somebody may see the program. */
export type Visibility = "visible" | "hidden";

/** A tick that runs. */
interface Tick {
  readonly timer: Timer;
  readonly startedAtMs: number;
}

/**
 * Notices when a connection has to be doubted: the program comes to the foreground or online, or its own tick was late by
 * seconds, as after sleep. Ticks only while it is started and visible. Spec: LIVE-5 to LIVE-7.
 */
export class WakeWatch {
  private readonly clock: Clock;
  private readonly limits: LivenessLimits;
  private readonly owner: WakeOwner;
  private mode: "stopped" | "watching" = "stopped";
  private seen: Visibility = "visible";
  private tick: Tick | undefined = undefined;
  private unsubscribe: (() => void) | undefined = undefined;

  constructor(clock: Clock, limits: LivenessLimits, owner: WakeOwner) {
    this.clock = clock;
    this.limits = limits;
    this.owner = owner;
  }

  /** Whether somebody may see the program. */
  get visibility(): Visibility {
    return this.seen;
  }

  /** Listens to lifecycle signals, until `dispose`. */
  listen(source: LifecycleSource): void {
    this.unsubscribe = source.subscribe((signal) => this.hear(signal));
  }

  /** There is something to watch over: ticks from now on. */
  start(): void {
    this.mode = "watching";
    this.startTick();
  }

  /** There is nothing to watch over: no ticks any more. */
  stop(): void {
    this.mode = "stopped";
    this.stopTick();
  }

  /** Stops for good and listens to nothing more. */
  dispose(): void {
    this.stop();
    this.unsubscribe?.();
    this.unsubscribe = undefined;
  }

  /** Looks whether the tick is late, before it comes. For timers that are due as late as it is. */
  check(): void {
    if (this.tick === undefined) return;
    const gapMs = this.clock.now() - this.tick.startedAtMs;
    if (gapMs <= this.limits.wakeGapMs) return;
    this.startTick();
    this.owner.slept(gapMs);
    this.owner.doubted();
  }

  private hear(signal: LifecycleSignal): void {
    switch (signal) {
      case "hidden":
      case "frozen":
        this.changeVisibility("hidden");
        break;
      case "foreground":
        this.changeVisibility("visible");
        this.owner.doubted();
        break;
      case "online":
        this.owner.doubted();
        break;
      case "offline":
        // A belief of the system; silence will show whether it is true.
        break;
    }
  }

  private changeVisibility(visibility: Visibility): void {
    if (this.seen === visibility) return;
    this.seen = visibility;
    if (visibility === "hidden") this.stopTick();
    else if (this.mode === "watching") this.startTick();
    this.owner.visibilityChanged(visibility);
  }

  private startTick(): void {
    this.stopTick();
    if (this.seen === "hidden") return;
    const timer = this.clock.setTimer(this.limits.tickMs, () => {
      this.check();
      if (this.tick?.timer === timer) this.startTick();
    });
    this.tick = { timer, startedAtMs: this.clock.now() };
  }

  private stopTick(): void {
    this.tick?.timer.cancel();
    this.tick = undefined;
  }
}
