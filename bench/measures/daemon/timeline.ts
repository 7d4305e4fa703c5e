import type { ProfiledWork } from "../../profile.ts";
import { type BenchResult, toResults } from "../../results.ts";
import { stagedWork, takeTurns, withStage } from "../../scenes/stage.ts";
import { pick } from "./pick.ts";

const LINES = 200_000;
const IN_MEMORY = "the same, timeline in memory";
const what = `${LINES} lines of a process to one client`;

/** The lines, to be profiled. */
export const timelineWork: ProfiledWork = stagedWork(
  what,
  "timeline",
  async ({ client }) => {
    await client("run", { lines: LINES });
    return LINES;
  },
  ({ client }) => client("run", { lines: LINES }),
);

/** A process that prints lines, end to end: ours are an agent and its timeline, on disk before they are shown. */
export async function measureTimeline(rounds: number): Promise<BenchResult[]> {
  return withStage("timeline", ["moorline", IN_MEMORY, "socket.io", "grpc-js"], async (staged) => {
    const figures = await takeTurns(staged, rounds, ({ client }) => client("run", { lines: LINES }));
    return toResults(what, pick(figures, "perSecond"), {});
  });
}
