import { create } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { AgentStatus } from "../../../../gen/moorline/agent/v1/agent_pb.ts";
import { AgentFilterSchema } from "../../../../gen/moorline/agent/v1/directory_service_pb.ts";
import { CallOutcome, ChannelLossReason } from "../../../../gen/moorline/session/v1/error_pb.ts";
import { CreationFailureReason } from "../../../../gen/moorline/state/v1/creation_pb.ts";
import { createLostError } from "../../../../src/rpc/call-errors.ts";
import { MAX_CREATIONS } from "../../../../src/runtime/creation/create-creations.ts";
import { followCreating } from "../../../../src/runtime/creation/optimistic-creations.ts";
import { createAgent, recency } from "../fake-directory.ts";
import { syncIn } from "../support.ts";
import { stageCreations } from "./support.ts";

const refusal = new ConnectError("no such provider", Code.NotFound);
const lost = createLostError(ChannelLossReason.EPOCH_CHANGED, CallOutcome.UNKNOWN);

describe("createCreations: asked for", () => {
  it("shows the agent at once, in front, as the request says [CREATE-1]", () => {
    const { creations, directory, shown, ask } = stageCreations();
    directory.put(createAgent("old"));
    const { call } = ask("my title");
    const { key, agent, state } = creations.list.getSnapshot()[0] ?? {};
    expect(shown()).toEqual([key, "old"]);
    expect(state?.state.case).toBe("pending");
    expect(agent).toMatchObject({ id: key, creationId: key, title: "my title", status: AgentStatus.STARTING });
    expect(creations.agents.get(key ?? "")).toBe(agent);
    expect(call.request).toMatchObject({ creationId: key, title: "my title" });
  });

  it("gives the same source of an agent to everybody who asks, as the directory does [CREATE-1]", () => {
    const { creations } = stageCreations();
    expect(creations.agents.agent("a")).toBe(creations.agents.agent("a"));
    expect(creations.agents.agent("b")).not.toBe(creations.agents.agent("a"));
  });

  it("sends a random key of its own for each, as creation id and as idempotency key [CREATE-1]", () => {
    const { ask } = stageCreations();
    const [first, second] = [ask().call, ask().call];
    expect(first.key).toMatch(/^[A-Za-z0-9_-]{22}$/);
    expect(first.key).toBe(first.request.creationId);
    expect(second.key).not.toBe(first.key);
  });

  it("makes a title as the daemon does where none is given, and keeps the request as it was given [CREATE-1]", () => {
    const { creations } = stageCreations();
    const request = {
      providerId: "p",
      task: { case: "prompt", value: { text: "do\nit" } },
      creationId: "mine",
    } as const;
    void creations.create(request);
    expect(creations.list.getSnapshot()[0]?.agent.title).toBe("do it");
    expect(request.creationId).toBe("mine");
  });

  it("shows only what matches the filter of the directory [CREATE-2]", () => {
    const { directory, shown, ask, creations } = stageCreations();
    directory.setFilter(create(AgentFilterSchema, { providerIds: ["other"] }));
    ask();
    expect(shown()).toEqual([]);
    expect(creations.list.getSnapshot()).toHaveLength(1);
  });
});

describe("createCreations: followed", () => {
  it("tells of each change by itself while none is on its way, and of everything else at once [CREATE-1, MIRROR-13]", async () => {
    const { creations, directory, ask } = stageCreations(1, recency);
    const heard: string[] = [];
    const { agents } = creations.agents;
    const leave = agents.follow({
      changed: (before, after) => void heard.push(`${before?.id} ${after?.id}`),
      replaced: () => void heard.push("replaced"),
    });
    const took = () => new Set(heard.splice(0));
    directory.put(createAgent("a", 1));
    expect(took()).toEqual(new Set(["undefined a"]));
    const { call } = ask();
    expect(took()).toEqual(new Set(["replaced"]));
    directory.put(createAgent("b", 2));
    expect(took()).toEqual(new Set(["replaced"]));
    await call.answer();
    directory.put(call.agent);
    took();
    directory.put(createAgent("b", 3));
    expect(took()).toEqual(new Set(["b b"]));
    expect(agents.order).toBe(directory.agents.order);
    leave();
    expect([directory.agents.followers, directory.agents.listeners]).toEqual([0, 0]);
  });
});

