import { Queue } from "../core/queue.ts";
import type { ProbeLimits } from "../wire/limits.ts";

const MINUTE_MS = 60_000;

/** The probes of one session key. */
interface ProbeCount {
  /** How many there are now. */
  open: number;
  /** When those of the last minute began. */
  readonly begunAtMs: Queue<number>;
}

/** Counts the probes of each session key. Spec: PROBE-5. */
export class ProbeLimiter {
  private readonly limits: ProbeLimits;
  /** By the hash of the session key; the key whose last probe began first comes first. */
  private readonly counts = new Map<string, ProbeCount>();

  /** @param limits How many. */
  constructor(limits: ProbeLimits) {
    this.limits = limits;
  }

  /** A probe begins. @returns What ends it, to be called once; undefined where it is one too many. */
  begin(sessionHash: string, nowMs: number): (() => void) | undefined {
    this.forget(nowMs);
    const count = this.counts.get(sessionHash) ?? { open: 0, begunAtMs: new Queue<number>() };
    dropBefore(count.begunAtMs, nowMs - MINUTE_MS);
    if (count.open >= this.limits.maxOpen || count.begunAtMs.length >= this.limits.maxPerMinute) return undefined;
    count.open += 1;
    count.begunAtMs.push(nowMs);
    this.counts.delete(sessionHash);
    this.counts.set(sessionHash, count);
    return () => {
      count.open -= 1;
    };
  }

  /** Drops keys that have no probe now and had none for a minute. One with a probe that lives longer ends the search. */
  private forget(nowMs: number): void {
    for (const [sessionHash, { open, begunAtMs }] of this.counts) {
      dropBefore(begunAtMs, nowMs - MINUTE_MS);
      if (open > 0 || begunAtMs.length > 0) return;
      this.counts.delete(sessionHash);
    }
  }
}

function dropBefore(instants: Queue<number>, atMs: number): void {
  for (let first = instants.at(0); first !== undefined && first <= atMs; first = instants.at(0)) instants.shift();
}
