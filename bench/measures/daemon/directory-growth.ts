import type { ProfiledWork } from "../../profile.ts";
import { type BenchResult, toResults } from "../../results.ts";
import { type Figures, figureOf } from "../../scenes/scene.ts";
import { type Staged, stagedWork, withStage } from "../../scenes/stage.ts";

const SIZES = [100, 10_000, 100_000];
const CHANGES = 500;
/** Flat enough: never more than half as much again as at the start. */
const flat = { most: 1.5 } as const;

/** Single changes among many agents, to be profiled. */
export const directoryGrowthWork: ProfiledWork = stagedWork(
  "growth: one change of a directory",
  "directory",
  async ({ server, client }) => {
    await server("fill", { agents: 10_000 });
    await client("watch");
    return CHANGES;
  },
  changeAlone,
);

/** What one change costs the server and how soon its watcher has it, over the number of agents. */
export async function measureDirectoryGrowth(rounds: number): Promise<BenchResult[]> {
  const points = new Map<number, Figures[]>();
  // All sizes in turns, so that what else the machine does meets each of them.
  await withStages(SIZES.length, async (stages) => {
    for (const [i, size] of SIZES.entries()) {
      const { server, client } = stages[i] as Staged;
      await server("fill", { agents: size });
      await client("watch");
      points.set(size, []);
    }
    for (let round = -1; round < rounds; round += 1) {
      for (const [i, size] of SIZES.entries()) {
        const figures = await changeAlone(stages[i] as Staged);
        if (round >= 0) points.get(size)?.push(figures);
      }
    }
  });
  return SIZES.slice(1).flatMap((size) => [
    ...toRows(points, size, "cpuMicros", `growth: one change among ${size} agents, server CPU, µs`),
    ...toRows(points, size, "p50Micros", `growth: one change among ${size} agents, p50 to the watcher, µs`),
  ]);
}

async function changeAlone({ server, client }: Staged): Promise<Figures> {
  const [heard, made] = await Promise.all([
    client("follow", { count: CHANGES }),
    server("changeAlone", { count: CHANGES }),
  ]);
  return { ...heard, ...made };
}

function withStages(count: number, work: (staged: readonly Staged[]) => Promise<void>): Promise<void> {
  return withStage("directory", new Array<string>(count).fill("moorline"), work);
}

function toRows(points: ReadonlyMap<number, readonly Figures[]>, size: number, name: string, what: string) {
  const [start = 0] = SIZES;
  const base = `${start} agents`;
  const of = (at: number): number[] => (points.get(at) ?? []).map((figures) => figureOf(figures, name));
  const pair = new Map([
    ["moorline", of(size)],
    [base, of(start)],
  ]);
  return toResults(what, pair, { [base]: flat });
}
