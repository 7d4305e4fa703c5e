import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, it, vi } from "vitest";
import { type Agent, AgentStatus } from "../../../../gen/moorline/agent/v1/agent_pb.ts";
import {
  AgentDirectoryService,
  type WatchAgentsResponse,
  WatchAgentsResponseSchema,
} from "../../../../gen/moorline/agent/v1/directory_service_pb.ts";
import { SyncFailureReason } from "../../../../gen/moorline/state/v1/reason_pb.ts";
import { createAgentView } from "../../../../src/runtime/agent-view.ts";
import type { ListFollower } from "../../../../src/runtime/list-source.ts";
import { createAgentDirectory } from "../../../../src/runtime/mirror/create-agent-directory.ts";
import { digestOf } from "../../../../src/wire/collection-digest.ts";
import { sampleAgent } from "./support/agents.ts";
import { DirectoryStage } from "./support/directory-stage.ts";
import { channelLost, FakeHost } from "./support/fake-host.ts";

describe("createAgentDirectory: following", () => {
  it("watches at once where there is no storage, and lists what the daemon has, updated last first [MIRROR-1]", async () => {
    const stage = new DirectoryStage();
    stage.put(sampleAgent("a", 1), sampleAgent("b", 3), sampleAgent("c", 2));
    expect(stage.state).toBe("idle");
    await stage.start();
    expect(stage.state).toBe("ready");
    expect(stage.titles).toEqual(["title of b", "title of c", "title of a"]);
    expect(stage.requests.map(({ cursor }) => cursor)).toEqual([undefined]);
    expect(stage.host.log).toEqual(["sync_started initial_loading", "synced ready"]);
    expect(stage.host.transitions[0]).toMatchObject({
      machine: "sync",
      serverId: "server",
      subject: "",
      generation: 1,
    });
  });

  it("shows the first load as it comes, before its mark [MIRROR-2]", async () => {
    const stage = new DirectoryStage();
    stage.put(...Array.from({ length: 450 }, (_, i) => sampleAgent(`${i}`, i)));
    const seen: string[] = [];
    stage.directory.agents.subscribe(() => {
      seen.push(`${stage.state} ${stage.directory.agents.getSnapshot().length}`);
    });
    await stage.start();
    expect(seen).toEqual(["initialLoading 0", "initialLoading 200", "initialLoading 400", "initialLoading 450"]);
    expect(stage.state).toBe("ready");
  });

  it("takes changes and removals over, and tells once for each piece [MIRROR-3]", async () => {
    const stage = new DirectoryStage();
    stage.put(sampleAgent("a", 1), sampleAgent("b", 2));
    await stage.start();
    const all = vi.fn();
    stage.directory.agents.subscribe(all);
    stage.put(sampleAgent("a", 3, { title: "A" }), sampleAgent("c", 4));
    stage.collection.delete("b");
    await stage.host.settle();
    // The fake service gives the first change alone, and merges the others.
    expect(all.mock.calls.length).toBeLessThanOrEqual(2);
    expect(stage.titles).toEqual(["title of c", "A"]);
    expect(stage.directory.get("b")).toBeUndefined();
    expect(stage.directory.get("a")?.title).toBe("A");
  });

  it("tells the listeners of one agent of that agent only [MIRROR-3]", async () => {
    const stage = new DirectoryStage();
    stage.put(sampleAgent("a"), sampleAgent("b"));
    await stage.start();
    const [one, other, none] = [vi.fn(), vi.fn(), vi.fn()];
    const source = stage.directory.agent("a");
    expect(stage.directory.agent("a")).toBe(source);
    source.subscribe(one);
    stage.directory.agent("b").subscribe(other);
    const leave = stage.directory.agent("c").subscribe(none);
    stage.put(sampleAgent("a", 5, { title: "A" }));
    await stage.host.settle();
    expect([one, other, none].map(({ mock }) => mock.calls.length)).toEqual([1, 0, 0]);
    expect(source.getSnapshot()?.title).toBe("A");
    leave();
    stage.put(sampleAgent("c"));
    stage.collection.delete("a");
    await stage.host.settle();
    expect(source.getSnapshot()).toBeUndefined();
    expect([one, other, none].map(({ mock }) => mock.calls.length)).toEqual([2, 0, 0]);
  });

  it("tells the others of what a listener has thrown at [MIRROR-3]", async () => {
    const stage = new DirectoryStage();
    const heard = vi.fn();
    stage.directory.agents.subscribe(() => {
      throw new Error("mine");
    });
    stage.directory.agents.subscribe(heard);
    stage.put(sampleAgent("a"));
    await stage.start();
    expect(heard).toHaveBeenCalled();
    expect(stage.state).toBe("ready");
    expect(stage.host.errors[0]).toMatchObject({ code: "UNEXPECTED", text: "mine" });
  });

  it("tells those who follow of each change before the listeners, and of another snapshot at its mark [MIRROR-13]", async () => {
    const stage = new DirectoryStage();
    stage.put(sampleAgent("a", 1), sampleAgent("b", 2));
    await stage.start();
    const heard: string[] = [];
    const changed = (before?: Agent, after?: Agent): void => void heard.push(`${before?.title} ${after?.title}`);
    const leave = stage.directory.agents.follow({ changed, replaced: () => void heard.push("replaced") });
    stage.directory.agents.subscribe(() => heard.push("told"));
    stage.put(sampleAgent("a", 1, { title: "A" }));
    await stage.host.settle();
    expect(heard.splice(0)).toEqual(["title of a A", "told"]);
    stage.collection.delete("b");
    await stage.host.settle();
    expect(heard.splice(0)).toEqual(["title of b undefined", "told"]);
    stage.restart(sampleAgent("c", 3));
    await stage.host.settle();
    expect(heard.splice(0)).toEqual(["replaced", "told"]);
    leave();
    stage.put(sampleAgent("c", 4));
    await stage.host.settle();
    expect(heard).toEqual(["told"]);
  });

  it("goes on where one who follows has thrown, and tells its owner [MIRROR-3]", async () => {
    const stage = new DirectoryStage();
    const heard: unknown[] = [];
    const fail = (): never => {
      throw new Error("mine");
    };
    stage.directory.agents.follow({ changed: fail, replaced: fail });
    stage.directory.agents.follow({ changed: (_, after) => heard.push(after?.id), replaced: () => heard.push("all") });
    stage.put(sampleAgent("a"));
    await stage.start();
    expect([heard, stage.state, stage.titles]).toEqual([["all", "a"], "ready", ["title of a"]]);
    expect(stage.host.errors).toHaveLength(2);
    expect(() => stage.directory.agents.follow({} as ListFollower<Agent>)).toThrow(
      expect.objectContaining({ code: "OPTION_INVALID" }),
    );
  });

  it("keeps the ids of a view, the very same list, until an agent changes its place [MIRROR-13]", async () => {
    const stage = new DirectoryStage();
    stage.put(sampleAgent("a", 1), sampleAgent("b", 2), sampleAgent("c", 3));
    await stage.start();
    const { keys, count } = createAgentView(stage.directory.agents);
    keys.subscribe(() => {});
    const before = keys.getSnapshot();
    stage.put(sampleAgent("a", 1, { title: "A" }), sampleAgent("c", 9));
    await stage.host.settle();
    expect([keys.getSnapshot() === before, before, stage.titles]).toEqual([
      true,
      ["c", "b", "a"],
      ["title of c", "title of b", "A"],
    ]);
    stage.put(sampleAgent("a", 20));
    await stage.host.settle();
    expect([keys.getSnapshot(), before, count.getSnapshot()]).toEqual([["a", "c", "b"], ["c", "b", "a"], 3]);
  });

  it("keeps references of what has not changed, and the list where nothing has [MIRROR-4]", async () => {
    const stage = new DirectoryStage();
    stage.put(sampleAgent("a", 1), sampleAgent("b", 2));
    await stage.start();
    const [list, a, b] = [stage.directory.agents.getSnapshot(), stage.directory.get("a"), stage.directory.get("b")];
    expect(stage.directory.agents.getSnapshot()).toBe(list);
    stage.put(sampleAgent("b", 3));
    await stage.host.settle();
    expect(stage.directory.get("a")).toBe(a);
    expect(stage.directory.get("b")).not.toBe(b);
    expect(stage.directory.agents.getSnapshot()).not.toBe(list);
    expect(list.map(({ id }) => id)).toEqual(["b", "a"]);
  });

  it("keeps an order of its own [MIRROR-3]", async () => {
    const stage = new DirectoryStage({ order: (a, b) => a.title.localeCompare(b.title) });
    for (const [id, title] of ["xc", "ya", "zb"]) stage.put(sampleAgent(id ?? "", 0, { title: title ?? "" }));
    await stage.start();
    expect(stage.titles).toEqual(["a", "b", "c"]);
    stage.put(sampleAgent("y", 1, { title: "d" }));
    await stage.host.settle();
    expect(stage.titles).toEqual(["b", "c", "d"]);
  });
});

