import { describe, expect, it } from "vitest";
import { SimulatedClock, SimulatedRandom } from "../../../src/testing/index.ts";

describe("SimulatedClock: timers", () => {
  it("runs what is due in the order of instants, equal ones in the order of setting", () => {
    const clock = new SimulatedClock();
    const order: string[] = [];
    for (const [delayMs, name] of [
      [20, "c"],
      [10, "a"],
      [20, "d"],
      [10, "b"],
      [30, "late"],
    ] as const) {
      clock.setTimer(delayMs, () => order.push(`${name} at ${clock.now()}`));
    }
    clock.advance(25);
    expect(order).toEqual(["a at 10", "b at 10", "c at 20", "d at 20"]);
    expect([clock.now(), clock.pending]).toEqual([25, 1]);
  });

  it("keeps that order for any schedule, with timers cancelled and set on the way", () => {
    const random = new SimulatedRandom(7);
    const clock = new SimulatedClock();
    const fired: Array<readonly [dueAt: number, sequence: number]> = [];
    let sequence = 0;
    const set = (): (() => void) => {
      const [delayMs, mine] = [random.int(50), sequence++];
      const dueAt = clock.now() + delayMs;
      const timer = clock.setTimer(delayMs, () => {
        expect(clock.now()).toBe(dueAt);
        fired.push([dueAt, mine]);
        if (sequence < 3_000) set();
        if (random.chance(0.3)) random.pick(cancels)();
      });
      return () => timer.cancel();
    };
    const cancels = Array.from({ length: 1_000 }, set);
    for (const cancel of cancels.slice(500, 900)) cancel();
    clock.advance(10_000);
    const sorted = fired.toSorted(([a, m], [b, n]) => a - b || m - n);
    expect(fired).toEqual(sorted);
    expect(fired.length).toBeGreaterThan(1_500);
    expect(clock.pending).toBe(0);
  });

  it("never runs a cancelled timer, also when another one of the same instant cancels it", () => {
    const clock = new SimulatedClock();
    const order: string[] = [];
    clock.setTimer(10, () => second.cancel());
    const second = clock.setTimer(10, () => order.push("never"));
    const fired = clock.setTimer(10, () => order.push("fired"));
    clock.advance(10);
    fired.cancel();
    expect(order).toEqual(["fired"]);
    expect(clock.pending).toBe(0);
  });

  it("runs deferred callbacks after the event that gave them and before any later timer", () => {
    const clock = new SimulatedClock();
    const order: string[] = [];
    clock.setTimer(5, () => {
      clock.defer(() => order.push("deferred"));
      order.push("timer");
    });
    clock.setTimer(5, () => order.push("next timer"));
    clock.advance(5);
    expect(order).toEqual(["timer", "deferred", "next timer"]);
  });

  it("does not let time pass by itself, nor backwards", () => {
    const clock = new SimulatedClock();
    clock.setTimer(-5, () => {});
    clock.advance(0);
    expect(clock.now()).toBe(0);
  });
});

describe("SimulatedClock: running", () => {
  it("stops as soon as the predicate holds, and says whether it did within the limit", () => {
    const clock = new SimulatedClock();
    let count = 0;
    const tick = (): void => {
      count += 1;
      clock.setTimer(10, tick);
    };
    clock.setTimer(10, tick);
    expect(clock.runUntil(() => count === 3, 1_000)).toBe(true);
    expect([clock.now(), count]).toEqual([30, 3]);
    expect(clock.runUntil(() => count === 100, 55)).toBe(false);
    expect([clock.now(), count]).toEqual([85, 8]);
  });

  it("throws where 10,000 events run without time passing", () => {
    const clock = new SimulatedClock();
    const again = (): void => clock.defer(again);
    clock.setTimer(40, again);
    expect(() => clock.advance(1_000)).toThrow(/10000 events ran at 40 ms without time passing/);
    const patient = new SimulatedClock({ maxEventsPerInstant: 5 });
    const retry = (): void => void patient.setTimer(0, retry);
    patient.setTimer(0, retry);
    expect(() => patient.advance(1)).toThrow(/5 events/);
  });

  it("counts events anew at each instant", () => {
    const clock = new SimulatedClock({ maxEventsPerInstant: 5 });
    for (let at = 1; at <= 100; at++) for (let i = 0; i < 5; i++) clock.setTimer(at, () => {});
    expect(() => clock.advance(200)).not.toThrow();
  });

  it("lets out what an event throws, and can go on after it", () => {
    const clock = new SimulatedClock();
    clock.setTimer(1, () => {
      throw new Error("broken");
    });
    expect(() => clock.advance(5)).toThrow("broken");
    clock.advance(5);
    expect(clock.now()).toBe(6);
  });

  it("refuses to run from inside an event", () => {
    const clock = new SimulatedClock();
    clock.setTimer(1, () => clock.advance(1));
    expect(() => clock.advance(5)).toThrow(/must not let time pass/);
  });
});

describe("SimulatedClock: promises", () => {
  it("lets all promises settle before each next event", async () => {
    const clock = new SimulatedClock();
    const order: string[] = [];
    const wait = (ms: number): Promise<void> => new Promise((resolve) => clock.setTimer(ms, resolve));
    const work = async (name: string): Promise<void> => {
      for (let round = 1; round <= 3; round++) {
        await wait(10);
        await Promise.resolve();
        await Promise.resolve();
        order.push(`${name}${round} at ${clock.now()}`);
      }
    };
    void work("a");
    void work("b");
    await clock.advanceAsync(30);
    expect(order).toEqual(["a1 at 10", "b1 at 10", "a2 at 20", "b2 at 20", "a3 at 30", "b3 at 30"]);
  });

  it("settles what is due now without letting time pass", async () => {
    const clock = new SimulatedClock();
    const order: string[] = [];
    clock.defer(() => void Promise.resolve().then(() => clock.defer(() => order.push("second"))));
    clock.setTimer(1, () => order.push("too early"));
    await clock.settle();
    expect([order, clock.now()]).toEqual([["second"], 0]);
  });

  it("asks the predicate after promises have settled", async () => {
    const clock = new SimulatedClock();
    let isDone = false;
    clock.setTimer(10, () => void Promise.resolve().then(() => (isDone = true)));
    clock.setTimer(20, () => {});
    expect(await clock.runUntilAsync(() => isDone, 100)).toBe(true);
    expect(clock.now()).toBe(10);
    expect(await clock.runUntilAsync(() => false, 15)).toBe(false);
    expect(clock.now()).toBe(25);
  });
});

describe("SimulatedClock: sleep and jumps", () => {
  it("runs what was due in a sleep at its end, in order", () => {
    const clock = new SimulatedClock();
    const order: string[] = [];
    clock.setTimer(20, () => order.push(`b at ${clock.now()}`));
    clock.setTimer(10, () => order.push(`a at ${clock.now()}`));
    clock.setTimer(200, () => order.push("later"));
    clock.sleep(100);
    expect(order).toEqual(["a at 100", "b at 100"]);
    expect(clock.pending).toBe(1);
  });

  it("moves the wall clock alone when it jumps", () => {
    const clock = new SimulatedClock({ wallStartMs: 1_000 });
    clock.setTimer(10, () => {});
    clock.jumpWall(-500);
    expect([clock.now(), clock.wallNow(), clock.pending]).toEqual([0, 500, 1]);
    clock.advance(5);
    expect(clock.wallNow()).toBe(505);
  });
});
