import { describe, expect, it } from "vitest";
import { isDisposed } from "../../../src/client/selectors.ts";
import { RandomWorld } from "./support/random-world.ts";

const SEEDS = 200;
const STEPS = 40;

async function play(seed: number): Promise<void> {
  const world = new RandomWorld(seed);
  for (let step = 0; step < STEPS; step += 1) await world.step();
  await world.end();
  const { client, transitions, errors, lifecycle } = world.stage;
  const context = `seed ${seed}`;
  expect(isDisposed(client.state), context).toBe(true);
  expect([...world.open], context).toEqual([]);
  expect(world.held.most, context).toBeLessThanOrEqual(1);
  expect(lifecycle.listenerCount, context).toBe(0);
  expect(transitions.length, context).toBeLessThan(2_000);
  expect(
    errors.filter((error) => !/credential callback/.test(String(error))),
    context,
  ).toEqual([]);
  expect(world.clock.pending, context).toBe(0);
}

describe("DaemonClient: random schedules", () => {
  it("settle every promise, hold one transport at most, and leave no timer [INV-3, INV-5, INV-14, RUN-3]", async () => {
    for (let seed = 1; seed <= SEEDS; seed += 1) await play(seed);
  }, 120_000);
});
