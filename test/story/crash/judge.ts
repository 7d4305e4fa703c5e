import {
  type Agent,
  AgentFailureReason,
  AgentStatus,
  AgentStatusSchema,
} from "../../../gen/moorline/agent/v1/agent_pb.ts";
import type { TimelineItem } from "../../../gen/moorline/agent/v1/timeline_pb.ts";
import type { KeptAgentState, KeptState } from "./kept-state.ts";
import { isSameItem, type KeyedCall, type Ledger } from "./ledger.ts";
import { outputOf } from "./programs.ts";

const decoder = new TextDecoder();

/** Holds what a dead daemon has left against what its clients were shown. */
export function judgeKept(ledger: Ledger, { agents, integrity }: KeptState): void {
  if (integrity !== "ok") ledger.blame(`the database: ${integrity}`);
  for (const [id, { agent, fate, items }] of ledger.agents) {
    const kept = agents.get(id);
    if (kept === undefined) {
      if (fate === "kept") ledger.blame(`${agent.title} was shown, and is not kept`);
      continue;
    }
    if (fate === "deleted") ledger.blame(`${agent.title} was deleted, and is kept`);
    judgeAgent(ledger, agent, kept.agent);
    for (const item of items.values()) judgeItem(ledger, agent, item, kept.items[Number(item.seq) - 1]);
  }
  for (const kept of agents.values()) judgeTimeline(ledger, kept);
  for (const call of ledger.calls) judgeCall(ledger, agents, call);
}

function judgeAgent(ledger: Ledger, shown: Agent, kept: Agent): void {
  if (shown.timelineEpoch !== kept.timelineEpoch) ledger.blame(`${shown.title} has another epoch`);
  if (isOver(shown) && shown.status !== kept.status) {
    ledger.blame(`${shown.title} was shown as ${nameOf(shown)}, and is ${nameOf(kept)}`);
  }
}

function judgeItem(ledger: Ledger, { title }: Agent, shown: TimelineItem, kept: TimelineItem | undefined): void {
  if (kept?.seq !== shown.seq) ledger.blame(`${title}: item ${shown.seq} was shown, and is not kept`);
  else if (kept.revision < shown.revision) ledger.blame(`${title}: item ${shown.seq} has a lower revision`);
  else if (kept.revision === shown.revision && !isSameItem(kept, shown)) {
    ledger.blame(`${title}: item ${shown.seq} is another one`);
  }
}

/** Every item has the place that its number says, and what a program wrote is there once, in order, and whole at its end. */
function judgeTimeline(ledger: Ledger, { agent, items }: KeptAgentState): void {
  if (items.some(({ seq }, index) => seq !== BigInt(index + 1))) ledger.blame(`${agent.title} has gaps`);
  const prompts = items.flatMap(({ content }) => (content.case === "userMessage" ? [content.value.text] : []));
  const expected = outputOf(agent.title, prompts);
  const written = textOf(items);
  const isWhole = agent.status === AgentStatus.ENDED && written === expected;
  if (!isWhole && (agent.status === AgentStatus.ENDED || !expected.startsWith(written))) {
    ledger.blame(`${agent.title} has written ${JSON.stringify(written)} instead of ${JSON.stringify(expected)}`);
  }
}

function textOf(items: readonly TimelineItem[]): string {
  const outputs = items.flatMap(({ content }) => (content.case === "commandOutput" ? [content.value.data] : []));
  return outputs.map((data) => decoder.decode(data)).join("");
}

/** Once where it was done, never where it was refused, at most once while nobody knows. */
function judgeCall(ledger: Ledger, agents: KeptState["agents"], { key, effect, end }: KeyedCall): void {
  if ("text" in effect && !agents.has(effect.agentId)) return;
  const effects = "title" in effect ? countAgents(agents, effect.title) : countMessages(agents, effect);
  const isDeleted =
    "title" in effect &&
    [...ledger.agents.values()].some(({ agent, fate }) => {
      return fate !== "kept" && agent.title === effect.title;
    });
  const least = end?.case === "done" && !isDeleted ? 1 : 0;
  const most = end?.case === "refused" ? 0 : 1;
  if (effects < least || effects > most) ledger.blame(`the call ${key} has ended ${end?.case}: ${effects} effects`);
}

function countAgents(agents: KeptState["agents"], title: string): number {
  return [...agents.values()].filter(({ agent }) => agent.title === title).length;
}

function countMessages(agents: KeptState["agents"], { agentId, text }: { agentId: string; text: string }): number {
  const isIt = ({ content }: TimelineItem): boolean => content.case === "userMessage" && content.value.text === text;
  return agents.get(agentId)?.items.filter(isIt).length ?? 0;
}

/** Holds what a daemon shows after its recovery against what the one before it has left. */
export function judgeRecovered(ledger: Ledger, { agents }: KeptState, shown: ReadonlyMap<string, Agent>): void {
  for (const [id, { agent }] of agents) {
    const now = shown.get(id);
    if (now === undefined) {
      if (ledger.agents.get(id)?.fate === "kept") ledger.blame(`${agent.title} was kept, and is not there`);
      continue;
    }
    const isRight = isOver(agent) ? now.status === agent.status : isRestarted(now);
    if (!isRight) ledger.blame(`${agent.title} was ${nameOf(agent)}, and is ${nameOf(now)}`);
  }
}

function isOver({ status }: Agent): boolean {
  return status === AgentStatus.ENDED || status === AgentStatus.ERROR;
}

function isRestarted({ status, failure }: Agent): boolean {
  return status === AgentStatus.ERROR && failure?.reason === AgentFailureReason.DAEMON_RESTARTED;
}

function nameOf({ status }: Agent): string {
  return AgentStatusSchema.value[status]?.localName ?? `${status}`;
}
