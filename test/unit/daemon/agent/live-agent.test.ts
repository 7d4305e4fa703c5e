import { create } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import {
  AgentAttention,
  AgentFailureReason,
  AgentStatus,
  PermissionResolver,
  ProcessExitSchema,
} from "../../../../gen/moorline/agent/v1/agent_pb.ts";
import {
  AgentStatusConflictSchema,
  InputClosedSchema,
  PermissionAlreadyResolvedSchema,
} from "../../../../gen/moorline/agent/v1/error_pb.ts";
import { Limit, LimitExceededSchema } from "../../../../gen/moorline/session/v1/error_pb.ts";
import { MoorlineError } from "../../../../src/wire/moorline-error.ts";
import { outputItem } from "../support/scripted-provider.ts";
import { showItem, showStatus, stageAgents } from "../support/stage-agents.ts";
import { permission } from "./support.ts";

const exit = create(ProcessExitSchema, { cause: { case: "code", value: 3 } });
const full = new MoorlineError("STORAGE_FULL", "There is no room.");

describe("LiveAgent: a run", () => {
  it("goes from its start to its end, and leaves everything in the timeline [AGENT-18]", async () => {
    const { createAgent, write, provider, registry, items, clock, log } = await stageAgents();
    const agent = await createAgent();
    expect(showStatus(agent)).toBe("STARTING");
    provider.run.listener.started();
    await write("one\n");
    provider.run.end({ exit });
    await clock.settle();
    expect(registry.get(agent.id).agent).toMatchObject({
      status: AgentStatus.ENDED,
      lastExit: { cause: { value: 3 } },
      attention: AgentAttention.FINISHED,
    });
    expect((await items(agent.id)).map(showItem)).toEqual(["> do it", "one\n", "exit 3"]);
    expect(log).toEqual(["starting runStarted running", "running runEnded ended"]);
  });

  it("says why it has failed, in the agent and in the timeline [AGENT-14, AGENT-18]", async () => {
    const { running, provider, registry, items, clock, raised } = await stageAgents();
    const agent = await running();
    const failure = { reason: AgentFailureReason.PROCESS_EXITED, message: "gone" };
    provider.run.end({ exit, failure: { $typeName: "moorline.agent.v1.AgentFailure", ...failure } });
    await clock.settle();
    expect(registry.get(agent.id).agent).toMatchObject({ status: AgentStatus.ERROR, failure });
    expect((await items(agent.id)).map(showItem)).toEqual(["> do it", "error gone", "exit 3"]);
    expect(raised.map(({ attention }) => attention)).toEqual([AgentAttention.ERROR]);
  });

  it("is not heard once a newer one has begun [AGENT-27]", async () => {
    const { running, provider, registry, agents, settle, items, clock } = await stageAgents();
    const agent = await running();
    const old = provider.run;
    old.end({ failure: { $typeName: "moorline.agent.v1.AgentFailure", reason: 3, message: "gone" } });
    await clock.settle();
    await settle(agents.sendPrompt({ agentId: agent.id, text: "again" }));
    expect(provider.runs).toHaveLength(2);
    expect(provider.run.request.task).toMatchObject({ case: "prompt", value: { text: "again" } });
    provider.run.listener.started();
    old.listener.ended({ exit });
    void old.listener.itemsAdded([outputItem("late")]);
    await clock.settle();
    expect(showStatus(registry.get(agent.id).agent)).toBe("RUNNING");
    expect((await items(agent.id)).map(showItem)).toEqual(["> do it", "error gone", "> again"]);
  });

  it("that cannot begin makes the agent fail [AGENT-14]", async () => {
    const { createAgent, provider, registry, clock } = await stageAgents();
    provider.thrown = new Error("no such thing");
    const agent = await createAgent();
    await clock.settle();
    expect(registry.get(agent.id).agent.failure).toMatchObject({
      reason: AgentFailureReason.START_FAILED,
      message: "no such thing",
    });
  });

  it("has its agent's time follow its timeline, at most once a second [AGENT-18]", async () => {
    const { running, write, collection, clock } = await stageAgents();
    const agent = await running();
    const before = collection.revision;
    await write("x", "x", "x");
    await clock.settle();
    expect(collection.revision).toBe(before);
    await clock.advanceAsync(1_000);
    await write("x", "x", "x");
    await clock.settle();
    expect(collection.revision).toBe(before + 1);
    expect(collection.get(agent.id)?.updatedAt).not.toEqual(agent.updatedAt);
  });
});

