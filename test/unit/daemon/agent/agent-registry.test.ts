import { create } from "@bufbuild/protobuf";
import { Code, type ConnectError } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import {
  AgentAttention,
  AgentFailureReason,
  AgentStatus,
  ProcessExitSchema,
} from "../../../../gen/moorline/agent/v1/agent_pb.ts";
import { CommandTaskSchema } from "../../../../gen/moorline/agent/v1/agent_service_pb.ts";
import {
  CapabilityMissingSchema,
  CommandRefusal,
  CommandRefusedSchema,
  ProviderNotFoundSchema,
} from "../../../../gen/moorline/agent/v1/error_pb.ts";
import { ProviderCapability } from "../../../../gen/moorline/agent/v1/provider_pb.ts";
import {
  CallOutcome,
  ChannelLostSchema,
  Limit,
  LimitExceededSchema,
} from "../../../../gen/moorline/session/v1/error_pb.ts";
import { showItem, showStatus, stageAgents } from "../support/stage-agents.ts";
import { permission } from "./support.ts";

const exit = create(ProcessExitSchema, { cause: { case: "signal", value: "SIGTERM" } });

describe("AgentRegistry: creating", () => {
  it("shows the agent before its run begins, with everything that was asked for [AGENT-20]", async () => {
    const { createAgent, provider, collection } = await stageAgents();
    const asked = {
      title: "A title",
      workingDirectory: "/work",
      labels: { team: "a" },
      settings: { modeId: "fast" },
      environment: { LANG: "C" },
    };
    const agent = await createAgent(asked);
    expect(agent).toMatchObject({
      title: "A title",
      workingDirectory: "/work",
      labels: { team: "a" },
      providerId: "scripted",
    });
    expect(agent.id).toMatch(/^[A-Za-z0-9_-]{22}$/);
    expect(agent.timelineEpoch).toMatch(/^[A-Za-z0-9_-]{22}$/);
    expect(collection.get(agent.id)).toEqual(agent);
    expect(provider.run.request).toMatchObject({
      agentId: agent.id,
      workingDirectory: "/work",
      environment: { LANG: "C" },
      settings: { modeId: "fast" },
      task: { value: { text: "do it" } },
    });
  });

  it("has the creation id of its request from its first showing on, and over restarts [AGENT-28]", async () => {
    const stage = await stageAgents();
    const shown: string[] = [];
    const put = stage.collection.put.bind(stage.collection);
    stage.collection.put = (id, agent) => {
      shown.push(agent.creationId);
      return put(id, agent);
    };
    const creationId = "⚓".repeat(64);
    const agent = await stage.createAgent({ creationId });
    expect(agent.creationId).toBe(creationId);
    expect(new Set(shown)).toEqual(new Set([creationId]));
    const later = await stage.restart();
    expect(later.registry.get(agent.id).agent.creationId).toBe(creationId);
  });

  it("makes two agents of two requests with one creation id [AGENT-28]", async () => {
    const { createAgent } = await stageAgents();
    const first = await createAgent({ creationId: "same" });
    const second = await createAgent({ creationId: "same" });
    expect(second.id).not.toBe(first.id);
    expect(second.creationId).toBe(first.creationId);
  });

  it("makes a title of what the agent is to do, on one line of 200 characters [AGENT-20]", async () => {
    const { createAgent } = await stageAgents({ maxAgents: 100 });
    const command = (argv: string[]) => ({
      task: { case: "command" as const, value: create(CommandTaskSchema, { argv }) },
    });
    expect((await createAgent(command(["sh", "-c", "a\n\tb\u0007"]))).title).toBe("sh -c a b");
    expect((await createAgent({ task: { case: "prompt", value: { text: "⚓".repeat(300) } } })).title).toBe(
      "⚓".repeat(200),
    );
    expect((await createAgent({ task: { case: "prompt", value: { text: " " } } })).title).toBe("scripted");
  });

  it.each([
    ["a relative directory", { workingDirectory: "here" }],
    ["a long title", { title: "x".repeat(201) }],
    ["many labels", { labels: Object.fromEntries(Array.from({ length: 17 }, (_, i) => [`l${i}`, "v"])) }],
    ["a label without a value", { labels: { l: "" } }],
    ["a label without a name", { labels: { "": "v" } }],
    ["a long label", { labels: { l: "x".repeat(65) } }],
    ["a large environment", { environment: { LANG: "x".repeat(131_072) } }],
    ["a long creation id", { creationId: "x".repeat(65) }],
    ["a long prompt", { task: { case: "prompt" as const, value: { text: "x".repeat(262_145) } } }],
  ])("refuses %s, and creates nothing [AGENT-20]", async (_, init) => {
    const { errorOf, createAgent, store, provider } = await stageAgents();
    expect((await errorOf(createAgent(init))).code).toBe(Code.InvalidArgument);
    expect([store.list(), provider.runs]).toEqual([[], []]);
  });

  it("refuses an unknown provider by name [AGENT-20]", async () => {
    const { errorOf, createAgent } = await stageAgents();
    const error = await errorOf(createAgent({ providerId: "none" }));
    expect([error.code, error.findDetails(ProviderNotFoundSchema)]).toMatchObject([
      Code.NotFound,
      [{ providerId: "none" }],
    ]);
  });

  it.each([
    [CommandRefusal.NOT_FOUND, Code.InvalidArgument],
    [CommandRefusal.BAD_DIRECTORY, Code.InvalidArgument],
    [CommandRefusal.NOT_ALLOWED, Code.PermissionDenied],
    [CommandRefusal.VARIABLE_NOT_ALLOWED, Code.PermissionDenied],
  ])("passes on why the provider refuses: %i is %i [AGENT-20]", async (reason, code) => {
    const { errorOf, createAgent, provider, store } = await stageAgents();
    provider.refusal = { case: "commandRefused", value: create(CommandRefusedSchema, { reason, program: "p" }) };
    const error = await errorOf(createAgent());
    expect([error.code, error.findDetails(CommandRefusedSchema)]).toMatchObject([code, [{ reason, program: "p" }]]);
    expect(store.list()).toEqual([]);
  });

  it("counts agents that are being created, and refuses one too many [AGENT-21]", async () => {
    const { agents, settle, createAgent, errorOf } = await stageAgents({ maxAgents: 2 });
    const request = { providerId: "scripted" };
    const all = [agents.createAgent(request), agents.createAgent(request), agents.createAgent(request)];
    const settled = await settle(Promise.allSettled(all));
    expect(settled.map(({ status }) => status)).toEqual(["fulfilled", "fulfilled", "rejected"]);
    const error = await errorOf(createAgent());
    expect([error.code, error.findDetails(LimitExceededSchema)]).toMatchObject([
      Code.ResourceExhausted,
      [{ limit: Limit.AGENTS, max: 2n }],
    ]);
    const [first] = settled;
    if (first?.status !== "fulfilled") throw new Error("not created");
    await settle(agents.deleteAgent({ agentId: first.value.agent?.id ?? "" }));
    expect((await createAgent()).status).toBe(AgentStatus.STARTING);
  });
});

