import type { ProfiledWork } from "../../profile.ts";
import { type BenchResult, toResults } from "../../results.ts";
import type { Figures } from "../../scenes/scene.ts";
import { hear, type Staged, stagedWork, takeTurns, withStage } from "../../scenes/stage.ts";
import { pick } from "./pick.ts";

const AGENTS = 10_000;
const PEER = "one list in useState";
const CHANGES = 100;
/** Between changes, in milliseconds: longer than each peer takes to show one, so that none are rendered together. */
const EVERY_MS = 25;
const what = `a page with rows of ${AGENTS} agents`;

/** Showing changes, to be profiled. */
export const pageWork: ProfiledWork = stagedWork(
  what,
  "page",
  async (staged) => {
    await prepare(staged);
    return CHANGES;
  },
  change,
);

/** What a page does to show one change of an agent, beside one that keeps the same agents in one list. */
export async function measurePage(rounds: number): Promise<BenchResult[]> {
  return withStage("page", ["moorline", PEER], async (staged) => {
    for (const each of staged) await prepare(each);
    const figures = await takeTurns(staged, rounds, change);
    return [
      ...toResults(`${what}, renders per change`, pick(figures, "renders"), { [PEER]: { most: 0.5 } }),
      ...toResults(`${what}, client CPU until a change is shown, µs`, pick(figures, "clientCpuMicros"), {}),
      ...toResults(`${what}, p50 until a change is shown, µs`, pick(figures, "p50Micros"), {}),
    ];
  });
}

async function prepare({ server, client }: Staged): Promise<void> {
  await server("fill", { agents: AGENTS });
  await client("load", { agents: AGENTS });
  await client("showAll");
}

async function change(staged: Staged): Promise<Figures> {
  const [heard] = await hear(
    staged,
    ["follow", { count: CHANGES }],
    ["changeAlone", { count: CHANGES, everyMs: EVERY_MS }],
  );
  return heard;
}
