import { clone, create, equals } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";
import {
  type Agent,
  AgentAttention,
  AgentFailureReason,
  AgentSchema,
  AgentStatus,
} from "../../../../gen/moorline/agent/v1/agent_pb.ts";
import type { AgentEvent } from "../../../../gen/moorline/machine/v1/agent_pb.ts";
import {
  clearAgentAttention,
  type LifecycleStep,
  recoverAgent,
  stepAgent,
} from "../../../../src/daemon/agent/agent-lifecycle.ts";
import { agentEvent, MAX_PENDING_PERMISSIONS } from "../../../../src/machine/agent.ts";
import { agentIn, events, NOW_MS, permission } from "./support.ts";

const all = { promptsWhileRunning: true, restarts: true };
const none = { promptsWhileRunning: false, restarts: false };
const { STARTING, RUNNING, IDLE, WAITING_FOR_PERMISSION, CANCELLING, ERROR, ENDED, UNSPECIFIED } = AgentStatus;
const { FINISHED, PERMISSION } = AgentAttention;
const NOBODY = AgentAttention.UNSPECIFIED;

function take(agent: Agent, event: AgentEvent | undefined, config = all): LifecycleStep {
  if (event === undefined) throw new Error("there is no such event");
  return stepAgent(agent, event, config, NOW_MS);
}

type Row = readonly [to: AgentStatus, attention: AgentAttention, effects: string];
const TO_ERROR: Row = [ERROR, AgentAttention.ERROR, ""];
const TO_FAILURE: Row = [ERROR, AgentAttention.ERROR, "recordFailure"];

/** What follows from each event in each status. What is left out is ignored. */
const table: ReadonlyArray<readonly [AgentStatus, Readonly<Record<string, Row>>]> = [
  [UNSPECIFIED, {}],
  [
    STARTING,
    {
      run_started: [RUNNING, NOBODY, ""],
      turn_ended: [IDLE, NOBODY, ""],
      permission_asked: [WAITING_FOR_PERMISSION, PERMISSION, ""],
      cancel_requested: [CANCELLING, NOBODY, "cancelRun"],
      run_ended: [ENDED, FINISHED, "recordExit"],
      run_failed: TO_FAILURE,
      daemon_restarted: TO_ERROR,
    },
  ],
  [
    RUNNING,
    {
      prompt_sent: [RUNNING, NOBODY, "deliverPrompt"],
      turn_ended: [IDLE, FINISHED, ""],
      permission_asked: [WAITING_FOR_PERMISSION, PERMISSION, ""],
      cancel_requested: [CANCELLING, NOBODY, "cancelRun"],
      run_ended: [ENDED, FINISHED, "recordExit"],
      run_failed: TO_FAILURE,
      daemon_restarted: TO_ERROR,
    },
  ],
  [
    IDLE,
    {
      prompt_sent: [RUNNING, NOBODY, "deliverPrompt"],
      run_started: [RUNNING, NOBODY, ""],
      run_ended: [ENDED, NOBODY, "recordExit"],
      run_failed: TO_FAILURE,
      daemon_restarted: TO_ERROR,
    },
  ],
  [
    WAITING_FOR_PERMISSION,
    {
      permission_asked: [WAITING_FOR_PERMISSION, PERMISSION, ""],
      permission_resolved: [RUNNING, NOBODY, "recordResolution answerPermission"],
      turn_ended: [IDLE, FINISHED, "recordResolution"],
      cancel_requested: [CANCELLING, NOBODY, "recordResolution cancelRun"],
      run_ended: [ENDED, FINISHED, "recordResolution recordExit"],
      run_failed: [ERROR, AgentAttention.ERROR, "recordResolution recordFailure"],
      daemon_restarted: [ERROR, AgentAttention.ERROR, "recordResolution"],
    },
  ],
  [
    CANCELLING,
    {
      permission_asked: [CANCELLING, NOBODY, "answerPermission"],
      turn_ended: [IDLE, NOBODY, ""],
      run_ended: [ENDED, NOBODY, "recordExit"],
      run_failed: TO_FAILURE,
      daemon_restarted: TO_ERROR,
    },
  ],
  [ERROR, { prompt_sent: [STARTING, NOBODY, "startRun"] }],
  [ENDED, {}],
];

const nameOf = (status: AgentStatus): string =>
  Object.entries(AgentStatus).find(([, value]) => value === status)?.[0] ?? String(status);
const cases = table.flatMap(([from, rows]) =>
  Object.keys(events).map((event) => [nameOf(from), event, from, rows[event]] as const),
);

