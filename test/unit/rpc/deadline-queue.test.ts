import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type DeadlineEntry, DeadlineQueue } from "../../../src/rpc/deadline-queue.ts";
import { SimulatedClock } from "../../../src/testing/simulated-clock.ts";

function entry(atMs: number, expire: () => void): DeadlineEntry {
  return { atMs, queueIndex: -1, expire };
}

describe("DeadlineQueue", () => {
  it("expires each entry at its time, the removed ones never, whatever the order [DEADLINE-2]", () => {
    const step = fc.record({ atMs: fc.nat(50), removeAtMs: fc.option(fc.nat(50), { nil: undefined }) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const clock = new SimulatedClock();
        const queue = new DeadlineQueue(clock);
        const expired: Array<readonly [index: number, atMs: number]> = [];
        const entries = steps.map(({ atMs }, index) => entry(atMs, () => expired.push([index, clock.now()])));
        for (const one of entries) queue.add(one);
        steps.forEach(({ removeAtMs }, index) => {
          if (removeAtMs !== undefined) clock.setTimer(removeAtMs, () => queue.remove(entries[index] as DeadlineEntry));
        });
        clock.advance(60);
        const due = steps.flatMap(({ atMs, removeAtMs }, index) =>
          removeAtMs === undefined || removeAtMs > atMs ? [[index, atMs] as const] : [],
        );
        const either = new Set(steps.flatMap(({ atMs, removeAtMs }, index) => (removeAtMs === atMs ? [index] : [])));
        const certain = expired.filter(([index]) => !either.has(index));
        expect(certain.toSorted(([a], [b]) => a - b)).toEqual(due.toSorted(([a], [b]) => a - b));
        expect([queue.length, clock.pending]).toEqual([0, 0]);
      }),
      { numRuns: 300 },
    );
  });

  it("keeps its order when an entry from its middle is removed [DEADLINE-2]", () => {
    const clock = new SimulatedClock();
    const queue = new DeadlineQueue(clock);
    const log: number[] = [];
    // As a heap, the last entry belongs above the place that becomes free.
    const entries = [0, 10, 1, 20, 21, 2, 3].map((atMs) => entry(atMs, () => log.push(atMs)));
    for (const one of entries) queue.add(one);
    queue.remove(entries[3] as DeadlineEntry);
    clock.advance(5);
    expect(log).toEqual([0, 1, 2, 3]);
  });

  it("has one timer for all entries, and none without any [DEADLINE-2]", () => {
    const clock = new SimulatedClock();
    const queue = new DeadlineQueue(clock);
    const entries = [30, 10, 20].map((atMs) => entry(atMs, () => {}));
    for (const one of entries) queue.add(one);
    expect([queue.length, clock.pending]).toEqual([3, 1]);
    for (const one of entries) queue.remove(one);
    expect([queue.length, clock.pending]).toEqual([0, 0]);
    queue.remove(entries[0] as DeadlineEntry);
    expect(queue.length).toBe(0);
  });

  it("waits for times beyond the longest timer of a system [DEADLINE-2]", () => {
    const delays: number[] = [];
    const clock = new SimulatedClock();
    const setTimer = clock.setTimer.bind(clock);
    clock.setTimer = (delayMs, callback) => {
      delays.push(delayMs);
      return setTimer(delayMs, callback);
    };
    let hasExpired = false;
    new DeadlineQueue(clock).add(
      entry(60 * 24 * 60 * 60 * 1000, () => {
        hasExpired = true;
      }),
    );
    clock.advance(60 * 24 * 60 * 60 * 1000);
    expect(hasExpired).toBe(true);
    expect(Math.max(...delays)).toBeLessThan(2 ** 31);
  });

  it("takes entries that are added while others expire [DEADLINE-2]", () => {
    const clock = new SimulatedClock();
    const queue = new DeadlineQueue(clock);
    const log: number[] = [];
    const again = (atMs: number): void => {
      log.push(clock.now());
      if (atMs < 30) queue.add(entry(atMs + 10, () => again(atMs + 10)));
    };
    queue.add(entry(10, () => again(10)));
    queue.add(entry(25, () => log.push(-25)));
    clock.advance(100);
    expect(log).toEqual([10, 20, -25, 30]);
    expect(clock.pending).toBe(0);
  });
});