describe("createCreations: answered", () => {
  it("shows the agent of the answer until the directory shows it, and then that [CREATE-3]", async () => {
    const { directory, shown, ask, creations, states } = stageCreations();
    const { call, outcome } = ask();
    await call.answer();
    expect(outcome.value).toBe(call.agent);
    expect([shown(), states()]).toEqual([["agent 1"], ["confirmed"]]);
    expect(creations.agents.get(call.key ?? "")).toBe(call.agent);
    directory.put(call.agent);
    expect([shown(), states()]).toEqual([["agent 1"], []]);
    expect(creations.agents.agents.getSnapshot()).toBe(directory.agents.getSnapshot());
  });

  it("shows the agent of the directory where that is first, and nothing twice [CREATE-3]", async () => {
    const { directory, shown, ask, creations, states } = stageCreations();
    const { call, outcome } = ask();
    directory.put(call.agent);
    expect([shown(), states()]).toEqual([["agent 1"], ["appeared"]]);
    expect(creations.agents.get(call.key ?? "")).toBe(call.agent);
    await call.answer();
    expect([shown(), states(), outcome.value]).toEqual([["agent 1"], [], call.agent]);
  });

  it("says of an agent whether it is still being created, by its key and by its id [CREATE-3]", async () => {
    const { directory, ask, creations } = stageCreations();
    const { call } = ask();
    const [byKey, byId] = [followCreating(creations, call.key ?? ""), followCreating(creations, call.agent.id)];
    expect([byKey.getSnapshot(), byId.getSnapshot()]).toEqual([true, false]);
    await call.answer();
    expect([byKey.getSnapshot(), byId.getSnapshot()]).toEqual([true, true]);
    directory.put(call.agent);
    expect([byKey.getSnapshot(), byId.getSnapshot()]).toEqual([false, false]);
  });

  it("does not wait for a directory whose filter leaves the agent out [CREATE-3]", async () => {
    const { directory, shown, ask, states } = stageCreations();
    directory.setFilter(create(AgentFilterSchema, { statuses: [AgentStatus.STARTING] }));
    const { call } = ask();
    expect(shown()).toHaveLength(1);
    await call.answer();
    expect([shown(), states()]).toEqual([[], []]);
  });

  it("shows it no longer where a directory that follows the daemon has not shown it in 10 s [CREATE-6]", async () => {
    const { directory, shown, ask, clock } = stageCreations();
    const { call } = ask();
    await call.answer();
    directory.sync.set(syncIn("revalidating"));
    clock.advance(15_000);
    expect(shown()).toEqual(["agent 1"]);
    directory.sync.set(syncIn("ready"));
    clock.advance(4_999);
    expect(shown()).toEqual(["agent 1"]);
    clock.advance(1);
    expect([shown(), clock.pending]).toEqual([[], 0]);
  });

  it("does not bring back what the directory has shown and removed [CREATE-3]", async () => {
    const { directory, shown, ask } = stageCreations();
    const { call } = ask();
    directory.put(call.agent);
    directory.remove(call.agent.id);
    expect(shown()).toEqual([]);
    await call.answer();
    expect(shown()).toEqual([]);
  });

  it("tells no agent of somebody else's creation from its own [CREATE-3]", () => {
    const { directory, shown, ask } = stageCreations();
    const { call } = ask();
    directory.put(createAgent("theirs", 0, { creationId: "theirs" }), createAgent("plain"));
    expect(shown()).toEqual([call.key, "theirs", "plain"]);
  });
});

