import type { ProfiledWork } from "../../profile.ts";
import { type BenchResult, toResults } from "../../results.ts";
import type { Figures } from "../../scenes/scene.ts";
import { type Staged, stagedWork, takeTurns, withStage } from "../../scenes/stage.ts";
import { changeGoals } from "./changes.ts";
import { pick } from "./pick.ts";

/** Events of a run, for about a second of each peer. */
const EVENTS: Readonly<Record<string, number>> = {
  moorline: 200_000,
  "JSON + zod over ws, corked": 100_000,
};
const FEW_EVENTS = 30_000;
const WARM_UPS = 4;

/** The deltas, to be profiled. */
export const deltasWork: ProfiledWork = stagedWork(
  "delta events of 58 B to one client",
  "deltas",
  async (staged) => {
    for (let i = 0; i < WARM_UPS; i += 1) await receive(staged);
    return EVENTS.moorline ?? FEW_EVENTS;
  },
  receive,
);

/** Small events, one in each message, decoded by the client. */
export async function measureDeltas(rounds: number): Promise<BenchResult[]> {
  return withStage("deltas", ["moorline", ...Object.keys(changeGoals)], async (staged) => {
    const figures = await takeTurns(staged, rounds, receive);
    return toResults("delta events of 58 B to one client", pick(figures, "perSecond"), changeGoals);
  });
}

function receive({ name, client }: Staged): Promise<Figures> {
  return client("receive", { count: EVENTS[name] ?? FEW_EVENTS });
}
