import type { Clock } from "../core/clock.ts";

/** A channel, as far as its memory is concerned. */
export interface ByteHolder {
  /** What it holds: numbered and not acknowledged, received and not read. */
  readonly heldBytes: number;
  /** When it is lost by itself. Undefined while a connection carries it. */
  readonly deadlineAtMs: number | undefined;
  /** It is lost, with everything that it holds. */
  evict(): void;
}

/** The part of the limit that may come in or go out until everything is measured anew. */
const PRECISION = 64;

/**
 * Keeps what all channels of a server hold below a limit. Measuring every channel at every packet would cost too much: what
 * passes is added up, and only where that could have brought the sum over the limit, everything is measured, at most once
 * for each 64th of the limit that has passed. Spec: CHAN-10.
 */
export class HeldBytes {
  private readonly maxBytes: number;
  private readonly clock: Clock;
  private readonly holders: () => Iterable<ByteHolder>;
  /** Bytes that may pass until it is time to measure. */
  private left: number;
  private measuring: "idle" | "deferred" = "idle";

  /** @param maxBytes The limit. @param clock Time. @param holders Every channel. */
  constructor(maxBytes: number, clock: Clock, holders: () => Iterable<ByteHolder>) {
    this.maxBytes = maxBytes;
    this.clock = clock;
    this.holders = holders;
    this.left = maxBytes;
  }

  /** A packet has come or gone. */
  note(bytes: number): void {
    this.left -= bytes;
    if (this.left >= 0 || this.measuring === "deferred") return;
    this.measuring = "deferred";
    this.clock.defer(() => {
      this.measuring = "idle";
      this.left = Math.max(this.maxBytes - this.enforce(), Math.ceil(this.maxBytes / PRECISION));
    });
  }

  /** What all channels hold now. */
  measure(): number {
    let total = 0;
    for (const { heldBytes } of this.holders()) total += heldBytes;
    return total;
  }

  /** Loses channels until the limit is kept: detached ones, the longest first, then those that hold most. @returns What is held then. */
  private enforce(): number {
    let total = this.measure();
    if (total <= this.maxBytes) return total;
    const victims = [...this.holders()]
      .map((holder) => ({
        holder,
        bytes: holder.heldBytes,
        deadlineAtMs: holder.deadlineAtMs ?? Number.POSITIVE_INFINITY,
      }))
      .filter(({ bytes }) => bytes > 0)
      .sort((a, b) => byDeadline(a.deadlineAtMs, b.deadlineAtMs) || b.bytes - a.bytes);
    for (const { holder, bytes } of victims) {
      if (total <= this.maxBytes) break;
      holder.evict();
      total -= bytes;
    }
    return total;
  }
}

function byDeadline(a: number, b: number): number {
  return a === b ? 0 : a - b;
}
