import { type BenchResult, toResults } from "../../results.ts";
import { type Figures, figureOf } from "../../scenes/scene.ts";
import { type Staged, withStage } from "../../scenes/stage.ts";

/** Over how many agents a curve goes. The first one is what the others are compared with. */
export const SIZES = [100, 10_000, 100_000] as const;

/** Flat enough: never more than half as much again as at the start. */
const flat = { most: 1.5 } as const;

/** Figures of each number of agents. */
export type Points = ReadonlyMap<number, readonly Figures[]>;

/**
 * Measures all numbers of agents in turns, so that what else the machine does meets each of them.
 * @param prepare Has a stage make and follow so many agents. @param measure Measures once.
 * @param warmUps Rounds before those that count.
 */
export async function measureSizes(
  scene: string,
  { rounds, warmUps }: { readonly rounds: number; readonly warmUps: number },
  prepare: (staged: Staged, size: number) => Promise<void>,
  measure: (staged: Staged) => Promise<Figures>,
): Promise<Points> {
  const points = new Map<number, Figures[]>(SIZES.map((size) => [size, []]));
  await withStage(scene, new Array<string>(SIZES.length).fill("moorline"), async (stages) => {
    for (const [i, size] of SIZES.entries()) await prepare(stages[i] as Staged, size);
    for (let round = -warmUps; round < rounds; round += 1) {
      for (const [i, size] of SIZES.entries()) {
        const figures = await measure(stages[i] as Staged);
        if (round >= 0) points.get(size)?.push(figures);
      }
    }
  });
  return points;
}

/** A figure of a number of agents beside that of the smallest one, which it is to be like. */
export function toFlatRow(points: Points, size: number, name: string, what: string): BenchResult[] {
  const base = `${SIZES[0]} agents`;
  const of = (at: number): number[] => (points.get(at) ?? []).map((figures) => figureOf(figures, name));
  const pair = new Map([
    ["moorline", of(size)],
    [base, of(SIZES[0])],
  ]);
  return toResults(what, pair, { [base]: flat });
}
