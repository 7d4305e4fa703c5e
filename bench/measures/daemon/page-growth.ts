import type { ProfiledWork } from "../../profile.ts";
import type { BenchResult } from "../../results.ts";
import type { Figures } from "../../scenes/scene.ts";
import { figureOf } from "../../scenes/scene.ts";
import { type Staged, stagedWork } from "../../scenes/stage.ts";
import { measureSizes, SIZES, toFlatRow } from "./flat.ts";

/** As many rows as there are agents where these are fewest: the same rows over every number of agents. */
const ROWS = SIZES[0];
const CHANGES = 100;
const WARM_UP_CHANGES = 500;
/** Between changes, in milliseconds. */
const EVERY_MS = 5;
const PROFILED_AGENTS = 100_000;

/** What is shown of the agents, and what the tables call a change of it. */
const kinds = [
  { act: "showNothing", what: "a change of the mirror" },
  { act: "showRows", what: `a change shown in one of ${ROWS} rows` },
  { act: "showLast", what: `a change shown in one of ${ROWS} rows of the list of all ids` },
] as const;

/** Showing changes in a list, to be profiled. */
export const pageGrowthWork: ProfiledWork = stagedWork(
  "growth: a change at the client",
  "page",
  async (staged) => {
    await prepare(staged, PROFILED_AGENTS);
    await staged.client("showLast", { rows: ROWS });
    return CHANGES;
  },
  (staged, count) => change(staged, count),
);

/** What one change costs the client, CPU from the packet to what is shown, over the number of agents in its mirror. */
export async function measurePageGrowth(rounds: number): Promise<BenchResult[]> {
  const points = await measureSizes("page", { rounds, warmUps: 1 }, prepare, async (staged) => {
    const figures: Record<string, number> = {};
    for (const { act } of kinds) {
      await staged.client(act, { rows: ROWS });
      figures[act] = figureOf(await change(staged, CHANGES), "clientCpuMicros");
    }
    return figures;
  });
  return kinds.flatMap(({ act, what }) =>
    SIZES.slice(1).flatMap((size) =>
      toFlatRow(points, size, act, `growth: ${what} among ${size} agents, client CPU, µs`),
    ),
  );
}

async function prepare(staged: Staged, agents: number): Promise<void> {
  await staged.server("fill", { agents });
  await staged.client("load", { agents });
  for (const { act } of kinds) {
    await staged.client(act, { rows: ROWS });
    await change(staged, WARM_UP_CHANGES);
  }
}

/** All changes are of agents that have a row. */
async function change({ server, client }: Staged, count: number): Promise<Figures> {
  const [heard] = await Promise.all([
    client("follow", { count }),
    server("changeAlone", { count, among: ROWS, everyMs: EVERY_MS }),
  ]);
  return heard;
}
