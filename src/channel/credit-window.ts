import type { LocalChannelLimits } from "../wire/limits.ts";

/** How far the windows of a channel's calls have grown, all together. */
export class CreditBudget {
  private left: number;

  /** @param bytes The most that they may grow by. */
  constructor(bytes: number) {
    this.left = bytes;
  }

  /** Takes at most `bytes`. @returns What there was. */
  take(bytes: number): number {
    const taken = Math.min(bytes, this.left);
    this.left -= taken;
    return taken;
  }

  /** Gives back what was taken. */
  giveBack(bytes: number): void {
    this.left += bytes;
  }
}

/**
 * What the peer of a call may send before anything of it is read. A reader that takes in a whole window within a second
 * gets twice as much: on a fast or a long way a small window has the peer wait for credit. Spec: CREDIT-8.
 */
export class CreditWindow {
  private readonly limits: LocalChannelLimits;
  private readonly budget: CreditBudget;
  private bytes: number;
  private grown = 0;
  /** What was read since then. */
  private readBytes = 0;
  private readSinceMs: number | undefined = undefined;

  /** @param limits The size at first and at most. @param budget What windows may grow by. */
  constructor(limits: LocalChannelLimits, budget: CreditBudget) {
    this.limits = limits;
    this.budget = budget;
    this.bytes = limits.initialCreditBytes;
  }

  /** The size, in bytes of credit. */
  get size(): number {
    return this.bytes;
  }

  /** The opening of the call has asked for more. */
  widen(bytes: number): void {
    this.bytes += bytes;
  }

  /** So much was read, and is given back to the peer. @returns What the window has grown by. */
  read(bytes: number, nowMs: number): number {
    this.readSinceMs ??= nowMs;
    this.readBytes += bytes;
    if (this.readBytes < this.bytes) return 0;
    const isFast = nowMs - this.readSinceMs <= this.limits.creditGrowthMs;
    this.readSinceMs = nowMs;
    this.readBytes = 0;
    return isFast ? this.grow() : 0;
  }

  /** The call is over. */
  release(): void {
    this.budget.giveBack(this.grown);
    this.grown = 0;
  }

  private grow(): number {
    const wanted = Math.min(this.bytes, this.limits.maxCreditBytes - this.bytes);
    if (wanted <= 0) return 0;
    const growth = this.budget.take(wanted);
    this.bytes += growth;
    this.grown += growth;
    return growth;
  }
}
