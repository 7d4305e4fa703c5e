import type { ProfiledWork } from "../../profile.ts";
import { type BenchResult, toResults } from "../../results.ts";
import type { Figures } from "../../scenes/scene.ts";
import { hear, type Staged, stagedWork, takeTurns, withStage } from "../../scenes/stage.ts";
import { pick } from "./pick.ts";

const WATCHERS = 200;
const EVENTS = 20;
const PROFILED_EVENTS = 50;

const kinds = [
  { act: "append", what: "an item of a timeline to 200 watchers" },
  { act: "change", what: "a change of an agent to 200 watchers" },
] as const;

/** Events to many watchers, to be profiled. */
export const fanOutWorks: readonly ProfiledWork[] = kinds.map(({ act, what }) =>
  stagedWork(
    what,
    "fan-out",
    async (staged) => {
      await make(staged, act, PROFILED_EVENTS);
      return PROFILED_EVENTS * WATCHERS;
    },
    (staged) => make(staged, act, PROFILED_EVENTS),
  ),
);

/** One event to many watchers, each on a session of its own. */
export async function measureFanOut(rounds: number): Promise<BenchResult[]> {
  return withStage("fan-out", ["moorline", "ws, encoded once", "socket.io room"], async (staged) => {
    const results: BenchResult[] = [];
    for (const { act, what } of kinds) {
      const figures = await takeTurns(staged, rounds, (each) => make(each, act, EVENTS));
      results.push(
        ...toResults(`${what}, server CPU per delivery, µs`, pick(figures, "cpuMicros"), {}),
        ...toResults(`${what}, until the last has it, µs`, pick(figures, "lastMicros"), {}),
      );
    }
    return results;
  });
}

async function make(staged: Staged, act: string, count: number): Promise<Figures> {
  const [heard, made] = await hear(staged, ["collect", { count }], [act, { count }]);
  return { ...heard, cpuMicros: (made.cpuMicros ?? Number.NaN) / WATCHERS };
}
