import type { Agent } from "../../../gen/moorline/agent/v1/agent_pb.ts";
import { matchesFilter, readFilterTerms } from "../../wire/agent-filter.ts";
import type { ListFollower } from "../list-source.ts";
import type { AgentDirectory } from "../mirror/agent-directory.ts";
import type { Source } from "../source.ts";
import { type CreationEntry, isShown } from "./optimistic-creations.ts";

/**
 * A directory with the agents in front that are on their way into it, the newest first: those that match its filter, and
 * each agent once, also where directory and answer know of it at the same time. `get` and `agent` find them by the key of
 * the creation and by their id. Where none is on its way the list is the directory's own. Spec: CREATE-1 to CREATE-3.
 */
export function createOptimisticDirectory(
  directory: AgentDirectory,
  creations: Source<readonly CreationEntry[]>,
): AgentDirectory {
  const compose = memoize(composeAgents);
  const get = (id: string): Agent | undefined => directory.get(id) ?? findCreated(directory, creations, id);
  const sources = new WeakMap<Source<Agent | undefined>, Source<Agent | undefined>>();
  return {
    sync: directory.sync,
    agents: {
      getSnapshot: () => compose(directory.agents.getSnapshot(), creations.getSnapshot(), directory.filter),
      subscribe: (listener) => subscribeBoth(directory.agents, creations, listener),
      order: directory.agents.order,
      follow: (follower) => followBoth(directory, creations, follower),
    },
    get,
    agent: (id) => {
      const own = directory.agent(id);
      const source = sources.get(own) ?? {
        getSnapshot: () => get(id),
        subscribe: (listener) => subscribeBoth(own, creations, listener),
      };
      sources.set(own, source);
      return source;
    },
    get filter() {
      return directory.filter;
    },
    setFilter: (filter) => directory.setFilter(filter),
    refresh: () => directory.refresh(),
  };
}

function composeAgents(
  agents: readonly Agent[],
  entries: readonly CreationEntry[],
  filter: AgentDirectory["filter"],
): readonly Agent[] {
  const terms = readFilterTerms(filter);
  const coming = new Map(
    entries
      .filter((entry) => isShown(entry) && matchesFilter(entry.agent, terms))
      .map(({ key, agent }) => [key, agent] as const),
  );
  if (coming.size === 0) return agents;
  for (const { creationId } of agents) coming.delete(creationId);
  return coming.size === 0 ? agents : [...coming.values(), ...agents];
}

/** An agent by the key of its creation, or by its id while the directory does not show it. */
function findCreated(
  directory: AgentDirectory,
  creations: Source<readonly CreationEntry[]>,
  id: string,
): Agent | undefined {
  for (const { key, agent, state } of creations.getSnapshot()) {
    if (key !== id && agent.id !== id) continue;
    if (state.state.case === "appeared") return directory.get(state.state.value.agentId);
    if (state.state.case === "confirmed") return directory.get(agent.id) ?? agent;
    if (state.state.case === "pending") return agent;
  }
  return undefined;
}

function subscribeBoth(one: Source<unknown>, other: Source<unknown>, listener: () => void): () => void {
  const unsubscribes = [one.subscribe(listener), other.subscribe(listener)];
  return () => {
    for (const unsubscribe of unsubscribes) unsubscribe();
  };
}

/** While agents are in front that the directory has not got, its order is not that of the list. */
function followBoth(
  { agents }: AgentDirectory,
  creations: Source<readonly CreationEntry[]>,
  follower: ListFollower<Agent>,
): () => void {
  const replaced = (): void => follower.replaced();
  const changed: ListFollower<Agent>["changed"] = (before, after) => {
    if (creations.getSnapshot().some(isShown)) replaced();
    else follower.changed(before, after);
  };
  const leaves = [agents.follow({ changed, replaced }), creations.subscribe(replaced)];
  return () => {
    for (const leave of leaves) leave();
  };
}

/** The same result, by reference, for the same arguments as the last time. */
function memoize<Args extends readonly unknown[], T>(compute: (...args: Args) => T): (...args: Args) => T {
  let last: { readonly args: Args; readonly result: T } | undefined;
  return (...args) => {
    if (last === undefined || last.args.some((arg, i) => arg !== args[i])) last = { args, result: compute(...args) };
    return last.result;
  };
}