describe("AgentRegistry: an agent whose run is about to begin", () => {
  it("counts once, so that there is room for another [AGENT-21]", async () => {
    const { agents, settle, store, clock } = await stageAgents({ maxAgents: 2 });
    const { open } = store;
    let keepPrompt = (): void => {};
    store.open = async (...args) => {
      const log = await open.apply(store, args);
      const { append } = log;
      const held = new Promise<void>((resolve) => {
        keepPrompt = resolve;
      });
      log.append = (...items) => held.then(() => append.apply(log, items));
      store.open = open;
      return log;
    };
    const task = { case: "prompt" as const, value: { text: "do it" } };
    const first = agents.createAgent({ providerId: "scripted", task });
    await clock.settle();
    expect(store.list()).toHaveLength(1);
    expect((await settle(agents.createAgent({ providerId: "scripted" }))).agent?.providerId).toBe("scripted");
    keepPrompt();
    expect((await settle(first)).agent?.providerId).toBe("scripted");
  });
});

describe("AgentRegistry: after a restart", () => {
  it("has every agent again, those that ran in error, and no timeline touched [AGENT-15]", async () => {
    const first = await stageAgents();
    const ended = await first.running();
    first.provider.run.end();
    const ran = await first.running();
    await first.write("line\n");
    const before = await first.items(ran.id);
    const second = await first.restart();
    expect(second.registry.get(ended.id).agent).toMatchObject({ status: AgentStatus.ENDED });
    const found = second.registry.get(ran.id).agent;
    expect(found).toMatchObject({
      status: AgentStatus.ERROR,
      failure: { reason: AgentFailureReason.DAEMON_RESTARTED },
      attention: AgentAttention.ERROR,
      timelineEpoch: ran.timelineEpoch,
    });
    expect(await second.items(ran.id)).toEqual(before);
    const { agents } = await second.settle(second.directory.listAgents({}));
    expect(agents.map(({ id }) => id)).toEqual([ran.id, ended.id]);
    await second.settle(second.agents.sendPrompt({ agentId: ran.id, text: "go on" }));
    expect(second.provider.run.request).toMatchObject({ agentId: ran.id, workingDirectory: "/home" });
  });

  it("records that nobody has decided about permissions that waited [AGENT-15]", async () => {
    const first = await stageAgents();
    const { id } = await first.running();
    first.provider.run.listener.permissionAsked(permission("p"));
    await first.clock.settle();
    const second = await first.restart();
    expect((await second.items(id)).map(showItem)).toEqual(["> do it", "p: nobody"]);
  });

  it("does not begin where what is kept cannot be read [AGENT-15]", async () => {
    const first = await stageAgents();
    const { id } = await first.running();
    await first.settle(first.registry.get(id).kept.log.setRecord(Uint8Array.of(0xff)));
    await expect(first.restart()).rejects.toMatchObject({ code: "DATABASE_CORRUPT" });
  });

  it("keeps agents of a provider that the daemon has no more, but they can do nothing [AGENT-16]", async () => {
    const first = await stageAgents();
    const { id } = await first.running();
    const second = await first.restart();
    Object.assign(second.provider, { id: "renamed" });
    const error = await second.errorOf(second.agents.sendPrompt({ agentId: id, text: "x" }));
    expect(error.findDetails(CapabilityMissingSchema)).toMatchObject([
      { providerId: "scripted", capability: ProviderCapability.PROMPTS },
    ]);
  });
});