describe("LiveAgent: prompts", () => {
  it("are delivered, kept with who has sent them, and answered with their place [AGENT-11, AGENT-18]", async () => {
    const { running, provider, agents, settle, items } = await stageAgents();
    const { id } = await running();
    const { seq, agent } = await settle(agents.sendPrompt({ agentId: id, text: "more" }));
    expect([seq, agent && showStatus(agent), provider.run.prompts]).toEqual([
      2n,
      "RUNNING",
      [{ text: "more", closeInput: false }],
    ]);
    const [, prompt] = await items(id);
    expect(prompt?.content).toMatchObject({
      value: { text: "more", sessionRef: expect.stringMatching(/^[0-9a-f]{16}$/) },
    });
  });

  it("that the run does not take are refused by what is wrong, and never were [AGENT-6, AGENT-18]", async () => {
    const { errorOf, running, provider, agents, items } = await stageAgents();
    const { id } = await running();
    provider.run.outcome = "full";
    const error = await errorOf(agents.sendPrompt({ agentId: id, text: "x" }));
    expect(error).toMatchObject({ code: Code.ResourceExhausted });
    expect(error.findDetails(LimitExceededSchema)).toMatchObject([{ limit: Limit.PROMPT_BYTES, max: 1_048_576n }]);
    provider.run.outcome = "closed";
    const closed = await errorOf(agents.sendPrompt({ agentId: id, text: "x" }));
    expect(closed.findDetails(InputClosedSchema)).toMatchObject([{ agentId: id }]);
    expect((await items(id)).map(showItem)).toEqual(["> do it"]);
  });

  it("are refused in a status that takes none [AGENT-16]", async () => {
    const { errorOf, createAgent, agents } = await stageAgents();
    const { id } = await createAgent();
    const error = await errorOf(agents.sendPrompt({ agentId: id, text: "x" }));
    expect(error.findDetails(AgentStatusConflictSchema)).toMatchObject([{ agentId: id, status: AgentStatus.STARTING }]);
  });
});

