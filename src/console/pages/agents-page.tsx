import { useMemo, useState } from "react";
import { type Agent, AgentAttentionSchema, AgentStatusSchema } from "../../../gen/moorline/agent/v1/agent_pb.ts";
import { toFragment } from "../address/route.ts";
import { Card } from "../components/card.tsx";
import { AgentChip, Chip, ProblemNote } from "../components/status.tsx";
import { Synced } from "../components/synced.tsx";
import { toAgo, toFull } from "../components/times.ts";
import { useNow } from "../components/use-now.ts";
import { type AgentOrder, arrangeAgents, titleOf } from "../model/arrange-agents.ts";
import type { ConsoleHost, Creation } from "../model/console-model.ts";
import { nameOf } from "../model/names.ts";
import { useSource } from "../model/use-source.ts";

const PAGE_SIZE = 200;
const ORDERS: Readonly<Record<AgentOrder, string>> = {
  changed: "last changed",
  created: "newest",
  title: "title",
  status: "status",
};
const STATUSES = AgentStatusSchema.values.slice(1);

/** The agents of a host. */
export function AgentsPage({ host }: { readonly host: ConsoleHost }) {
  const view = useSource(host.directory);
  const [text, setText] = useState("");
  const [status, setStatus] = useState<number>();
  const [order, setOrder] = useState<AgentOrder>("changed");
  const [limit, setLimit] = useState(PAGE_SIZE);
  const shown = useMemo(
    () => arrangeAgents(view.agents, { text, status: status as Agent["status"] | undefined, order }),
    [view.agents, text, status, order],
  );
  const now = useNow(true);
  return (
    <Card title="Agents" aside={<a href={toFragment({ page: "run", serverId: host.serverId })}>Run a command</a>}>
      <search className="filters">
        <label className="grow">
          Text
          <input
            type="search"
            value={text}
            onChange={({ target }) => setText(target.value)}
            placeholder="title, id, directory or label"
          />
        </label>
        <label>
          Status
          <select
            value={status ?? ""}
            onChange={({ target }) => setStatus(target.value === "" ? undefined : Number(target.value))}
          >
            <option value="">all</option>
            {STATUSES.map(({ number }) => (
              <option key={number} value={number}>
                {nameOf(AgentStatusSchema, number)}
              </option>
            ))}
          </select>
        </label>
        <label>
          Order
          <select value={order} onChange={({ target }) => setOrder(target.value as AgentOrder)}>
            {Object.entries(ORDERS).map(([name, title]) => (
              <option key={name} value={name}>
                {title}
              </option>
            ))}
          </select>
        </label>
        <label className="check">
          <input
            type="checkbox"
            defaultChecked={host.isArchivedShown()}
            onChange={({ target }) => host.intents.showArchived(target.checked)}
          />{" "}
          archived
        </label>
      </search>
      <Synced view={view} onRetry={host.intents.refresh}>
        <p className="muted small" role="status">
          {shown.length} of {view.agents.length}
        </p>
        <ul className="agents">
          {view.creations.map((creation) => (
            <CreationRow
              key={creation.key}
              creation={creation}
              onDismiss={() => host.intents.dismissCreation(creation.key)}
            />
          ))}
          {shown.slice(0, limit).map((agent) => (
            <AgentRow key={agent.id} agent={agent} serverId={host.serverId} now={now} />
          ))}
        </ul>
        {shown.length > limit ? (
          <button type="button" onClick={() => setLimit(limit + PAGE_SIZE)}>
            Show {Math.min(PAGE_SIZE, shown.length - limit)} more
          </button>
        ) : null}
        {view.agents.length === 0 && view.creations.length === 0 ? (
          <p className="muted empty">There is no agent yet.</p>
        ) : null}
      </Synced>
    </Card>
  );
}

interface AgentRowProps {
  readonly agent: Agent;
  readonly serverId: string;
  readonly now: number;
}

function AgentRow({ agent, serverId, now }: AgentRowProps) {
  const { id, status, attention, workingDirectory, updatedAt, archivedAt } = agent;
  return (
    <li>
      <a className="agent-row" href={toFragment({ page: "agent", serverId, agentId: id })}>
        <span className="agent-title">{titleOf(agent)}</span>
        <AgentChip status={status} />
        <span className="tags">
          {attention === 0 ? null : <span className="tag attention">{nameOf(AgentAttentionSchema, attention)}</span>}
          {archivedAt === undefined ? null : <span className="tag">archived</span>}
        </span>
        <code className="muted small directory">{workingDirectory}</code>
        <time className="muted small" title={toFull(updatedAt)}>
          {toAgo(updatedAt, now)}
        </time>
      </a>
    </li>
  );
}

function CreationRow({ creation, onDismiss }: { readonly creation: Creation; readonly onDismiss: () => void }) {
  const { title, problem } = creation;
  return (
    <li className="creation">
      <span className="agent-row">
        <span className="agent-title">{title}</span>
        {problem === undefined ? <Chip tone="working">being created</Chip> : <Chip tone="failed">not created</Chip>}
      </span>
      {problem === undefined ? null : (
        <ProblemNote problem={problem}>
          <button type="button" className="quiet" onClick={onDismiss}>
            Dismiss
          </button>
        </ProblemNote>
      )}
    </li>
  );
}
