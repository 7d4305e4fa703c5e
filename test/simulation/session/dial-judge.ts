import type { Judge } from "./judge.ts";

const FULL = 20;
const REFILL_MS = 3_000;
/** What sums of fractions may differ by. */
const TOLERANCE = 1e-6;

/** The retry budget of one client, counted beside it: 20 attempts, one back every 3 s. */
export class DialJudge {
  private readonly judge: Judge;
  private tokens = FULL;
  private atMs: number;
  /** The application has asked for a connection: the next dial is not the client's own. */
  private isAsked = true;

  constructor(judge: Judge, nowMs: number) {
    this.judge = judge;
    this.atMs = nowMs;
  }

  /** The application asks for a connection. */
  asked(): void {
    this.isAsked = true;
  }

  /** The client dials. */
  dialled(nowMs: number): void {
    this.tokens = Math.min(FULL, this.tokens + (nowMs - this.atMs) / REFILL_MS) - 1;
    this.atMs = nowMs;
    const isWithin = this.isAsked || this.tokens >= -TOLERANCE;
    this.judge.claim(isWithin, () => "a client dials more often than its budget allows");
    this.tokens = Math.max(0, this.tokens);
    this.isAsked = false;
  }
}