describe("stepAgent", () => {
  it.each(cases)("%s by %s [AGENT-10] [AGENT-11] [AGENT-13] [AGENT-14]", (_name, event, from, row) => {
    const agent = agentIn(from);
    const before = clone(AgentSchema, agent);
    const step = take(agent, events[event]);
    expect(equals(AgentSchema, agent, before)).toBe(true);
    if (row === undefined) {
      expect(step).toEqual({ agent, effects: [], ignored: true });
      expect(step.agent).toBe(agent);
      return;
    }
    const [to, attention, effects] = row;
    expect(step.ignored).toBe(false);
    expect([nameOf(step.agent.status), step.agent.attention]).toEqual([nameOf(to), attention]);
    expect(step.effects.map(({ effect }) => effect.case).join(" ")).toBe(effects);
    expect(step.agent.updatedAt).toEqual(timestampFromMs(NOW_MS));
    expect(step.agent.failure === undefined).toBe(to !== ERROR);
    expect(step.agent.attentionAt === undefined).toBe(attention === NOBODY);
    expect(step.agent.pendingPermissions.length > 0).toBe(to === WAITING_FOR_PERMISSION);
    expect(step.agent.title).toBe("t");
  });

  it.each([
    ["running", RUNNING],
    ["error", ERROR],
  ])("ignores a prompt in %s where the provider cannot take it [AGENT-11]", (_name, status) => {
    expect(take(agentIn(status), events.prompt_sent, none).ignored).toBe(true);
  });

  it("keeps how the last process ended, until another one does", () => {
    const ended = take(agentIn(RUNNING), events.run_ended).agent;
    expect(ended.lastExit?.cause).toEqual({ case: "code", value: 3 });
    const failed = agentEvent({
      case: "runFailed",
      value: { failure: {}, exit: { cause: { case: "signal", value: "SIGKILL" } } },
    });
    const step = take(agentIn(RUNNING), failed);
    expect(step.agent.lastExit?.cause).toEqual({ case: "signal", value: "SIGKILL" });
    expect(step.effects.map(({ effect }) => effect.case)).toEqual(["recordFailure", "recordExit"]);
  });

  it("keeps the permissions in order, and goes on when the last is decided [AGENT-12]", () => {
    const two = take(agentIn(WAITING_FOR_PERMISSION), events.permission_asked).agent;
    expect(two.pendingPermissions.map(({ id }) => id)).toEqual(["p", "q"]);
    const one = take(two, events.permission_resolved);
    expect(one.agent).toMatchObject({ status: WAITING_FOR_PERMISSION, attention: PERMISSION });
    expect(one.agent.pendingPermissions.map(({ id }) => id)).toEqual(["q"]);
    expect(take(one.agent, events.permission_resolved).ignored).toBe(true);
  });

  it("asks for 64 at once and refuses the next by itself [AGENT-12]", () => {
    const agent = agentIn(WAITING_FOR_PERMISSION);
    agent.pendingPermissions = Array.from({ length: MAX_PENDING_PERMISSIONS - 1 }, (_, i) => permission(`p${i}`));
    const full = take(agent, events.permission_asked);
    expect(full.agent.pendingPermissions.length).toBe(MAX_PENDING_PERMISSIONS);
    const next = agentEvent({ case: "permissionAsked", value: { permission: permission("one more") } });
    const refused = take(full.agent, next);
    expect(refused.agent.pendingPermissions.length).toBe(MAX_PENDING_PERMISSIONS);
    expect(refused.effects.map(({ effect }) => effect)).toMatchObject([
      { case: "answerPermission", value: { permissionId: "one more", optionId: "" } },
    ]);
  });

  it("ignores a permission that waits already, and one without content [AGENT-12]", () => {
    const again = agentEvent({ case: "permissionAsked", value: { permission: permission("p") } });
    expect(take(agentIn(WAITING_FOR_PERMISSION), again).ignored).toBe(true);
    expect(take(agentIn(RUNNING), agentEvent({ case: "permissionAsked", value: {} })).ignored).toBe(true);
  });
});

describe("recoverAgent", () => {
  it.each([
    ["STARTING", STARTING],
    ["RUNNING", RUNNING],
    ["IDLE", IDLE],
    ["WAITING_FOR_PERMISSION", WAITING_FOR_PERMISSION],
    ["CANCELLING", CANCELLING],
  ])("makes %s an error with DAEMON_RESTARTED [AGENT-15]", (_name, status) => {
    const { agent } = recoverAgent(agentIn(status), NOW_MS);
    expect(agent.status).toBe(ERROR);
    expect(agent.failure?.reason).toBe(AgentFailureReason.DAEMON_RESTARTED);
    expect(agent.pendingPermissions).toEqual([]);
  });

  it.each([
    ["ERROR", ERROR],
    ["ENDED", ENDED],
    ["a status of a newer version", UNSPECIFIED],
  ])("leaves %s as it was [AGENT-15]", (_name, status) => {
    const agent = agentIn(status);
    expect(recoverAgent(agent, NOW_MS).agent).toBe(agent);
  });
});

describe("clearAgentAttention", () => {
  it("takes the attention away and nothing else [AGENT-11]", () => {
    const agent = agentIn(WAITING_FOR_PERMISSION);
    const looked = clearAgentAttention(agent, NOW_MS);
    const expected = { ...agent, attention: NOBODY, updatedAt: timestampFromMs(NOW_MS) };
    delete expected.attentionAt;
    expect(equals(AgentSchema, looked, create(AgentSchema, expected))).toBe(true);
    expect(clearAgentAttention(looked, NOW_MS)).toBe(looked);
  });
});
