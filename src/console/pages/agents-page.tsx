import { useDeferredValue, useMemo, useState } from "react";
import { AgentAttentionSchema, AgentStatusSchema } from "../../../gen/moorline/agent/v1/agent_pb.ts";
import { toFragment } from "../address/route.ts";
import { Card } from "../components/card.tsx";
import { LongList } from "../components/long-list.tsx";
import { AgentChip, Chip, ProblemNote } from "../components/status.tsx";
import { Synced } from "../components/synced.tsx";
import { toAgo, toFull } from "../components/times.ts";
import { useMedia } from "../components/use-media.ts";
import { useNow } from "../components/use-now.ts";
import { type AgentArrangement, type AgentOrder, titleOf } from "../model/arrange-agents.ts";
import type { ConsoleHost, Creation } from "../model/console-model.ts";
import { nameOf, toCounted } from "../model/names.ts";
import { useSource } from "../model/use-source.ts";

/** The height of a row: of one line, and of two where the window is narrow. */
const ROW_PX = 45;
const NARROW_ROW_PX = 66;
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
  // Whoever types does not wait for the list.
  const words = useDeferredValue(text);
  const arrangement = useMemo(() => ({ text: words, status, order }), [words, status, order]);
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
            onChange={({ target }) => setStatus(STATUSES.find(({ number }) => `${number}` === target.value)?.number)}
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
        {view.creations.length === 0 ? null : (
          <ul className="agents">
            {view.creations.map((creation) => (
              <CreationRow
                key={creation.key}
                creation={creation}
                onDismiss={() => host.intents.dismissCreation(creation.key)}
              />
            ))}
          </ul>
        )}
        <AgentList {...{ host, arrangement }} />
      </Synced>
    </Card>
  );
}

interface AgentListProps {
  readonly host: ConsoleHost;
  readonly arrangement: AgentArrangement;
}

function AgentList({ host, arrangement }: AgentListProps) {
  const ids = useSource(useMemo(() => host.agentIds(arrangement), [host, arrangement]));
  const total = useSource(host.agentCount);
  const isNarrow = useMedia("(max-width: 720px)");
  const now = useNow(true);
  if (total === 0) return <p className="muted empty">There is no agent yet.</p>;
  return (
    <>
      <p className="muted small" role="status">
        {ids.length.toLocaleString("en")} of {toCounted(total, "agent")}
      </p>
      <LongList className="agents" ids={ids} rowPx={isNarrow ? NARROW_ROW_PX : ROW_PX}>
        {(id) => <AgentRow {...{ host, id, now }} />}
      </LongList>
    </>
  );
}

interface AgentRowProps {
  readonly host: ConsoleHost;
  readonly id: string;
  readonly now: number;
}

function AgentRow({ host, id, now }: AgentRowProps) {
  const agent = useSource(useMemo(() => host.agent(id), [host, id]));
  if (agent === undefined) return null;
  const { status, attention, workingDirectory, updatedAt, archivedAt } = agent;
  return (
    <a className="agent-row" href={toFragment({ page: "agent", serverId: host.serverId, agentId: id })}>
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
