import { profileWork, workOf } from "../profile.ts";
import type { BenchResult } from "../results.ts";
import { manyStreams, measureSessionGrowth, measureStreamGrowth } from "./growth.ts";
import { measureIdleMemory, profileIdleMemory } from "./idle-memory.ts";
import { measureRecovery, recoveryWork } from "./recovery.ts";
import { measureResumeStorm, resumeStormWork } from "./resume-storm.ts";

/** A measurement that is no comparison of calls or streams. */
export interface LifecycleBench {
  /** What `--only` is compared with. */
  readonly what: string;
  /** Runs it. @param rounds How many figures each median is of. */
  run(rounds: number): Promise<BenchResult[]>;
  /** Writes where time or memory goes. @returns The path of the file. */
  profile(): Promise<string>;
}

/** Memory, storms, recovery and growth. */
export const lifecycleBenches: readonly LifecycleBench[] = [
  { what: "memory per idle session", run: measureIdleMemory, profile: profileIdleMemory },
  { what: "resume storm", run: measureResumeStorm, profile: () => profileWork(resumeStormWork) },
  {
    what: "from the retry after a cut to the first replayed frame",
    run: measureRecovery,
    profile: () => profileWork(recoveryWork),
  },
  { what: "growth: streams of one channel", run: measureStreamGrowth, profile: () => profileWork(workOf(manyStreams)) },
  { what: "growth: beside idle sessions", run: measureSessionGrowth, profile: () => profileWork(workOf(manyStreams)) },
];
