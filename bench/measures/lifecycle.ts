import type { BenchResult } from "../results.ts";
import { measureSessionGrowth, measureStreamGrowth } from "./growth.ts";
import { measureIdleMemory } from "./idle-memory.ts";
import { measureRecovery } from "./recovery.ts";
import { measureResumeStorm } from "./resume-storm.ts";

/** A measurement that is no comparison of calls or streams. */
export interface LifecycleBench {
  /** What `--only` is compared with. */
  readonly what: string;
  /** Runs it. @param rounds How many figures each median is of. */
  run(rounds: number): Promise<BenchResult[]>;
}

/** Memory, storms, recovery and growth. */
export const lifecycleBenches: readonly LifecycleBench[] = [
  { what: "memory per idle session", run: measureIdleMemory },
  { what: "resume storm", run: measureResumeStorm },
  { what: "from the retry after a cut to the first replayed frame", run: measureRecovery },
  { what: "growth: streams of one channel", run: measureStreamGrowth },
  { what: "growth: beside idle sessions", run: measureSessionGrowth },
];
