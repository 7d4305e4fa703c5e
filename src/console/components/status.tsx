import type { ReactNode } from "react";
import { type AgentStatus, AgentStatusSchema } from "../../../gen/moorline/agent/v1/agent_pb.ts";
import type { HostStatus, Problem, Standing } from "../model/console-model.ts";
import { nameOf } from "../model/names.ts";

const STATUS_TONES: readonly string[] = [
  "idle",
  "working",
  "working",
  "online",
  "waiting",
  "working",
  "failed",
  "idle",
];

/** A word with a dot of its colour. */
export function Chip({ tone, children }: { readonly tone: Standing | "waiting"; readonly children: ReactNode }) {
  return (
    <span className="chip" data-tone={tone}>
      <span className="dot" aria-hidden="true" />
      {children}
    </span>
  );
}

/** Where a host is. */
export function HostChip({ status }: { readonly status: HostStatus }) {
  return <Chip tone={status.standing}>{status.phase.replaceAll("_", " ")}</Chip>;
}

/** Where an agent is. */
export function AgentChip({ status }: { readonly status: AgentStatus }) {
  return <Chip tone={(STATUS_TONES[status] ?? "idle") as Standing}>{nameOf(AgentStatusSchema, status)}</Chip>;
}

/** Something that did not go well, and what to do. */
export function ProblemNote({ problem, children }: { readonly problem: Problem; readonly children?: ReactNode }) {
  return (
    <div className="problem" role="alert">
      <p>
        <code>{problem.code}</code> {problem.text}
      </p>
      <p className="muted">{problem.action}</p>
      {children}
    </div>
  );
}
