import { describe, expect, it } from "vitest";
import { createMemoryHostRegistry } from "../../../../src/runtime/registry/memory-host-registry.ts";
import { profileOf } from "../../../../src/testing/sample-profiles.ts";
import { SimulatedClock } from "../../../../src/testing/simulated-clock.ts";
import { rejectionOf } from "../../client/support/stage.ts";
import { stageFleet } from "./support.ts";

/** A fleet with a registry that waits before it does anything, as for a lock that another tab holds, while it is told to. */
function stageSlow() {
  const clock = new SimulatedClock();
  const inner = createMemoryHostRegistry([profileOf(1)]);
  const waiting: (() => void)[] = [];
  const state = { isHeld: true };
  const held = async (): Promise<void> => {
    if (state.isHeld) await new Promise<void>((resolve) => waiting.push(resolve));
  };
  const stage = stageFleet({
    clock,
    registry: {
      name: "slow",
      load: () => held().then(() => inner.load()),
      update: (change) => held().then(() => inner.update(change)),
    },
  });
  const letGo = (): void => {
    state.isHeld = false;
    for (const go of waiting.splice(0)) go();
  };
  return { ...stage, clock, inner, letGo };
}

describe("createHostFleet: a registry that does not answer", () => {
  it("says so after 10 s, with what to do, and may be started again [FLEET-13, FLEET-1]", async () => {
    const stage = stageSlow();
    const starting = stage.fleet.start();
    starting.catch(() => {});
    await stage.clock.advanceAsync(9_999);
    expect(stage.clock.pending).toBe(1);
    await stage.clock.advanceAsync(1);
    await expect(starting).rejects.toMatchObject({
      code: "STORAGE_TIMED_OUT",
      message: expect.stringContaining("registry of hosts (slow)"),
      action: expect.stringContaining("Close other"),
    });
    stage.letGo();
    await stage.fleet.start();
    expect(stage.fleet.getSnapshot().hosts).toHaveLength(1);
    expect(stage.clock.pending).toBe(0);
  });

  it("asks for the next change then, and makes none late that it has given up [FLEET-13, FLEET-3]", async () => {
    const stage = stageSlow();
    const adding = stage.fleet.add(profileOf(2));
    adding.catch(() => {});
    await stage.clock.advanceAsync(5_000);
    const next = stage.fleet.add(profileOf(3));
    next.catch(() => {});
    await stage.clock.advanceAsync(5_000);
    expect((await rejectionOf(stage, adding)).code).toBe("STORAGE_TIMED_OUT");
    stage.letGo();
    await next;
    expect((await stage.inner.load()).profiles).toEqual([profileOf(1), profileOf(3)]);
    expect(stage.fleet.getSnapshot().hosts.map(({ label }) => label)).toEqual(["host 3"]);
  });
});