describe("createCreations: failed", () => {
  it("takes the agent back with the error, until that is dismissed [CREATE-4]", async () => {
    const { shown, ask, creations, states } = stageCreations();
    const { call, outcome } = ask();
    await call.refuse(refusal);
    expect([outcome.value, shown(), states()]).toEqual([refusal, [], ["failed"]]);
    const { key, error, state } = creations.list.getSnapshot()[0] ?? {};
    expect(error).toBe(refusal);
    expect(state?.state.value).toMatchObject({
      reason: CreationFailureReason.REFUSED,
      code: Code.NotFound,
      message: "no such provider",
    });
    creations.dismiss(key ?? "");
    creations.dismiss(key ?? "");
    expect(states()).toEqual([]);
  });

  it.each([
    ["was not sent", createLostError(ChannelLossReason.CLIENT_STOPPED, CallOutcome.NOT_SENT), "NOT_SENT"],
    ["may have been sent", lost, "OUTCOME_UNKNOWN"],
    ["took too long", new ConnectError("late", Code.DeadlineExceeded), "OUTCOME_UNKNOWN"],
    ["was malformed", new ConnectError("bad", Code.InvalidArgument), "REFUSED"],
  ] as const)("says of a request that %s what is known of its effect [CREATE-4]", async (_name, error, reason) => {
    const { ask, creations } = stageCreations();
    await ask().call.refuse(error);
    expect(creations.list.getSnapshot()[0]?.state.state.value).toMatchObject({ reason: CreationFailureReason[reason] });
  });

  it("is the agent after all where the directory shows it, before or after the answer was lost [CREATE-5]", async () => {
    const { directory, shown, ask, states } = stageCreations();
    const [first, second] = [ask(), ask()];
    directory.put(first.call.agent);
    await first.call.refuse(lost);
    expect(first.outcome.value).toBe(first.call.agent);
    await second.call.refuse(lost);
    expect([second.outcome.value, states()]).toEqual([lost, ["failed"]]);
    directory.put(second.call.agent);
    expect([shown(), states()]).toEqual([["agent 2", "agent 1"], []]);
  });

  it("stays failed where the daemon has shown the agent and taken it back [CREATE-5]", async () => {
    const { directory, shown, ask, states } = stageCreations();
    const { call, outcome } = ask();
    directory.put(call.agent);
    directory.remove(call.agent.id);
    await call.refuse(refusal);
    expect([outcome.value, shown(), states()]).toEqual([refusal, [], ["failed"]]);
  });
});

describe("createCreations: limits and ends", () => {
  it("refuses more than 64, failed ones included, until some are over [CREATE-7]", async () => {
    const { ask, creations, states } = stageCreations();
    const asked = Array.from({ length: MAX_CREATIONS }, () => ask());
    await expect(creations.create({})).rejects.toMatchObject({
      code: "OVERLOADED",
      action: expect.stringMatching("dismiss"),
    });
    await asked[0]?.call.refuse(refusal);
    await expect(creations.create({})).rejects.toMatchObject({ code: "OVERLOADED" });
    creations.dismiss(asked[0]?.call.key ?? "");
    void creations.create({});
    expect(states()).toHaveLength(MAX_CREATIONS);
  });

  it("settles everything when the host is stopped, and takes nothing any more [CREATE-8]", async () => {
    const { ask, creations, directory, clock, shown, states } = stageCreations();
    const [pending, appeared, confirmed, failed] = [ask(), ask(), ask(), ask()];
    directory.put(appeared.call.agent);
    await confirmed.call.answer();
    await failed.call.refuse(lost);
    creations.dispose();
    await clock.settle();
    expect(pending.outcome.value).toMatchObject({ code: "DISPOSED" });
    expect(appeared.outcome.value).toMatchObject({ code: "DISPOSED" });
    expect([states(), shown()]).toEqual([[], ["agent 2"]]);
    expect([clock.pending, directory.agents.listeners]).toEqual([0, 0]);
    await expect(creations.create({})).rejects.toMatchObject({ code: "DISPOSED" });
    creations.dispose();
  });

  it("listens to the directory only while something may appear there [CREATE-3]", async () => {
    const { ask, directory } = stageCreations();
    expect(directory.agents.listeners).toBe(0);
    const { call } = ask();
    expect(directory.agents.listeners).toBe(1);
    await call.refuse(refusal);
    expect(directory.agents.listeners).toBe(0);
  });

  it("logs what its machines do, and goes on where a listener throws [LOG-1]", async () => {
    const { ask, creations, log, errors } = stageCreations();
    creations.list.subscribe(() => {
      throw new Error("listener");
    });
    const { call } = ask();
    await call.refuse(refusal);
    expect(log).toEqual([`creation ${call.key} pending refused failed`]);
    expect(errors).toEqual([expect.objectContaining({ message: "listener" }), expect.anything()]);
  });
});
