import {
  createPresentation,
  type HostFleet,
  type HostRuntime,
  isOnItsWay,
  Presentation,
  SyncPhase,
  syncPhase,
} from "moorline/runtime";
import type { TimelineItem } from "moorline/schema/moorline/agent/v1/timeline_pb.js";

/** The host that has an agent. Undefined where all of them are in step and none has it. */
function findHost(fleet: HostFleet, agentId: string): Promise<HostRuntime | undefined> {
  const hosts = fleet.getSnapshot().hosts.map(({ runtime }) => runtime);
  return new Promise((resolve) => {
    const look = (): void => {
      const found = hosts.find(({ agents }) => agents.get(agentId) !== undefined);
      const isKnown = hosts.every(({ agents }) => syncPhase(agents.sync.getSnapshot()) === SyncPhase.READY);
      if (found !== undefined || isKnown) resolve(found);
    };
    for (const { agents } of hosts) {
      agents.agents.subscribe(look);
      agents.sync.subscribe(look);
    }
    look();
  });
}

/** What is said beside what the agent writes. */
const NOTES = new Map<Presentation, string>([
  [Presentation.RECONNECTING_BADGE, "reconnecting"],
  [Presentation.ERROR_BADGE, "not up to date"],
  [Presentation.ERROR_SCREEN, "there is no connection"],
]);

/** Prints what an agent writes, from its last 100 items on, until it has ended. @returns The exit code. */
export async function followAgent(fleet: HostFleet, agentId: string): Promise<number> {
  const host = await findHost(fleet, agentId);
  if (host === undefined) {
    console.error("there is no such agent");
    return 1;
  }
  const timeline = host.timeline(agentId);
  const presentation = createPresentation({ sync: timeline.sync, host });
  return new Promise((resolve) => {
    let printed = 0n;
    timeline.items.subscribe(() => {
      for (const { seq, content } of timeline.items.getSnapshot().items.filter((item) => item.seq > printed)) {
        printed = seq;
        printItem(content);
        if (content.case === "processExit")
          resolve(content.value.cause.case === "code" ? content.value.cause.value : 1);
      }
    });
    presentation.subscribe(() => {
      const shown = presentation.getSnapshot();
      const note = NOTES.get(shown);
      if (note !== undefined) console.error(`(${note})`);
      // A host that has failed is tried again by itself, unless it was refused.
      const isOver = shown === Presentation.ERROR_SCREEN && !isOnItsWay(host.snapshot);
      if (isOver || shown === Presentation.NOT_FOUND) resolve(1);
    });
  });
}

function printItem(content: TimelineItem["content"]): void {
  if (content.case === "commandOutput") process.stdout.write(content.value.data);
  if (content.case === "userMessage") console.log(`> ${content.value.text}`);
  if (content.case === "error") console.error(content.value.message);
}
