import { create } from "@bufbuild/protobuf";
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import { type AgentFailure, AgentFailureReason, AgentFailureSchema } from "../../../gen/moorline/agent/v1/agent_pb.ts";
import type { AgentEvent } from "../../../gen/moorline/machine/v1/agent_pb.ts";
import { agentEvent } from "../../machine/agent.ts";
import { timestampOf } from "../../wire/timestamp.ts";
import type { RunEnd, RunItem, RunListener } from "../provider.ts";

/** Who hears of a run, in the terms of the agent's machine. */
export interface RunAudience {
  /** What the wall clock says, in milliseconds since 1970. */
  wallNow(): number;
  /** Whether the daemon is being stopped. */
  isClosing(): boolean;
  /** Something has happened. */
  happened(event: AgentEvent): void;
  /** Items were added. See {@link RunListener}. */
  itemsAdded(items: readonly RunItem[]): Promise<void> | void;
}

/** A listener of one run. What an older run still tells is heard by nobody: see `isCurrent`. */
export function createRunListener(audience: RunAudience, isCurrent: () => boolean): RunListener {
  const now = (): Timestamp => timestampOf(audience.wallNow());
  const tell = (event: AgentEvent): void => {
    if (isCurrent()) audience.happened(event);
  };
  return {
    started: () => tell(agentEvent({ case: "runStarted", value: {} })),
    turnEnded: () => tell(agentEvent({ case: "turnEnded", value: { at: now() } })),
    permissionAsked: (permission) => tell(agentEvent({ case: "permissionAsked", value: { permission, at: now() } })),
    itemsAdded: (items) => (isCurrent() ? audience.itemsAdded(items) : undefined),
    ended: (end) => tell(endToEvent(end, now(), audience.isClosing())),
  };
}

/** The end of a run. One that ends because its daemon is stopped has not come to its end. Spec: AGENT-22. */
function endToEvent({ exit, failure: ownFailure }: RunEnd, at: Timestamp, isClosing: boolean): AgentEvent {
  const failure = ownFailure ?? (isClosing ? stoppedWithDaemon() : undefined);
  const ended = exit === undefined ? { at } : { exit, at };
  if (failure === undefined) return agentEvent({ case: "runEnded", value: ended });
  return createRunFailed(failure, at, ended);
}

function stoppedWithDaemon(): AgentFailure {
  const reason = AgentFailureReason.DAEMON_RESTARTED;
  return create(AgentFailureSchema, { reason, message: "the daemon was stopped while the agent ran" });
}

/** A run that cannot go on. */
export function createRunFailed(failure: AgentFailure, at: Timestamp, end: RunEnd = {}): AgentEvent {
  const exit = end.exit === undefined ? {} : { exit: end.exit };
  return agentEvent({ case: "runFailed", value: { failure, at, ...exit } });
}