describe("createAgentDirectory: losing its watch", () => {
  it("goes on showing, and watches again from its last mark [MIRROR-6, SYNC-2, SYNC-6]", async () => {
    const stage = await new DirectoryStage().start();
    stage.put(sampleAgent("a", 1));
    await stage.host.clock.advanceAsync(10_000);
    const heard: string[] = [];
    stage.directory.sync.subscribe(() => heard.push(stage.state));
    stage.mood = "silent";
    stage.cut();
    await stage.host.settle();
    expect(stage.state).toBe("revalidating");
    expect(stage.titles).toEqual(["title of a"]);
    expect(stage.requests[1]?.cursor?.revision).toBe(1n);
    stage.mood = "answering";
    stage.directory.refresh();
    stage.put(sampleAgent("b", 2));
    await stage.host.settle();
    expect(heard).toEqual(["ready", "revalidating", "revalidating", "ready"]);
    expect(stage.titles).toEqual(["title of b", "title of a"]);
    expect(stage.directory.metrics.snapshots).toBe(1);
  });

  it("shows nothing of a snapshot that is cut off, and all of the next one at its mark [MIRROR-2]", async () => {
    const stage = new DirectoryStage();
    const agents = Array.from({ length: 450 }, (_, i) => sampleAgent(`${i}`, i));
    stage.put(...agents);
    await stage.start();
    const a7 = stage.directory.get("7");
    await stage.host.clock.advanceAsync(2_000);
    let pieces = 0;
    stage.bend = (piece) => {
      pieces += 1;
      if (pieces === 3) stage.cut();
      return piece;
    };
    const sizes: number[] = [];
    stage.directory.agents.subscribe(() => sizes.push(stage.directory.agents.getSnapshot().length));
    stage.restart(...agents.filter(({ id }) => id !== "8").map((agent) => ({ ...agent })));
    await stage.host.clock.advanceAsync(30_000);
    expect(stage.state).toBe("ready");
    expect(sizes).toEqual([449]);
    expect(stage.directory.get("8")).toBeUndefined();
    // Another epoch, the same agent.
    expect(stage.directory.get("7")).toBe(a7);
  });

  it("keeps the list and tells nobody where a snapshot brings the same [MIRROR-4]", async () => {
    const stage = new DirectoryStage();
    const agents = [sampleAgent("a", 1), sampleAgent("b", 2)];
    stage.put(...agents);
    await stage.start();
    await stage.host.clock.advanceAsync(2_000);
    const list = stage.directory.agents.getSnapshot();
    const heard = vi.fn();
    stage.directory.agents.subscribe(heard);
    stage.directory.agent("a").subscribe(heard);
    stage.restart(...agents.reverse());
    await stage.host.settle();
    expect(stage.state).toBe("ready");
    expect(stage.directory.agents.getSnapshot()).toBe(list);
    expect(heard).not.toHaveBeenCalled();
    const b = vi.fn();
    stage.directory.agent("b").subscribe(b);
    stage.restart(agents[1] ?? sampleAgent("a"), sampleAgent("b", 2, { status: AgentStatus.RUNNING }));
    await stage.host.clock.advanceAsync(2_000);
    expect(b).toHaveBeenCalledTimes(1);
    expect(heard).toHaveBeenCalledTimes(1);
  });

  it("waits longer each time the daemon cannot answer, shows what it has, and comes back [SYNC-4, SYNC-5]", async () => {
    const stage = new DirectoryStage();
    stage.put(sampleAgent("a"));
    await stage.start();
    await stage.host.clock.advanceAsync(2_000);
    stage.mood = new ConnectError("not now", Code.Unavailable);
    stage.cut();
    await stage.host.clock.advanceAsync(120_000);
    expect(stage.state).toBe("errorAfterReady");
    expect(stage.titles).toEqual(["title of a"]);
    expect(stage.requests.length).toBeGreaterThan(5);
    expect(stage.requests.length).toBeLessThan(40);
    stage.mood = "answering";
    await stage.host.clock.advanceAsync(30_000);
    expect(stage.state).toBe("ready");
  });

  it("does not loop where each watch is lost right after its mark [SYNC-6]", async () => {
    const stage = new DirectoryStage();
    stage.put(sampleAgent("a"));
    stage.bend = (piece) => {
      if (piece.event.case === "mark") queueMicrotask(() => stage.cut());
      return piece;
    };
    await stage.start();
    await stage.host.clock.advanceAsync(60_000);
    expect(stage.requests.length).toBeLessThan(30);
  });

  it.each([
    [Code.PermissionDenied, SyncFailureReason.PERMISSION_DENIED],
    [Code.Unauthenticated, SyncFailureReason.UNAUTHENTICATED],
    [Code.Unimplemented, SyncFailureReason.UNIMPLEMENTED],
    [Code.InvalidArgument, SyncFailureReason.REFUSED],
  ])("says why it is refused by code %i, and asks again only when it is told to [SYNC-5]", async (code, reason) => {
    const stage = new DirectoryStage();
    stage.mood = new ConnectError("no", code);
    await stage.start();
    await stage.host.clock.advanceAsync(600_000);
    expect(stage.requests).toHaveLength(1);
    const { state } = stage.directory.sync.getSnapshot();
    expect(state).toMatchObject({ case: "errorBeforeFirstSuccess", value: { failure: { reason, message: "no" } } });
    expect(stage.host.transitions.at(-1)?.reason).toEqual({ case: "syncFailure", value: reason });
    stage.mood = "answering";
    stage.directory.refresh();
    await stage.host.settle();
    expect(stage.state).toBe("ready");
  });

  it("is gone where the daemon knows of no such thing, and comes back when it is told to [SYNC-8]", async () => {
    const stage = new DirectoryStage();
    stage.put(sampleAgent("a"));
    await stage.start();
    stage.mood = new ConnectError("what?", Code.NotFound);
    stage.directory.refresh();
    await stage.host.settle();
    expect([stage.state, stage.titles]).toEqual(["gone", []]);
    stage.mood = "answering";
    stage.directory.refresh();
    await stage.host.settle();
    expect([stage.state, stage.titles]).toEqual(["ready", ["title of a"]]);
  });

  it("ends its watch and its timers when it is stopped, goes on showing, and goes on from its cursor [MIRROR-12]", async () => {
    const stage = new DirectoryStage();
    stage.put(sampleAgent("a"));
    await stage.start();
    stage.directory.stop();
    await stage.host.settle();
    expect(stage.collection.watchCount).toBe(0);
    expect(stage.host.clock.pending).toBe(0);
    expect([stage.state, stage.titles]).toEqual(["ready", ["title of a"]]);
    stage.directory.refresh();
    await stage.host.settle();
    expect(stage.requests).toHaveLength(1);
    await stage.start();
    expect(stage.requests[1]?.cursor?.revision).toBe(1n);
    stage.mood = new ConnectError("not now", Code.Unavailable);
    stage.directory.refresh();
    await stage.host.settle();
    stage.directory.stop({ reset: true });
    expect(stage.host.clock.pending).toBe(0);
    expect([stage.state, stage.titles]).toEqual(["idle", []]);
  });

  it("begins nothing more when its watch fails after the stop, as when a host stops and its channel ends [MIRROR-12]", async () => {
    const stage = new DirectoryStage();
    stage.put(sampleAgent("a"));
    await stage.start();
    stage.host.clients.set(AgentDirectoryService.typeName, { watchAgents: failWhenAborted });
    stage.directory.refresh();
    stage.directory.stop();
    await stage.host.settle();
    expect([stage.state, stage.host.clock.pending]).toEqual(["revalidating", 0]);
  });
});

