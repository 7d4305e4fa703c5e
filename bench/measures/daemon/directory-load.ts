import type { ProfiledWork } from "../../profile.ts";
import { type BenchResult, toResults } from "../../results.ts";
import { figureOf } from "../../scenes/scene.ts";
import { stagedWork, takeTurns, withStage } from "../../scenes/stage.ts";
import { pick } from "./pick.ts";

const AGENTS = 10_000;
const PEER = "JSON + zod over ws";
/** First agents are to be visible by then, in milliseconds. */
const FIRST_MS = 5;
const PROFILED_LOADS = 10;

/** The loads, to be profiled. */
export const directoryLoadWork: ProfiledWork = stagedWork(
  "directory of 10000 agents",
  "directory",
  async ({ server, client }) => {
    await server("fill", { agents: AGENTS });
    for (let i = 0; i < PROFILED_LOADS; i += 1) await client("load");
    return AGENTS;
  },
  ({ client }) => client("load"),
);

/** From asking for all agents to having them, decoded and by their ids, beside one JSON text that is checked with zod. */
export async function measureDirectoryLoad(rounds: number): Promise<BenchResult[]> {
  return withStage("directory", ["moorline", PEER], async (staged) => {
    for (const { server } of staged) await server("fill", { agents: AGENTS });
    const figures = await takeTurns(staged, rounds, async ({ name, client }) => {
      const loaded = await client("load");
      if (figureOf(loaded, "agents") !== AGENTS) throw new Error(`${name} has not loaded all agents`);
      return loaded;
    });
    const what = `directory of ${AGENTS} agents`;
    const bound = `${FIRST_MS} ms`;
    const first = new Map([
      ["moorline", pick(figures, "firstMs").get("moorline") ?? []],
      [bound, [FIRST_MS]],
    ]);
    return [
      ...toResults(`${what}, from the watch to the mirror, ms`, pick(figures, "ms"), { [PEER]: { most: 0.5 } }),
      ...toResults(`${what}, bytes`, pick(figures, "bytes"), { [PEER]: { most: 0.55 } }),
      ...toResults(`${what}, from the watch to the first agents, ms`, first, { [bound]: { most: 1 } }),
    ];
  });
}
