import { timestampMs } from "@bufbuild/protobuf/wkt";
import { useMemo } from "react";
import { type Agent, AgentFailureReasonSchema, AgentStatus } from "../../../gen/moorline/agent/v1/agent_pb.ts";
import { agentPhases } from "../../../gen/moorline/machine/v1/agent_moorline.ts";
import { toFragment } from "../address/route.ts";
import { AgentButtons, Permissions, PromptForm } from "../components/agent-actions.tsx";
import { HostProblem } from "../components/host-problem.tsx";
import { MachineCard } from "../components/machine-card.tsx";
import { AgentChip, ProblemNote } from "../components/status.tsx";
import { Timeline } from "../components/timeline.tsx";
import { toDuration, toFull } from "../components/times.ts";
import { useNow } from "../components/use-now.ts";
import { titleOf } from "../model/arrange-agents.ts";
import type { ConsoleHost, TimelineView } from "../model/console-model.ts";
import { countLines } from "../model/group-timeline.ts";
import { nameOf, toCounted } from "../model/names.ts";
import { useSource } from "../model/use-source.ts";
import { Page } from "./page.tsx";

/** How a timeline is presented that may be behind: nobody knows whether its agent is still at work. */
const STALE: ReadonlySet<TimelineView["presentation"]> = new Set(["reconnecting_badge", "error_badge"]);
const WORKING: ReadonlySet<number> = new Set([AgentStatus.STARTING, AgentStatus.RUNNING, AgentStatus.CANCELLING]);

interface AgentPageProps {
  readonly host: ConsoleHost;
  readonly agentId: string;
}

/** An agent: where it is, what it has written, and what can be asked of it. */
export function AgentPage({ host, agentId }: AgentPageProps) {
  const agent = useSource(useMemo(() => host.agent(agentId), [host, agentId]));
  const timeline = useSource(useMemo(() => host.timeline(agentId), [host, agentId]));
  const { problem } = useSource(host.status);
  const { serverId, label, intents } = host;
  const title = agent === undefined ? agentId : titleOf(agent);
  const crumbs = [
    { label: "Hosts", href: "#/" },
    { label, href: toFragment({ page: "host", serverId }) },
    { label: "Agents", href: toFragment({ page: "agents", serverId }) },
    { label: title },
  ];
  const aside =
    agent === undefined ? null : (
      <>
        <span role="status">
          <AgentChip status={agent.status} />
        </span>
        <AgentButtons {...{ agent, intents }} />
      </>
    );
  return (
    <Page title={title} crumbs={crumbs} aside={aside}>
      {problem === undefined ? null : <HostProblem {...{ serverId, problem }} />}
      {agent === undefined ? null : <AgentFacts agent={agent} />}
      {agent === undefined ? null : <Progress agent={agent} view={timeline} />}
      {agent?.failure === undefined ? null : (
        <ProblemNote
          problem={{
            code: nameOf(AgentFailureReasonSchema, agent.failure.reason),
            text: agent.failure.message,
            action: "Its timeline is kept.",
          }}
        />
      )}
      {agent === undefined ? null : <Permissions {...{ agent, intents }} />}
      <Timeline view={timeline} onRetry={intents.refresh} onEarlier={() => void intents.loadEarlier(agentId)} />
      {agent === undefined ? null : <PromptForm {...{ agent, intents }} />}
      {agent === undefined ? null : <MachineCard machine={{ machine: "agent", subject: "", state: stateOf(agent) }} />}
    </Page>
  );
}

function AgentFacts({ agent }: { readonly agent: Agent }) {
  const { id, providerId, workingDirectory, createdAt, labels } = agent;
  const facts = [
    ["id", id],
    ["provider", providerId],
    ["directory", workingDirectory],
    ["created", toFull(createdAt)],
    ...Object.entries(labels),
  ];
  return (
    <dl className="facts">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** Shows that something is still under way, for how long, and how much there is of it. */
function Progress({ agent, view }: { readonly agent: Agent; readonly view: TimelineView }) {
  const isWorking = WORKING.has(agent.status) && !STALE.has(view.presentation);
  const now = useNow(isWorking);
  const lines = useMemo(() => countLines(view.items), [view.items]);
  if (!isWorking) return null;
  const since = agent.createdAt === undefined ? now : timestampMs(agent.createdAt);
  return (
    <div className="working">
      <progress className="progress" aria-label="The agent is working" />
      <span className="muted small">
        {toDuration(now - since)}
        {lines === 0 ? "" : ` · ${view.hasEarlier ? "the last " : ""}${toCounted(lines, "line")}`}
      </span>
    </div>
  );
}

/** The state of an agent's machine, as its status tells it. Undefined: of a newer version. */
function stateOf({ status }: Agent): string | undefined {
  return Object.entries(agentPhases).find(([, phase]) => phase === status)?.[0];
}
