import { Code, ConnectError } from "@connectrpc/connect";
import type { Agent } from "../../../gen/moorline/agent/v1/agent_pb.ts";
import {
  AgentDirectoryService,
  type AgentsChanged,
  type DirectoryCursor,
  type DirectoryMark,
  type WatchAgentsResponse,
} from "../../../gen/moorline/agent/v1/directory_service_pb.ts";
import { digestOf } from "../../wire/collection-digest.ts";
import type { FollowingClient } from "../follow-timeline.ts";

interface Entry {
  readonly agent: Agent;
  readonly revision: number;
}

/** A copy of a daemon's directory, kept by a watch. A snapshot takes its place as a whole, at its mark. */
export class AgentMirror {
  private shown = new Map<string, Entry>();
  private shadow: Map<string, Entry> | undefined;
  private latest: DirectoryCursor | undefined;
  private readonly listeners = new Set<() => void>();

  /** The agents that are shown, by their ids. */
  get agents(): readonly Agent[] {
    return [...this.shown.values()].map(({ agent }) => agent).sort(byId);
  }

  /** Where a watch goes on. Undefined: it begins. */
  get cursor(): DirectoryCursor | undefined {
    return this.latest;
  }

  /** Takes a piece of a watch over. @throws Error where the digest of a mark is not that of what is shown. Spec: DIR-13. */
  take({ event }: WatchAgentsResponse): void {
    if (event.case === "snapshotBegan") this.shadow = new Map();
    if (event.case === "agentsChanged") this.change(event.value);
    if (event.case === "mark") this.mark(event.value);
    for (const listener of [...this.listeners]) listener();
  }

  /** The watch has ended: a snapshot that was under way is void. */
  cut(): void {
    this.shadow = undefined;
  }

  /** Resolves at the next piece of the watch. */
  next(): Promise<void> {
    return new Promise((resolve) => {
      const hear = (): void => {
        this.listeners.delete(hear);
        resolve();
      };
      this.listeners.add(hear);
    });
  }

  private change({ upserted, removedIds }: AgentsChanged): void {
    const target = this.shadow ?? this.shown;
    for (const { agent, revision } of upserted) {
      if (agent !== undefined) target.set(agent.id, { agent, revision: Number(revision) });
    }
    for (const id of removedIds) target.delete(id);
  }

  private mark({ cursor, digest }: DirectoryMark): void {
    this.shown = this.shadow ?? this.shown;
    this.shadow = undefined;
    this.latest = cursor;
    const own = digestOf([...this.shown].map(([id, { revision }]) => ({ id, revision })));
    if (digest !== undefined && digest !== own) throw new Error("the mirror of the directory has diverged from it");
  }
}

/** Keeps a mirror, over lost connections and restarts of the daemon. Comes back only by what is thrown. */
export async function followAgents(client: FollowingClient, mirror: AgentMirror): Promise<never> {
  for (;;) {
    const { cursor } = mirror;
    try {
      const watch = client.service(AgentDirectoryService).watchAgents(cursor === undefined ? {} : { cursor });
      for await (const piece of watch) mirror.take(piece);
    } catch (thrown) {
      const error = ConnectError.from(thrown);
      if (error.code !== Code.Unavailable) throw thrown;
    }
    mirror.cut();
    await client.ensureConnected();
  }
}

/** Every agent that the daemon lists, by their ids. */
export async function listAgents(client: FollowingClient): Promise<readonly Agent[]> {
  const agents: Agent[] = [];
  let pageToken = "";
  do {
    const page = await client.service(AgentDirectoryService).listAgents({ pageToken });
    agents.push(...page.agents);
    pageToken = page.nextPageToken;
  } while (pageToken !== "");
  return agents.sort(byId);
}

function byId(a: Agent, b: Agent): number {
  return a.id < b.id ? -1 : 1;
}