/** A watch that ends with its channel just as it is given up. */
function failWhenAborted(_request: object, { signal }: { readonly signal: AbortSignal }): AsyncIterable<never> {
  const next = (): Promise<never> =>
    new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(channelLost())));
  return { [Symbol.asyncIterator]: () => ({ next }) };
}

describe("createAgentDirectory: another filter, another cursor", () => {
  it("shows what it has until the other agents are there [MIRROR-11]", async () => {
    const stage = new DirectoryStage();
    stage.put(sampleAgent("a", 1), sampleAgent("b", 2, { status: AgentStatus.RUNNING }));
    await stage.start();
    const b = stage.directory.get("b");
    const sizes: string[] = [];
    stage.directory.agents.subscribe(() => sizes.push(stage.titles.join()));
    stage.directory.setFilter({ statuses: [AgentStatus.RUNNING] });
    expect([stage.state, stage.titles.length]).toEqual(["revalidating", 2]);
    await stage.host.settle();
    expect([stage.state, sizes]).toEqual(["ready", ["title of b"]]);
    expect(stage.directory.get("b")).toBe(b);
    expect(stage.directory.filter.statuses).toEqual([AgentStatus.RUNNING]);
    expect(stage.host.log.slice(2)).toEqual(["cursor_expired revalidating", "synced ready"]);
    stage.directory.setFilter({ statuses: [AgentStatus.RUNNING, AgentStatus.RUNNING] });
    await stage.host.settle();
    expect(stage.requests).toHaveLength(2);
  });

  it("takes another filter before it has loaded, after a refusal, and while it is stopped [MIRROR-11]", async () => {
    const stage = new DirectoryStage();
    stage.put(sampleAgent("a"), sampleAgent("b", 0, { status: AgentStatus.RUNNING }));
    stage.mood = "silent";
    await stage.start();
    stage.mood = new ConnectError("no", Code.InvalidArgument);
    stage.directory.setFilter({ providerIds: ["q"] });
    await stage.host.settle();
    expect(stage.state).toBe("errorBeforeFirstSuccess");
    stage.mood = "answering";
    stage.directory.setFilter({ statuses: [AgentStatus.RUNNING] });
    await stage.host.settle();
    expect([stage.state, stage.titles]).toEqual(["ready", ["title of b"]]);
    stage.directory.stop();
    stage.directory.setFilter({});
    expect(stage.titles).toEqual(["title of b"]);
    await stage.start();
    expect([stage.state, stage.titles.length]).toEqual(["ready", 2]);
  });

  it("takes a new load once where a digest does not agree, and counts what follows [MIRROR-5, SYNC-7]", async () => {
    const stage = new DirectoryStage();
    stage.put(sampleAgent("a"));
    await stage.start();
    stage.bend = (piece) => {
      if (piece.event.case === "mark") piece.event.value.digest = 7n;
      return piece;
    };
    stage.put(sampleAgent("b"));
    await stage.host.clock.advanceAsync(30_000);
    expect(stage.requests.map(({ diverged }) => diverged)).toEqual([false, true]);
    expect([stage.state, stage.titles.length]).toEqual(["ready", 2]);
    expect(stage.directory.metrics.divergences).toBeGreaterThan(1);
    expect(stage.host.log).toContain("cursor_expired revalidating");
    await stage.host.clock.advanceAsync(601_000);
    expect(stage.requests.length).toBe(3);
    stage.restart(sampleAgent("a"));
    await stage.host.settle();
    expect(stage.requests.map(({ diverged }) => diverged)).toEqual([false, true, true, false, true]);
  });

  it("takes up an agent of a later version, and counts what it does not understand [INV-15]", async () => {
    const stage = new DirectoryStage();
    stage.put(sampleAgent("a"));
    stage.bend = (piece) => {
      if (piece.event.case === "mark") delete piece.event.value.cursor;
      return piece;
    };
    await stage.start();
    expect(stage.state).toBe("initialLoading");
    stage.bend = (piece) => ({ ...piece, event: { case: undefined } });
    stage.put(sampleAgent("b"));
    await stage.host.settle();
    expect(stage.directory.metrics.unknownPieces).toBe(2);
    expect(stage.titles).toEqual(["title of a"]);
  });
});

