import type { ProfiledWork } from "../../profile.ts";
import { type BenchResult, toResults } from "../../results.ts";
import { figureOf } from "../../scenes/scene.ts";
import { type Staged, stagedWork, takeTurns, withStage } from "../../scenes/stage.ts";
import { pick } from "./pick.ts";

const MEMORY = "in memory";
/** Items of one turn, and how many turns make a run. */
const APPENDS = [
  { items: 1, turns: 200 },
  { items: 16, turns: 100 },
  { items: 256, turns: 20 },
];
const SESSIONS = 200;
const CALLS = [
  { inFlight: 1, count: 200 },
  { inFlight: 64, count: 3000 },
];

/** Appending, to be profiled. */
export const storageWork: ProfiledWork = stagedWork(
  "what it costs to keep something",
  "storage",
  async ({ server }) => {
    await server("append", { items: 16, turns: 100 });
    return 1600;
  },
  ({ server }) => server("append", { items: 16, turns: 100 }),
);

/** What is kept on disk beside what is kept in memory: items, sessions, and calls with a key beside plain ones. */
export async function measureStorage(rounds: number): Promise<BenchResult[]> {
  return withStage("storage", ["moorline", MEMORY], async (staged) => {
    const results: BenchResult[] = [];
    for (const { items, turns } of APPENDS) {
      const figures = await takeTurns(staged, rounds, ({ server }) => server("append", { items, turns }));
      results.push(
        ...toResults(`timeline: ${items} items of 100 B a turn, on disk, µs per item`, pick(figures, "micros"), {}),
      );
    }
    const sessions = await takeTurns(staged, rounds, ({ server }) => server("putSessions", { count: SESSIONS }));
    results.push(...toResults("one session kept, on disk, µs", pick(sessions, "micros"), {}));
    for (const call of CALLS) results.push(...(await measureCalls(staged, rounds, call)));
    return results;
  });
}

async function measureCalls(
  staged: readonly Staged[],
  rounds: number,
  call: (typeof CALLS)[number],
): Promise<BenchResult[]> {
  const figures = new Map<string, number[]>([
    ["moorline", []],
    ["a call without a key", []],
    ["journal in memory", []],
  ]);
  const [onDisk, inMemory] = staged;
  await takeTurns(staged.slice(0, 1), rounds, async () => {
    const keyed = (await onDisk?.client("callKeyed", call)) ?? {};
    const plain = (await onDisk?.client("call", call)) ?? {};
    const light = (await inMemory?.client("callKeyed", call)) ?? {};
    figures.get("moorline")?.push(figureOf(keyed, "micros"));
    figures.get("a call without a key")?.push(figureOf(plain, "micros"));
    figures.get("journal in memory")?.push(figureOf(light, "micros"));
    return keyed;
  });
  // What warmed up does not count.
  const counted = new Map([...figures].map(([name, all]) => [name, all.slice(-rounds)]));
  return toResults(`a call with a key, journal on disk, ${call.inFlight} in flight, µs`, counted, {});
}
