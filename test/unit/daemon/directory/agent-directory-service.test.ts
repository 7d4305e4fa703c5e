import { Code } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { AgentStatus } from "../../../../gen/moorline/agent/v1/agent_pb.ts";
import type { WatchAgentsResponse } from "../../../../gen/moorline/agent/v1/directory_service_pb.ts";
import { AgentNotFoundSchema } from "../../../../gen/moorline/agent/v1/error_pb.ts";
import { CallOutcome, Limit, LimitExceededSchema } from "../../../../gen/moorline/session/v1/error_pb.ts";
import { errorOf, resultOf } from "../../rpc/support/echo.ts";
import { createAgent, stageDirectory } from "./support/directory.ts";

type Event = WatchAgentsResponse["event"];

/** Reads a watch without end, into a list. */
function follow(messages: AsyncIterable<WatchAgentsResponse>): Event[] {
  const events: Event[] = [];
  void (async () => {
    for await (const { event } of messages) events.push(event);
  })().catch(() => {});
  return events;
}

describe("AgentDirectoryService over a channel", () => {
  it("gets one agent, and says NOT_FOUND with its id where there is none [DIR-21]", async () => {
    const stage = stageDirectory();
    stage.agents.put("x", createAgent("x", { title: "found" }));
    const { agent } = await resultOf(stage, stage.client.getAgent({ agentId: "x" }));
    expect(agent?.title).toBe("found");
    for (const agentId of ["y", ""]) {
      const error = await errorOf(stage, stage.client.getAgent({ agentId }));
      expect(error.code).toBe(Code.NotFound);
      expect(error.findDetails(AgentNotFoundSchema)).toMatchObject([{ agentId }]);
    }
  });

  it("lists agents [DIR-19]", async () => {
    const stage = stageDirectory();
    for (const id of ["x", "y"]) stage.agents.put(id, createAgent(id));
    const { agents } = await resultOf(stage, stage.client.listAgents({}));
    expect(agents.map(({ id }) => id)).toEqual(["y", "x"]);
  });

  it("follows agents that match, through changes, to marks [DIR-2, DIR-5, DIR-9]", async () => {
    const stage = stageDirectory();
    for (const id of ["x", "y"]) stage.agents.put(id, createAgent(id));
    const events = follow(stage.client.watchAgents({ filter: { statuses: [AgentStatus.IDLE] } }));
    await stage.clock.settle();
    expect(events.map((event) => event.case)).toEqual(["snapshotBegan", "agentsChanged", "mark"]);
    expect(events[0]?.value).toMatchObject({ epoch: stage.agents.epoch, total: 2n, reason: 1 });
    stage.agents.put("x", createAgent("x", { status: AgentStatus.RUNNING }));
    await stage.clock.settle();
    expect(events[3]?.value).toMatchObject({ upserted: [], removedIds: ["x"] });
    await stage.clock.advanceAsync(5_000);
    expect(events[4]?.value).toMatchObject({ cursor: { epoch: stage.agents.epoch, revision: 3n } });
  });

  it.each([
    ["none", undefined, 1],
    ["another epoch", { epoch: "other" }, 2],
    ["another filter", { filterHash: "other" }, 3],
    ["a revision that nobody can have", { revision: 2n ** 64n - 1n }, 4],
  ])("begins with a snapshot for a cursor with %s [DIR-3]", async (_, change, reason) => {
    const stage = stageDirectory();
    const events = follow(stage.client.watchAgents({}));
    await stage.clock.settle();
    const [, mark] = events;
    if (mark?.case !== "mark" || mark.value.cursor === undefined) throw new Error("no mark");
    const { epoch, filterHash, revision } = mark.value.cursor;
    const cursor = change === undefined ? {} : { cursor: { epoch, filterHash, revision, ...change } };
    const again = follow(stage.client.watchAgents(cursor));
    await stage.clock.settle();
    expect(again[0]?.value).toMatchObject({ reason });
    const resumed = follow(stage.client.watchAgents({ cursor: { epoch, filterHash, revision } }));
    const diverged = follow(stage.client.watchAgents({ cursor: { epoch, filterHash, revision }, diverged: true }));
    await stage.clock.settle();
    expect(resumed.map((event) => event.case)).toEqual(["mark"]);
    expect(diverged[0]?.value).toMatchObject({ reason: 5 });
  });

  it("makes no pieces for a watcher that does not read, and merges what waits [DIR-7, CREDIT-4]", async () => {
    const stage = stageDirectory();
    const title = "t".repeat(1_000);
    const put = (id: number): void => void stage.agents.put(`${id}`, createAgent(`${id}`, { title }));
    for (let i = 0; i < 100; i += 1) put(i);
    const reader = stage.client.watchAgents({})[Symbol.asyncIterator]();
    await resultOf(stage, reader.next());
    for (let i = 0; i < 2_000; i += 1) put(i % 100);
    await stage.clock.settle();
    const seen: string[] = [];
    const revisions: bigint[] = [];
    for (let event: Event | undefined; event?.case !== "mark" || event.value.digest === undefined; ) {
      event = (await resultOf(stage, reader.next())).value?.event;
      if (event?.case !== "agentsChanged") continue;
      seen.push(...event.value.upserted.map(({ agent }) => agent?.id ?? ""));
      revisions.push(...event.value.upserted.map(({ revision }) => revision));
      await stage.clock.advanceAsync(1_000);
    }
    expect(new Set(seen).size).toBe(100);
    expect(seen.length).toBeLessThanOrEqual(250);
    expect(revisions.at(-1)).toBe(2_100n);
  });

  it("ends a watch with its call and leaves nothing behind", async () => {
    const stage = stageDirectory();
    const controller = new AbortController();
    const events = follow(stage.client.watchAgents({}, { signal: controller.signal }));
    const lost = follow(stage.client.watchAgents({}));
    await stage.clock.settle();
    expect([stage.agents.watchCount, events.length, lost.length]).toEqual([2, 2, 2]);
    controller.abort();
    await stage.clock.settle();
    expect(stage.agents.watchCount).toBe(1);
    stage.pair.lose(1);
    await stage.clock.settle();
    expect(stage.agents.watchCount).toBe(0);
  });

  it("ends one watch too many, and a filter that asks for too much, with a status [DIR-15, DIR-18]", async () => {
    const stage = stageDirectory({ maxWatches: 1 });
    follow(stage.client.watchAgents({}));
    await stage.clock.settle();
    const first = (request: Parameters<typeof stage.client.watchAgents>[0]) =>
      errorOf(stage, stage.client.watchAgents(request)[Symbol.asyncIterator]().next());
    const refused = await first({});
    expect(refused.code).toBe(Code.ResourceExhausted);
    const limit = { limit: Limit.WATCHES, max: 1n, outcome: CallOutcome.NOT_SENT };
    expect(refused.findDetails(LimitExceededSchema)).toMatchObject([limit]);
    const statuses = new Array(17).fill(AgentStatus.IDLE);
    expect((await first({ filter: { statuses } })).code).toBe(Code.InvalidArgument);
  });
});
