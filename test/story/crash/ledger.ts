import { toBinary } from "@bufbuild/protobuf";
import type { Agent } from "../../../gen/moorline/agent/v1/agent_pb.ts";
import { type TimelineItem, TimelineItemSchema } from "../../../gen/moorline/agent/v1/timeline_pb.ts";

/** An agent as a client was shown it. */
export interface ShownAgent {
  /** As it was shown last. */
  agent: Agent;
  /** Whether its deletion was asked for: from then on it may be gone. */
  fate: "kept" | "deletionAsked" | "deleted";
  /** Its items, as they were shown last. */
  readonly items: Map<bigint, TimelineItem>;
}

/** What a keyed call has come to. `unknown`: the daemon ended while it ran. */
export type CallEnd =
  | { readonly case: "done"; readonly agentId: string; readonly seq: bigint }
  | { readonly case: "unknown" }
  /** Refused by a status, and so without an effect. */
  | { readonly case: "refused"; readonly code: string };

/** A keyed call of a client. */
export interface KeyedCall {
  readonly key: string;
  /** The effect that it is to have once: an agent of a title, or a message in the timeline of an agent. */
  readonly effect: { readonly title: string } | { readonly agentId: string; readonly text: string };
  /** Asks again with the same key. */
  readonly ask: () => Promise<CallEnd>;
  end: CallEnd | undefined;
}

/** Remembers everything that a client was shown, and what must never be shown. */
export class Ledger {
  readonly agents = new Map<string, ShownAgent>();
  readonly calls: KeyedCall[] = [];
  readonly violations: string[] = [];

  /** Something is wrong. */
  blame(text: string): void {
    this.violations.push(text);
  }

  /** An agent was shown, by the directory or an answer. */
  agentShown(agent: Agent): ShownAgent {
    const known = this.agents.get(agent.id);
    if (known === undefined) {
      const shown: ShownAgent = { agent, fate: "kept", items: new Map() };
      this.agents.set(agent.id, shown);
      return shown;
    }
    if (known.agent.timelineEpoch !== agent.timelineEpoch) this.blame(`${agent.title} has another epoch`);
    known.agent = agent;
    return known;
  }

  /** The directory says that an agent is gone. */
  agentRemoved(id: string): void {
    const shown = this.agents.get(id);
    if (shown?.fate === "kept") this.blame(`${shown.agent.title} is gone, and nobody has deleted it`);
  }

  /** An item of a timeline was shown. */
  itemShown({ agent, items }: ShownAgent, item: TimelineItem): void {
    const before = items.get(item.seq);
    if (before !== undefined && before.revision === item.revision && !isSameItem(before, item)) {
      this.blame(`${agent.title}: item ${item.seq} is another one at revision ${item.revision}`);
    }
    if (before === undefined || item.revision > before.revision) items.set(item.seq, item);
  }
}

/** Whether two items say the same. */
export function isSameItem(one: TimelineItem, other: TimelineItem): boolean {
  return Buffer.compare(toBinary(TimelineItemSchema, one), toBinary(TimelineItemSchema, other)) === 0;
}
