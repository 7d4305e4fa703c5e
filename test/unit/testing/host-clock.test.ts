import { describe, expect, it } from "vitest";
import { HostClock } from "../../../src/testing/host-clock.ts";
import { SimulatedClock } from "../../../src/testing/index.ts";

function createWorld() {
  const world = new SimulatedClock();
  const clock = new HostClock(world);
  const order: string[] = [];
  const note = (name: string) => () => void order.push(`${name} at ${world.now()}`);
  return { world, clock, order, note };
}

describe("HostClock", () => {
  it("holds what falls due in its sleep until it wakes, in order, while the world goes on", () => {
    const { world, clock, order, note } = createWorld();
    clock.setTimer(20, note("timer"));
    clock.setTimer(150, note("later"));
    world.setTimer(30, () => clock.perform(note("delivery")));
    world.setTimer(40, note("another host"));
    clock.sleep(100);
    world.advance(200);
    expect(order).toEqual(["another host at 40", "timer at 100", "delivery at 100", "later at 150"]);
  });

  it("sleeps as long as the longest of its sleeps", () => {
    const { world, clock, order, note } = createWorld();
    clock.sleep(100);
    clock.sleep(20);
    clock.defer(note("deferred"));
    world.advance(200);
    expect(order).toEqual(["deferred at 100"]);
  });

  it("does not run a timer that was cancelled between its instant and the waking", () => {
    const { world, clock, order, note } = createWorld();
    const timer = clock.setTimer(10, note("never"));
    clock.sleep(100);
    world.advance(50);
    timer.cancel();
    world.advance(100);
    expect(order).toEqual([]);
  });

  it("does nothing more once it is dead, not even what it held", () => {
    const { world, clock, order, note } = createWorld();
    clock.setTimer(10, note("timer"));
    clock.sleep(50);
    clock.perform(note("held"));
    world.advance(20);
    clock.kill();
    clock.setTimer(10, note("after death"));
    clock.defer(note("deferred"));
    clock.sleep(10);
    world.advance(100);
    expect([order, clock.isAlive]).toEqual([[], false]);
  });

  it("has a wall clock of its own, and the world's monotonic one", () => {
    const { world, clock } = createWorld();
    clock.jumpWall(5_000);
    world.advance(10);
    expect([clock.now(), clock.wallNow() - world.wallNow()]).toEqual([10, 5_000]);
  });
});
