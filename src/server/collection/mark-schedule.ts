import type { Clock, Timer } from "../../core/clock.ts";

/** A mark comes after so many batches at the latest. Spec: DIR-9. */
export const MARK_AFTER_BATCHES = 64;
/** A mark comes so long after the first batch since the last mark, in milliseconds, at the latest. Spec: DIR-9. */
export const MARK_AFTER_CHANGE_MS = 5_000;
/** A mark comes so long after the last one, in milliseconds, where nothing has changed. Spec: DIR-9. */
export const MARK_IDLE_MS = 30_000;

/** When a watch owes its next mark. */
export class MarkSchedule {
  private readonly clock: Clock;
  private readonly onDue: () => void;
  private timer: Timer | undefined = undefined;
  private dueAtMs = Number.POSITIVE_INFINITY;
  private batches = 0;

  /** @param onDue Hears when time has made a mark due. */
  constructor(clock: Clock, onDue: () => void) {
    this.clock = clock;
    this.onDue = onDue;
  }

  /** Whether a mark is due now. */
  get isDue(): boolean {
    return this.batches >= MARK_AFTER_BATCHES || this.clock.now() >= this.dueAtMs;
  }

  /** A batch was given. */
  batchGiven(): void {
    this.batches += 1;
    if (this.batches === 1) this.start(MARK_AFTER_CHANGE_MS);
  }

  /** A mark was given. */
  markGiven(): void {
    this.batches = 0;
    this.start(MARK_IDLE_MS);
  }

  /** No mark is owed until the next batch or mark. */
  stop(): void {
    this.timer?.cancel();
    this.timer = undefined;
    this.dueAtMs = Number.POSITIVE_INFINITY;
    this.batches = 0;
  }

  private start(delayMs: number): void {
    this.timer?.cancel();
    this.dueAtMs = this.clock.now() + delayMs;
    this.timer = this.clock.setTimer(delayMs, this.onDue);
  }
}