describe("LiveAgent: permissions", () => {
  it("are decided by the first who answers; the others learn who that was [AGENT-12, AGENT-19]", async () => {
    const { errorOf, running, provider, agents, settle, items, clock, raised } = await stageAgents();
    const { id } = await running();
    provider.run.listener.permissionAsked(permission("p"));
    await clock.settle();
    expect(raised.map(({ attention }) => attention)).toEqual([AgentAttention.PERMISSION]);
    const answer = { agentId: id, permissionId: "p", optionId: "allow" };
    const { agent, resolution } = await settle(agents.resolvePermission(answer));
    expect([agent && showStatus(agent), resolution?.resolvedBy]).toEqual(["RUNNING", PermissionResolver.CLIENT]);
    expect(provider.run.answers).toEqual(["p: allow"]);
    const late = await errorOf(agents.resolvePermission({ ...answer, optionId: "deny" }));
    expect(late.findDetails(PermissionAlreadyResolvedSchema)).toMatchObject([
      { resolution: { optionId: "allow", sessionRef: resolution?.sessionRef } },
    ]);
    await expect(settle(agents.resolvePermission({ ...answer, permissionId: "q" }))).rejects.toMatchObject({
      code: Code.InvalidArgument,
    });
    expect((await items(id)).map(showItem)).toEqual(["> do it", "p: allow"]);
  });

  it("remember the last 64 decisions, over restarts [AGENT-19]", async () => {
    const stage = await stageAgents();
    const { id } = await stage.running();
    for (let i = 0; i < 65; i += 1) {
      stage.provider.run.listener.permissionAsked(permission(`p${i}`));
      await stage.clock.settle();
      await stage.settle(stage.agents.resolvePermission({ agentId: id, permissionId: `p${i}`, optionId: "deny" }));
    }
    const { agents, settle } = await stage.restart();
    const codeOf = (permissionId: string) =>
      settle(agents.resolvePermission({ agentId: id, permissionId, optionId: "deny" })).catch(({ code }) => code);
    expect(await codeOf("p0")).toBe(Code.InvalidArgument);
    expect(await codeOf("p1")).toBe(Code.FailedPrecondition);
    expect(await codeOf("p64")).toBe(Code.FailedPrecondition);
  });

  it("are denied by nobody when their turn is cancelled [AGENT-13]", async () => {
    const { running, provider, agents, settle, items, clock, log } = await stageAgents();
    const { id } = await running();
    provider.run.obeys = false;
    provider.run.listener.permissionAsked(permission("p"));
    await clock.settle();
    const { agent } = await settle(agents.cancelTurn({ agentId: id }));
    expect([agent && showStatus(agent), provider.run.cancels]).toEqual(["CANCELLING", 1]);
    expect((await items(id)).map(showItem)).toEqual(["> do it", "p: nobody"]);
    expect(log.at(-1)).toBe("waitingForPermission cancelRequested cancelling by a client");
    await settle(agents.cancelTurn({ agentId: id }));
    expect(provider.run.cancels).toBe(1);
  });
});

describe("LiveAgent: where nothing can be kept", () => {
  /** Has the store refuse everything until it is called again. */
  function breakStore(stage: Awaited<ReturnType<typeof stageAgents>>, agentId: string): () => void {
    const { log } = stage.registry.get(agentId).kept;
    const { append, setRecord } = log;
    log.append = () => Promise.reject(full);
    log.setRecord = () => Promise.reject(full);
    return () => Object.assign(log, { append, setRecord });
  }

  it("refuses requests, and has done nothing [AGENT-25]", async () => {
    const stage = await stageAgents();
    const { agents, settle, registry, provider, items } = stage;
    const before = await stage.running();
    const mend = breakStore(stage, before.id);
    await expect(settle(agents.updateAgent({ agentId: before.id, title: "x" }))).rejects.toMatchObject({
      code: Code.ResourceExhausted,
    });
    await expect(settle(agents.archiveAgent({ agentId: before.id }))).rejects.toMatchObject({
      code: Code.ResourceExhausted,
    });
    expect(registry.get(before.id).agent).toEqual(before);
    expect(provider.run.cancels).toBe(0);
    mend();
    const { agent } = await settle(agents.updateAgent({ agentId: before.id, title: "x" }));
    expect(agent?.title).toBe("x");
    expect((await items(before.id)).map(showItem)).toEqual(["> do it"]);
  });

  it("ends a run that is cancelled all the same [AGENT-18]", async () => {
    const stage = await stageAgents();
    const { id } = await stage.running();
    stage.provider.run.obeys = false;
    breakStore(stage, id);
    await expect(stage.settle(stage.agents.cancelTurn({ agentId: id }))).rejects.toMatchObject({
      code: Code.ResourceExhausted,
    });
    expect(stage.provider.run.cancels).toBe(1);
  });

  it("shows an agent whose run says something as failed, and ends the run [AGENT-25]", async () => {
    const stage = await stageAgents();
    const { id } = await stage.running();
    breakStore(stage, id);
    stage.provider.run.listener.turnEnded();
    await stage.clock.settle();
    expect(stage.registry.get(id).agent).toMatchObject({
      status: AgentStatus.ERROR,
      failure: { reason: AgentFailureReason.STORAGE_FAILED },
    });
    expect([stage.provider.run.cancels, stage.failures]).toEqual([
      1,
      [expect.objectContaining({ code: Code.ResourceExhausted })],
    ]);
  });
});
