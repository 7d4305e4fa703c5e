import { ArchivedFilter } from "../../../gen/moorline/agent/v1/directory_service_pb.ts";
import { createAgentView } from "../../runtime/agent-view.ts";
import { intentsOf } from "../../runtime/host-intents.ts";
import {
  type CreationEntry,
  createPresentation,
  type FleetHost,
  type HostRuntime,
  hasFailed,
} from "../../runtime/index.ts";
import { arrangeAgents } from "../model/arrange-agents.ts";
import type { ConsoleHost, Creation, DirectoryView, HostIntents, TimelineView } from "../model/console-model.ts";
import { combineSources, mapSource, type Source } from "../model/source.ts";
import { toProblem } from "../model/to-problem.ts";
import { createCallMeter } from "./call-meter.ts";
import type { HostKit } from "./host-kit.ts";
import { statusOf } from "./host-status.ts";
import { pathEntriesOf } from "./path-entries.ts";
import { syncedViewOf } from "./synced-view.ts";

/** A host of the fleet, as the pages see it. It has nothing of its own but what it watches by. */
export function createFleetHost({ serverId, label, profile, runtime }: FleetHost, kit: HostKit): ConsoleHost {
  const { agents } = runtime.agents;
  return {
    ...{ serverId, label: label === "" ? serverId : label },
    ...{ journal: kit.journal, packets: kit.packets, faults: kit.faults.controls },
    status: mapSource(runtime, statusOf),
    paths: combineSources([runtime, createCallMeter(runtime)] as const, (snapshot, calls) =>
      pathEntriesOf(profile, snapshot, calls),
    ),
    directory: createDirectoryView(runtime),
    agentCount: createAgentView(agents).count,
    agentIds: (arrangement) => arrangeAgents(agents, arrangement),
    isArchivedShown: () => runtime.agents.filter.archived === ArchivedFilter.INCLUDED,
    agent: (agentId) => runtime.agents.agent(agentId),
    timeline: (agentId) => createTimelineView(runtime, agentId),
    intents: createIntents(runtime),
  };
}

function createDirectoryView(runtime: HostRuntime): Source<DirectoryView> {
  const { agents, creations } = runtime;
  const presentation = createPresentation({ sync: agents.sync, host: runtime });
  return combineSources(
    [agents.sync, presentation, creations.list] as const,
    (sync, shown, entries): DirectoryView => ({
      ...syncedViewOf(sync, shown),
      creations: entries.filter(hasFailed).map(toCreation),
    }),
  );
}

function toCreation({ key, agent, error }: CreationEntry): Creation {
  return { key, title: agent.title, ...(error === undefined ? {} : { problem: toProblem(error) }) };
}

function createTimelineView(runtime: HostRuntime, agentId: string): Source<TimelineView> {
  const { sync, items } = runtime.timeline(agentId);
  const presentation = createPresentation({ sync, host: runtime });
  return combineSources(
    [sync, presentation, items] as const,
    (state, shown, { items: list, hasEarlier, earlier }): TimelineView => ({
      ...syncedViewOf(state, shown),
      ...{ items: list, hasEarlier },
      earlier: typeof earlier === "object" ? { problem: toProblem(earlier.failed) } : earlier,
    }),
  );
}

function createIntents(runtime: HostRuntime): HostIntents {
  const {
    retry,
    refresh,
    chooseCandidate,
    createAgent,
    dismissCreation,
    sendPrompt,
    cancelTurn,
    archiveAgent,
    resolvePermission,
  } = intentsOf(runtime);
  return {
    ...{ retry, refresh, chooseCandidate, dismissCreation, cancelTurn, archive: archiveAgent },
    showArchived: (isShown) =>
      runtime.agents.setFilter({ archived: isShown ? ArchivedFilter.INCLUDED : ArchivedFilter.UNSPECIFIED }),
    async runCommand({ argv, title, workingDirectory, closeInput }) {
      const task = { case: "command" as const, value: { argv: [...argv], closeInput } };
      return (await createAgent({ providerId: "command", title, workingDirectory, task })).id;
    },
    async sendPrompt(agentId, text) {
      await sendPrompt(agentId, text);
    },
    async resolvePermission(agentId, permissionId, optionId) {
      await resolvePermission(agentId, permissionId, optionId);
    },
    loadEarlier: (agentId) => runtime.timeline(agentId).loadEarlier(),
  };
}