describe("createAgentDirectory: 100,000 agents", () => {
  it("lists them, changes one and keeps all others, the very same objects in their places [MIRROR-3, MIRROR-4]", async () => {
    const agents = Array.from({ length: 100_000 }, (_, i) => sampleAgent(`${i}`, i));
    const host = new FakeHost();
    let change = (): void => {};
    const changed = new Promise<void>((resolve) => {
      change = resolve;
    });
    host.clients.set(AgentDirectoryService.typeName, { watchAgents: () => watchMany(agents, changed) });
    const directory = createAgentDirectory(host);
    directory.start();
    await host.settle();
    expect(directory.sync.getSnapshot().state.case).toBe("ready");
    const list = directory.agents.getSnapshot();
    expect(list).toHaveLength(100_000);
    change();
    await host.settle();
    const next = directory.agents.getSnapshot();
    expect(next[0]?.title).toBe("changed");
    const others = list.filter(({ id }) => id !== "77");
    expect(next.slice(1).every((agent, i) => agent === others[i])).toBe(true);
    expect(next).toHaveLength(100_000);
    expect(directory.metrics).toMatchObject({ snapshots: 1, divergences: 0 });
    await directory.stop();
  });
});

/** The watch of a directory with many agents, of which one changes. */
async function* watchMany(agents: readonly Agent[], changed: Promise<void>): AsyncGenerator<WatchAgentsResponse> {
  const entries = agents.map((agent, i) => ({ agent, id: agent.id, revision: i + 1 }));
  const say = (event: NonNullable<MessageInitShape<typeof WatchAgentsResponseSchema>["event"]>): WatchAgentsResponse =>
    create(WatchAgentsResponseSchema, { event });
  const tell = (upserted: typeof entries) =>
    say({ case: "agentsChanged", value: { upserted: upserted.map((e) => ({ ...e, revision: BigInt(e.revision) })) } });
  const mark = () => {
    const cursor = { epoch: "e", revision: BigInt(entries.length) };
    return say({ case: "mark", value: { cursor, digest: digestOf(entries) } });
  };
  yield say({ case: "snapshotBegan", value: { epoch: "e" } });
  for (let i = 0; i < entries.length; i += 200) yield tell(entries.slice(i, i + 200));
  yield mark();
  await changed;
  const one = { id: "77", agent: sampleAgent("77", 200_000, { title: "changed" }), revision: 100_001 };
  entries[77] = one;
  yield tell([one]);
  yield mark();
  await new Promise(() => {});
}
