import type { Random } from "../core/random.ts";

const TWO_TO_26 = 2 ** 26;
const TWO_TO_32 = 2 ** 32;
const TWO_TO_53 = 2 ** 53;

/**
 * Chance that is the same for the same seed: xoshiro128** by Blackman and Vigna, its state filled from the seed by
 * splitmix32. Not fit for secrets.
 */
export class SimulatedRandom implements Random {
  private state: { readonly a: number; readonly b: number; readonly c: number; readonly d: number };

  /** @param seed any integer; its lowest 32 bits count. */
  constructor(seed: number) {
    const next = splitMix32(seed);
    this.state = { a: next(), b: next(), c: next(), d: next() };
  }

  unit(): number {
    return ((this.next() >>> 5) * TWO_TO_26 + (this.next() >>> 6)) / TWO_TO_53;
  }

  bytes(length: number): Uint8Array {
    const words = Uint32Array.from({ length: Math.ceil(length / 4) }, () => this.next());
    return new Uint8Array(words.buffer, 0, length);
  }

  /** An integer from 0 (included) to `end` (not included). 0 where `end` is 0. */
  int(end: number): number {
    return Math.floor(this.unit() * end);
  }

  /** A number from `from` (included) to `to` (not included). */
  between(from: number, to: number): number {
    return from + this.unit() * (to - from);
  }

  /** True with the probability `probability`, 0 to 1. */
  chance(probability: number): boolean {
    return this.unit() < probability;
  }

  /** One of `items`. Throws where there are none. */
  pick<T>(items: readonly T[]): T {
    if (items.length === 0) throw new RangeError("there is nothing to pick from");
    return items[this.int(items.length)] as T;
  }

  /** Another source, independent of what this one does from now on: for one part of a world. */
  fork(): SimulatedRandom {
    return new SimulatedRandom(this.next());
  }

  private next(): number {
    const { a, b, c, d } = this.state;
    const mixedC = c ^ a;
    const mixedD = d ^ b;
    this.state = { a: a ^ mixedD, b: b ^ mixedC, c: mixedC ^ (b << 9), d: rotate(mixedD, 11) };
    return Math.imul(rotate(Math.imul(b, 5), 7), 9) >>> 0;
  }
}

function rotate(value: number, by: number): number {
  return (value << by) | (value >>> (32 - by));
}

function splitMix32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x9e3779b9) % TWO_TO_32;
    const first = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    const second = Math.imul(first ^ (first >>> 15), 0x735a2d97);
    return (second ^ (second >>> 15)) >>> 0;
  };
}
