import { clone } from "@bufbuild/protobuf";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import {
  type Agent,
  AgentAttention,
  AgentSchema,
  type PermissionResolution,
} from "../../../gen/moorline/agent/v1/agent_pb.ts";
import type { StoredAgent } from "../../../gen/moorline/agent/v1/stored_agent_pb.ts";
import type { TimelineLog, TimelinePosition } from "../../server/timeline/timeline-store.ts";
import { timestampOf } from "../../wire/timestamp.ts";
import type { RunItem } from "../provider.ts";
import { encodeItem } from "../timeline/timeline-item.ts";
import type { AgentsContext } from "./agents-context.ts";
import { encodeStoredAgent, nextStoredAgent } from "./stored-agent.ts";

/** While a timeline grows, its agent says so this often. Spec: AGENT-18. */
const TOUCH_EVERY_MS = 1_000;

/** What was kept of an agent, and is shown: its record, its timeline, its place in the directory. */
export class KeptAgent {
  /** The timeline. */
  readonly log: TimelineLog;
  private readonly context: AgentsContext;
  private readonly listeners = new Set<() => void>();
  private stored: StoredAgent & { readonly agent: Agent };

  /** @param stored What the record of the log says. */
  constructor(context: AgentsContext, log: TimelineLog, stored: StoredAgent & { readonly agent: Agent }) {
    this.context = context;
    this.log = log;
    this.stored = stored;
  }

  /** The agent, as clients are shown it. */
  get agent(): Agent {
    return this.stored.agent;
  }

  /** What it was created with. */
  get request(): StoredAgent["request"] {
    return this.stored.request;
  }

  /** How a permission was decided, where that was not too long ago. */
  resolutionOf(permissionId: string): PermissionResolution | undefined {
    return this.stored.resolutions.findLast((resolution) => resolution.permissionId === permissionId);
  }

  /**
   * Keeps what the agent has become, with items of its timeline, in one transaction; then shows it. Where that fails nothing
   * has changed. Spec: AGENT-18.
   * @returns The places of the items.
   */
  async commit(
    agent: Agent,
    items: readonly RunItem[] = [],
    resolutions: readonly PermissionResolution[] = [],
  ): Promise<TimelinePosition[]> {
    const next = nextStoredAgent(this.stored, agent, resolutions);
    const record = this.log.setRecord(encodeStoredAgent(next));
    const [positions] = await Promise.all([this.appendAll(items), record]);
    this.stored = { ...next, agent };
    this.show(agent);
    return positions;
  }

  /** Adds to the timeline. Comes back when it is kept. */
  async append(items: readonly RunItem[]): Promise<void> {
    await this.appendAll(items);
    const nowMs = this.context.clock.wallNow();
    const { updatedAt } = this.agent;
    if (updatedAt !== undefined && nowMs - timestampMs(updatedAt) < TOUCH_EVERY_MS) return;
    const touched = clone(AgentSchema, this.agent);
    touched.updatedAt = timestampOf(nowMs);
    this.show(touched);
  }

  /** Shows something of the agent that is not kept, or not yet. */
  show(agent: Agent): void {
    const before = this.context.agents.get(agent.id)?.attention;
    this.stored = { ...this.stored, agent };
    this.context.agents.put(agent.id, agent);
    if (agent.attention !== AgentAttention.UNSPECIFIED && agent.attention !== before) {
      this.context.attentionRaised(agent);
    }
    this.tell();
  }

  /**
   * Deletes the agent with its timeline. Where that fails nothing has changed.
   * @param deleted Is called as soon as it is so, before anybody is told.
   */
  async delete(deleted: () => void): Promise<void> {
    const { id } = this.agent;
    await this.context.store.delete(id);
    deleted();
    this.context.agents.delete(id);
    this.tell();
  }

  /** Calls `listener` after each change, until the function that comes back is called. */
  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private appendAll(items: readonly RunItem[]): Promise<TimelinePosition[]> {
    return Promise.all(
      items.map((item) => {
        const { payload, text } = encodeItem(item);
        return this.log.append(payload, { text });
      }),
    );
  }

  private tell(): void {
    for (const listener of [...this.listeners]) listener();
  }
}
