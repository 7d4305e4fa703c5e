import { profileWork } from "../../profile.ts";
import { measureBundle } from "../bundle.ts";
import type { LifecycleBench } from "../lifecycle.ts";
import { agentChangesWork, measureAgentChanges } from "./changes.ts";
import { deltasWork, measureDeltas } from "./deltas.ts";
import { directoryGrowthWork, measureDirectoryGrowth } from "./directory-growth.ts";
import { directoryLoadWork, measureDirectoryLoad } from "./directory-load.ts";
import { fanOutWorks, measureFanOut } from "./fan-out.ts";
import { measurePage, pageWork } from "./page.ts";
import { measurePageGrowth, pageGrowthWork } from "./page-growth.ts";
import { measureStorage, storageWork } from "./storage.ts";
import { measureTimeline, timelineWork } from "./timeline.ts";

/** What a daemon does for its clients beyond calls and streams. */
export const daemonBenches: readonly LifecycleBench[] = [
  { what: "directory of 10000 agents", run: measureDirectoryLoad, profile: () => profileWork(directoryLoadWork) },
  {
    what: "growth: one change of a directory",
    run: measureDirectoryGrowth,
    profile: () => profileWork(directoryGrowthWork),
  },
  { what: "growth: a change at the client", run: measurePageGrowth, profile: () => profileWork(pageGrowthWork) },
  { what: "a page with rows of 10000 agents", run: measurePage, profile: () => profileWork(pageWork) },
  {
    what: "changes of agents to one watcher",
    run: measureAgentChanges,
    profile: () => profileWork(agentChangesWork),
  },
  { what: "delta events of 58 B to one client", run: measureDeltas, profile: () => profileWork(deltasWork) },
  { what: "200000 lines of a process to one client", run: measureTimeline, profile: () => profileWork(timelineWork) },
  { what: "to 200 watchers", run: measureFanOut, profile: profileFanOut },
  { what: "kept on disk", run: measureStorage, profile: () => profileWork(storageWork) },
  {
    what: "doors of a page, the client door among them",
    run: measureBundle,
    profile: async () => "bench/results/bundle.md",
  },
];

async function profileFanOut(): Promise<string> {
  const paths: string[] = [];
  for (const work of fanOutWorks) paths.push(await profileWork(work));
  return paths.join(", ");
}
