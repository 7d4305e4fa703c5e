import { profileWork } from "../../profile.ts";
import type { LifecycleBench } from "../lifecycle.ts";
import { agentChangesWork, measureAgentChanges } from "./changes.ts";
import { deltasWork, measureDeltas } from "./deltas.ts";
import { directoryGrowthWork, measureDirectoryGrowth } from "./directory-growth.ts";
import { directoryLoadWork, measureDirectoryLoad } from "./directory-load.ts";

/** What a daemon does for its clients beyond calls and streams. */
export const daemonBenches: readonly LifecycleBench[] = [
  { what: "directory of 10000 agents", run: measureDirectoryLoad, profile: () => profileWork(directoryLoadWork) },
  {
    what: "growth: one change of a directory",
    run: measureDirectoryGrowth,
    profile: () => profileWork(directoryGrowthWork),
  },
  {
    what: "changes of agents to one watcher",
    run: measureAgentChanges,
    profile: () => profileWork(agentChangesWork),
  },
  { what: "delta events of 58 B to one client", run: measureDeltas, profile: () => profileWork(deltasWork) },
];
