import { create } from "@bufbuild/protobuf";
import { type Timestamp, timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  type Agent,
  AgentAttention,
  AgentFailureReason,
  AgentSchema,
  AgentStatus,
  PermissionDecision,
} from "../../../gen/moorline/agent/v1/agent_pb.ts";

const STARTED_MS = 1_764_000_000_000;
/** After the last change of every sample. */
const LATER_MS = STARTED_MS + 10_000_000_000;
const PROJECTS = ["harbour-master", "tide-tables", "chart-room", "lighthouse", "dry-dock"];

/** The id of an agent: 22 characters, as a daemon makes them. */
export function agentIdOf(index: number): string {
  return `agent_${index.toString(36).padStart(16, "0")}`;
}

/** A time after that of all samples. @param turn Goes up from one to the next. */
export function laterThanSamples(turn: number): Timestamp {
  return timestampFromMs(LATER_MS + turn);
}

/** An agent with all of its fields, of the size that agents have: about 800 B encoded. */
export function createSampleAgent(index: number, changes = 0): Agent {
  const project = PROJECTS[index % PROJECTS.length] ?? "";
  const workingDirectory = `/home/mariner/projects/${project}/packages/service-${index % 97}`;
  const atMs = STARTED_MS + index * 1000;
  return create(AgentSchema, {
    id: agentIdOf(index),
    providerId: "command",
    title: `Move the tests of ${project} to the new runner and mend what breaks (${index}, ${changes})`,
    workingDirectory,
    labels: { project, branch: `feature/new-runner-${index % 31}`, issue: `HARBOUR-${index}`, owner: "mariner" },
    status: AgentStatus.ERROR,
    failure: {
      reason: AgentFailureReason.PROCESS_EXITED,
      message: `the process ended with code ${index % 128} after 12 of 48 suites; the last one was ${project}/schedule`,
    },
    attention: AgentAttention.PERMISSION,
    attentionAt: timestampFromMs(atMs + 61_250),
    pendingPermissions: [
      {
        id: `permission-${index}`,
        title: `Run the tests of ${project}`,
        subject: {
          case: "command",
          value: { argv: ["npm", "run", "test", "--", "--reporter=dot", `suite-${index % 97}`], workingDirectory },
        },
        options: [
          { id: "allow", label: "Allow once", decision: PermissionDecision.ALLOW_ONCE },
          { id: "always", label: "Allow always", decision: PermissionDecision.ALLOW_ALWAYS },
          { id: "deny", label: "Deny", decision: PermissionDecision.DENY },
        ],
        requestedAt: timestampFromMs(atMs + 60_125),
      },
    ],
    settings: { modeId: "default", modelId: "large-2026-05", thinkingId: "medium" },
    lastExit: { cause: { case: "code", value: index % 128 } },
    createdAt: timestampFromMs(atMs),
    updatedAt: timestampFromMs(atMs + 62_500 + changes),
    timelineEpoch: `epoch_${(index * 7919).toString(36).padStart(16, "0")}`,
  });
}