describe("AgentRegistry: stopping", () => {
  it("ends every run and keeps what it says and how it ends [AGENT-22]", async () => {
    const first = await stageAgents();
    const { id } = await first.running();
    const { run } = first.provider;
    first.provider.close = async () => {
      await run.write("bye\n");
      run.end({ exit });
    };
    await first.settle(first.registry.close());
    expect(first.registry.get(id).agent).toMatchObject({
      status: AgentStatus.ERROR,
      failure: { reason: AgentFailureReason.DAEMON_RESTARTED },
      lastExit: { cause: { value: "SIGTERM" } },
    });
    const second = await first.restart();
    expect((await second.items(id)).map(showItem)).toEqual([
      "> do it",
      "bye\n",
      "error the daemon was stopped while the agent ran",
      "exit SIGTERM",
    ]);
    expect(second.registry.get(id).agent.failure?.reason).toBe(AgentFailureReason.DAEMON_RESTARTED);
  });
});

describe("AgentRegistry: while it is stopped", () => {
  it("creates no agent whose request was judged too late, and says that nothing was done [AGENT-22]", async () => {
    const { createAgent, errorOf, registry, settle, store, provider } = await stageAgents();
    const late = errorOf(createAgent());
    await settle(registry.close());
    const error = await late;
    expect([error.code, error.findDetails(ChannelLostSchema)]).toMatchObject([
      Code.Unavailable,
      [{ outcome: CallOutcome.NOT_SENT }],
    ]);
    expect([store.list(), provider.runs]).toEqual([[], []]);
  });
});

