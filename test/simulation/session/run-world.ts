import type { SimulatedClock } from "../../../src/testing/simulated-clock.ts";
import type { Judge } from "./judge.ts";

/** Lets the time of a world pass until something holds, or is broken. @returns Whether it holds. */
export async function runWorld(
  { clock, judge }: { readonly clock: SimulatedClock; readonly judge: Judge },
  predicate: () => boolean,
  limitMs: number,
): Promise<boolean> {
  const isOver = (): boolean => predicate() || judge.broken !== undefined;
  return (await clock.runUntilAsync(isOver, limitMs)) && judge.broken === undefined;
}
