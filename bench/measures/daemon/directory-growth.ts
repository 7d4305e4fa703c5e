import type { ProfiledWork } from "../../profile.ts";
import type { BenchResult } from "../../results.ts";
import type { Figures } from "../../scenes/scene.ts";
import { hear, type Staged, stagedWork } from "../../scenes/stage.ts";
import { measureSizes, SIZES, toFlatRow } from "./flat.ts";

const CHANGES = 500;

/** Single changes among many agents, to be profiled. */
export const directoryGrowthWork: ProfiledWork = stagedWork(
  "growth: one change of a directory",
  "directory",
  async (staged) => {
    await prepare(staged, 10_000);
    return CHANGES;
  },
  changeAlone,
);

/** What one change costs the server and how soon its watcher has it, over the number of agents. */
export async function measureDirectoryGrowth(rounds: number): Promise<BenchResult[]> {
  const points = await measureSizes("directory", { rounds, warmUps: 1 }, prepare, changeAlone);
  return SIZES.slice(1).flatMap((size) => [
    ...toFlatRow(points, size, "cpuMicros", `growth: one change among ${size} agents, server CPU, µs`),
    ...toFlatRow(points, size, "p50Micros", `growth: one change among ${size} agents, p50 to the watcher, µs`),
  ]);
}

async function prepare({ server, client }: Staged, agents: number): Promise<void> {
  await server("fill", { agents });
  await client("watch");
}

async function changeAlone(staged: Staged): Promise<Figures> {
  const [heard, made] = await hear(staged, ["follow", { count: CHANGES }], ["changeAlone", { count: CHANGES }]);
  return { ...heard, ...made };
}