describe("AgentService", () => {
  it("archives an agent once, cancelling its turn [AGENT-23]", async () => {
    const { running, agents, settle, provider, directory } = await stageAgents();
    const { id } = await running();
    provider.run.obeys = false;
    const { agent } = await settle(agents.archiveAgent({ agentId: id }));
    expect([agent && showStatus(agent), provider.run.cancels]).toEqual(["CANCELLING", 1]);
    expect(agent?.archivedAt).toBeDefined();
    provider.run.end({ exit });
    const again = await settle(agents.archiveAgent({ agentId: id }));
    expect([again.agent?.archivedAt, provider.run.cancels]).toEqual([agent?.archivedAt, 1]);
    expect((await settle(directory.listAgents({}))).agents).toEqual([]);
  });

  it("deletes an agent when its run is over, with its timeline [AGENT-24, TIMELINE-16]", async () => {
    const { running, agents, settle, provider, timelines, errorOf, collection, store, clock } = await stageAgents();
    const { id } = await running();
    provider.run.obeys = false;
    const watched: string[] = [];
    const watching = (async () => {
      for await (const { event } of timelines.watchTimeline({ agentId: id })) watched.push(`${event.case}`);
    })();
    const deleting = agents.deleteAgent({ agentId: id });
    await clock.settle();
    expect([collection.get(id)?.id, provider.run.cancels]).toEqual([id, 1]);
    provider.run.end();
    await settle(deleting);
    await settle(watching);
    expect([watched, collection.get(id), store.list()]).toEqual([["itemAppended", "mark"], undefined, []]);
    await settle(agents.deleteAgent({ agentId: id }));
    for (const call of [
      () => agents.cancelTurn({ agentId: id }),
      () => agents.sendPrompt({ agentId: id, text: "x" }),
      () => agents.updateAgent({ agentId: id, title: "x" }),
      () => timelines.listTimeline({ agentId: id }),
    ]) {
      expect((await errorOf(call())).code).toBe(Code.NotFound);
    }
  });

  it("changes title and labels where they are given [AGENT-20]", async () => {
    const { running, agents, settle, errorOf, clock } = await stageAgents();
    const before = await running();
    await clock.advanceAsync(10);
    const { agent } = await settle(agents.updateAgent({ agentId: before.id, labels: { labels: { a: "b" } } }));
    expect(agent).toMatchObject({ title: before.title, labels: { a: "b" } });
    expect(agent?.updatedAt).not.toEqual(before.updatedAt);
    expect((await settle(agents.updateAgent({ agentId: before.id }))).agent).toEqual(agent);
    expect((await errorOf(agents.updateAgent({ agentId: before.id, title: "" }))).code).toBe(Code.InvalidArgument);
  });

  it("changes a setting that the provider lists, and tells the run [AGENT-16, AGENT-20]", async () => {
    const { running, agents, settle, errorOf, provider } = await stageAgents();
    const { id: agentId } = await running();
    const { agent } = await settle(agents.updateAgentSettings({ agentId, modeId: "fast" }));
    expect([agent?.settings?.modeId, provider.run.configured]).toMatchObject(["fast", [{ modeId: "fast" }]]);
    await settle(agents.updateAgentSettings({ agentId, modeId: "" }));
    expect((await errorOf(agents.updateAgentSettings({ agentId, modeId: "slow" }))).code).toBe(Code.InvalidArgument);
    const missing = await errorOf(agents.updateAgentSettings({ agentId, modelId: "m" }));
    expect(missing.findDetails(CapabilityMissingSchema)).toMatchObject([{ capability: ProviderCapability.MODELS }]);
  });

  it("clears the attention [AGENT-11]", async () => {
    const { running, agents, settle, provider, clock } = await stageAgents();
    const { id } = await running();
    provider.run.listener.turnEnded();
    await clock.settle();
    const { agent } = await settle(agents.clearAttention({ agentId: id }));
    expect(agent).toMatchObject({ status: AgentStatus.IDLE, attention: AgentAttention.UNSPECIFIED });
  });

  it("lists its providers", async () => {
    const { agents, settle } = await stageAgents();
    expect((await settle(agents.listProviders({}))).providers.map(({ id }) => id)).toEqual(["scripted"]);
  });
});

describe("AgentService: WaitForIdle", () => {
  it("comes back at once, when the turn ends, or when the time is over [AGENT-26]", async () => {
    const { running, agents, settle, provider, clock } = await stageAgents();
    const { id: agentId } = await running();
    const short = agents.waitForIdle({ agentId, timeout: { seconds: 5n } });
    const long = agents.waitForIdle({ agentId });
    await clock.advanceAsync(5_000);
    expect(await settle(short)).toMatchObject({ timedOut: true, agent: { status: AgentStatus.RUNNING } });
    provider.run.listener.turnEnded();
    expect(await settle(long)).toMatchObject({ timedOut: false, agent: { status: AgentStatus.IDLE } });
    expect(await settle(agents.waitForIdle({ agentId }))).toMatchObject({ timedOut: false });
    expect(await settle(agents.waitForIdle({ agentId, timeout: {} }))).toMatchObject({ timedOut: false });
  });

  it("ends with NOT_FOUND where the agent is deleted, and refuses a negative time [AGENT-26]", async () => {
    const { running, agents, settle, errorOf } = await stageAgents();
    const { id: agentId } = await running();
    expect((await errorOf(agents.waitForIdle({ agentId, timeout: { seconds: -1n } }))).code).toBe(Code.InvalidArgument);
    const waiting: Promise<ConnectError> = errorOf(agents.waitForIdle({ agentId }));
    await settle(agents.deleteAgent({ agentId }));
    expect((await waiting).code).toBe(Code.NotFound);
    expect((await errorOf(agents.waitForIdle({ agentId }))).code).toBe(Code.NotFound);
  });
});
