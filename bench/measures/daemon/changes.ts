import type { ProfiledWork } from "../../profile.ts";
import { type BenchResult, toResults } from "../../results.ts";
import type { Figures } from "../../scenes/scene.ts";
import { hear, type Staged, stagedWork, takeTurns, withStage } from "../../scenes/stage.ts";
import { pick } from "./pick.ts";

const PEERS = [
  "JSON + zod over ws",
  "JSON + zod over ws, corked",
  "JSON + zod over socket.io",
  "grpc-js",
  "connect-node",
];

/** What is wanted of changes beside each peer. */
export const changeGoals = {
  "JSON + zod over ws": { least: 5 },
  "JSON + zod over ws, corked": { least: 1.8 },
  "JSON + zod over socket.io": { least: 5 },
  "grpc-js": { least: 7 },
  "connect-node": { least: 12 },
} as const;

const CHANGES = 20_000;

/** Changes of agents, to be profiled. */
export const agentChangesWork: ProfiledWork = stagedWork(
  "changes of agents to one watcher",
  "directory",
  async (staged) => {
    await prepare(staged);
    await change(staged);
    return CHANGES;
  },
  change,
);

/** Whole agents that change as fast as they can, 64 in each turn of the event loop, for one watcher that decodes them. */
export async function measureAgentChanges(rounds: number): Promise<BenchResult[]> {
  return withStage("directory", ["moorline", ...PEERS], async (staged) => {
    for (const each of staged) await prepare(each);
    const figures = await takeTurns(staged, rounds, change);
    return toResults("changes of agents to one watcher", pick(figures, "perSecond"), changeGoals);
  });
}

/** As many agents as changes in a run: each changes once, so that none are merged. */
async function prepare({ server, client }: Staged): Promise<void> {
  await server("fill", { agents: CHANGES });
  await client("watch");
}

async function change(staged: Staged): Promise<Figures> {
  const [heard] = await hear(staged, ["follow", { count: CHANGES }], ["change", { count: CHANGES }]);
  return heard;
}
