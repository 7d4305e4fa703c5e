import type { ProfiledWork } from "../../profile.ts";
import type { BenchResult } from "../../results.ts";
import type { Figures } from "../../scenes/scene.ts";
import { figureOf } from "../../scenes/scene.ts";
import { hear, type Staged, stagedWork } from "../../scenes/stage.ts";
import { measureSizes, SIZES, toFlatRow } from "./flat.ts";

/** As many rows as there are agents where these are fewest: the same rows over every number of agents. */
const ROWS = SIZES[0];
const CHANGES = 100;
const WARM_UP_CHANGES = 500;
/** Between changes, in milliseconds. */
const EVERY_MS = 5;
const PROFILED_AGENTS = 100_000;

/** What is shown of the agents, which ones change, and what the tables call a change of them. */
const kinds = [
  { name: "mirror", act: "showNothing", changed: { among: ROWS }, what: "a change of the mirror" },
  { name: "rows", act: "showRows", changed: { among: ROWS }, what: `a change shown in one of ${ROWS} rows` },
  {
    name: "kept",
    act: "showLast",
    changed: { among: ROWS },
    what: `a change that moves no agent, in one of ${ROWS} rows of the list of all ids,`,
  },
  {
    name: "moved",
    act: "showFirst",
    changed: { moves: 1 },
    what: `a change that moves the last agent to the front, in one of ${ROWS} rows of the list of all ids,`,
  },
  {
    name: "ranged",
    act: "showRange",
    changed: { moves: 1 },
    what: `a change that moves the last agent to the front, in one of the first ${ROWS} rows, whose ids alone are asked for,`,
  },
] as const;

type Kind = (typeof kinds)[number];

/** Showing changes in a list, to be profiled. */
export const pageGrowthWork: ProfiledWork = stagedWork(
  "growth: a change at the client",
  "page",
  async (staged) => {
    await prepare(staged, PROFILED_AGENTS);
    await staged.client("showFirst", { rows: ROWS });
    return CHANGES;
  },
  (staged, count) => change(staged, kinds[3], count),
);

/** What one change costs the client, CPU from the packet to what is shown, over the number of agents in its mirror. */
export async function measurePageGrowth(rounds: number): Promise<BenchResult[]> {
  const points = await measureSizes("page", { rounds, warmUps: 1 }, prepare, async (staged) => {
    const figures: Record<string, number> = {};
    for (const kind of kinds) {
      await staged.client(kind.act, { rows: ROWS });
      figures[kind.name] = figureOf(await change(staged, kind, CHANGES), "clientCpuMicros");
    }
    return figures;
  });
  return kinds.flatMap(({ name, what }) =>
    SIZES.slice(1).flatMap((size) =>
      toFlatRow(points, size, name, `growth: ${what} among ${size} agents, client CPU, µs`),
    ),
  );
}

async function prepare(staged: Staged, agents: number): Promise<void> {
  await staged.server("fill", { agents });
  await staged.client("load", { agents });
  for (const kind of kinds) {
    await staged.client(kind.act, { rows: ROWS });
    await change(staged, kind, WARM_UP_CHANGES);
  }
}

/** All changes are of agents that have a row then. */
async function change(staged: Staged, { changed }: Kind, count: number): Promise<Figures> {
  const made = { count, everyMs: EVERY_MS, ...changed };
  const [heard] = await hear(staged, ["follow", { count }], ["changeAlone", made]);
  return heard;
}
