import { afterEach, describe, expect, it, vi } from "vitest";
import { deferMacrotask, systemClock } from "../../../src/transport/system-clock.ts";

function wait(delayMs: number): Promise<void> {
  return new Promise((resolve) => systemClock.setTimer(delayMs, resolve));
}

describe("systemClock", () => {
  it("never fires a timer early by its own time", async () => {
    for (let round = 0; round < 20; round++) {
      const delayMs = 0.3 + round / 4;
      const beganAt = systemClock.now();
      await wait(delayMs);
      expect(systemClock.now() - beganAt).toBeGreaterThanOrEqual(delayMs);
    }
  });

  it("takes delays that are longer than a platform's timer knows", async () => {
    let fired = 0;
    const timers = [2 ** 31, 2 ** 40, Number.MAX_SAFE_INTEGER].map((delayMs) =>
      systemClock.setTimer(delayMs, () => {
        fired += 1;
      }),
    );
    await wait(20);
    for (const timer of timers) timer.cancel();
    expect(fired).toBe(0);
  });

  it("does not fire a cancelled timer, and takes a second cancel and one after the fact", async () => {
    let fired = 0;
    const timer = systemClock.setTimer(1, () => {
      fired += 1;
    });
    timer.cancel();
    timer.cancel();
    const late = systemClock.setTimer(1, () => {});
    await wait(5);
    late.cancel();
    expect(fired).toBe(0);
  });

  it("defers behind everything that the present turn settles, in order", async () => {
    const order: string[] = [];
    await new Promise<void>((resolve) => {
      systemClock.defer(() => order.push("first"));
      deferMacrotask(() => {
        order.push("second");
        resolve();
      });
      void Promise.resolve()
        .then(() => order.push("promise"))
        .then(() => order.push("promise of a promise"));
      order.push("now");
    });
    expect(order).toEqual(["now", "promise", "promise of a promise", "first", "second"]);
  });

  it("says the wall's time", () => {
    expect(Math.abs(systemClock.wallNow() - Date.now())).toBeLessThan(1_000);
  });
});

describe("deferMacrotask where there is no setImmediate", () => {
  afterEach(() => {
    vi.unstubAllGlobals();
    vi.resetModules();
  });

  /** The module as a platform with these globals loads it. */
  async function load(globals: Readonly<Record<string, unknown>>) {
    for (const [name, value] of Object.entries({ setImmediate: undefined, ...globals })) vi.stubGlobal(name, value);
    vi.resetModules();
    return (await import("../../../src/transport/system-clock.ts")).deferMacrotask;
  }

  it("sends a message to itself, one for each callback, in order", async () => {
    const posted: Array<() => void> = [];
    class Channel {
      readonly port1: { onmessage?: () => void } = {};
      readonly port2 = { postMessage: () => void posted.push(() => this.port1.onmessage?.()) };
    }
    const defer = await load({ MessageChannel: Channel });
    const order: string[] = [];
    defer(() => order.push("first"));
    defer(() => order.push("second"));
    expect([order, posted.length]).toEqual([[], 2]);
    for (const deliver of posted) deliver();
    expect(order).toEqual(["first", "second"]);
  });

  it("waits for a timeout of 0 where there is no MessageChannel either", async () => {
    const defer = await load({ MessageChannel: undefined });
    const order: string[] = [];
    await new Promise<void>((resolve) => {
      defer(resolve);
      void Promise.resolve().then(() => order.push("promise"));
    });
    expect(order).toEqual(["promise"]);
  });
});
