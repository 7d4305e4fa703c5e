import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { CallOutcome, KeyedRunCutSchema } from "../../../../gen/moorline/session/v1/error_pb.ts";
import { closeToError, outcomeOf } from "../../../../src/rpc/call-errors.ts";
import { ask, askRaw, connect, stageJournal, TroubledStore, told } from "../support/journal.ts";

const SHORT_REPLAY = { limits: { session: { replayMs: 100 } } };

describe("a caller of a key that waits no longer", () => {
  it("leaves the run to those who still wait, by cancel and by deadline [JOURNAL-8]", async () => {
    const stage = stageJournal();
    const [one, two] = [connect(stage, 1), connect(stage, 2)];
    const abort = new AbortController();
    const cancelled = await ask(stage, one, "k", { signal: abort.signal });
    const late = await ask(stage, one, "k", { timeoutMs: 50 });
    const waiting = await ask(stage, two, "k", { timeoutMs: 60_000 });
    abort.abort();
    await stage.clock.advanceAsync(60);
    expect(told(cancelled)).toMatchObject({ code: Code.Canceled });
    expect(told(late)).toMatchObject({ code: Code.DeadlineExceeded });
    expect(stage.runs[0]?.signal.aborted).toBe(false);
    stage.runs[0]?.answer();
    await stage.clock.settle();
    expect(told(waiting)).toBe("did it");
    expect(stage.runs).toHaveLength(1);
  });

  it("cancels the run as the last one, and what becomes of it is kept [JOURNAL-8]", async () => {
    const stage = stageJournal();
    const client = connect(stage);
    const calls = [await ask(stage, client, "a", { timeoutMs: 50 }), await ask(stage, client, "b", { timeoutMs: 50 })];
    await stage.clock.advanceAsync(100);
    for (const call of calls) expect(told(call)).toMatchObject({ code: Code.DeadlineExceeded });
    expect(stage.runs.map(({ signal }) => signal.aborted)).toEqual([true, true]);
    stage.runs[0]?.answer();
    stage.runs[1]?.fail(new Error("my own tools were aborted"));
    await stage.clock.settle();
    expect(told(await ask(stage, client, "a"))).toBe("did it");
    expect(told(await ask(stage, client, "b"))).toMatchObject({ code: Code.Canceled });
    expect(stage.runs).toHaveLength(2);
  });

  it("does not cancel the run by losing its connection or its channel [JOURNAL-8]", async () => {
    const stage = stageJournal(SHORT_REPLAY);
    const one = connect(stage, 1);
    await ask(stage, one, "k");
    one.link.connection.abort();
    await stage.clock.advanceAsync(1_000);
    expect(stage.server.sessions.list()[0]?.channels).toEqual([]);
    expect(stage.runs[0]?.signal.aborted).toBe(false);
    const two = connect(stage, 2);
    const again = await ask(stage, two, "k");
    stage.runs[0]?.answer();
    await stage.clock.settle();
    expect(told(again)).toBe("did it");
    expect(stage.runs).toHaveLength(1);
  });

  it("finds the outcome of a run that has ended while nobody was there [JOURNAL-8]", async () => {
    const stage = stageJournal(SHORT_REPLAY);
    const one = connect(stage, 1);
    await ask(stage, one, "k");
    one.link.connection.abort();
    await stage.clock.advanceAsync(1_000);
    stage.runs[0]?.answer();
    await stage.clock.settle();
    expect(told(await ask(stage, connect(stage, 2), "k"))).toBe("did it");
  });

  it("does not cancel a run that another caller may come back to [JOURNAL-8]", async () => {
    const stage = stageJournal(SHORT_REPLAY);
    const [one, two] = [connect(stage, 1), connect(stage, 2)];
    await ask(stage, one, "k");
    one.link.connection.abort();
    await ask(stage, two, "k", { timeoutMs: 500 });
    await stage.clock.advanceAsync(1_000);
    expect(stage.runs[0]?.signal.aborted).toBe(false);
  });

  it("leaves nothing behind where the handler has not started, and the key is free [JOURNAL-6]", async () => {
    const store = new TroubledStore();
    const stage = stageJournal({ journal: store });
    const client = connect(stage);
    const go = store.hold("accept");
    const call = await ask(stage, client, "k", { timeoutMs: 50 });
    await stage.clock.advanceAsync(100);
    go();
    await stage.clock.settle();
    expect(told(call)).toMatchObject({ code: Code.DeadlineExceeded });
    expect(stage.runs).toHaveLength(0);
    const next = await ask(stage, client, "k", { text: "else" });
    stage.runs[0]?.answer();
    await stage.clock.settle();
    expect(told(next)).toBe("did else");
  });

  it("has its place taken by one who comes while the key is being given up [JOURNAL-6]", async () => {
    const store = new TroubledStore();
    const stage = stageJournal({ journal: store });
    const client = connect(stage);
    const [accept, forget] = [store.hold("accept"), store.hold("delete")];
    await ask(stage, client, "k", { timeoutMs: 50 });
    await stage.clock.advanceAsync(100);
    accept();
    await stage.clock.settle();
    const next = await ask(stage, client, "k", { text: "else" });
    forget();
    await stage.clock.settle();
    stage.runs[0]?.answer();
    await stage.clock.settle();
    expect(told(next)).toBe("did else");
    expect(stage.runs).toHaveLength(1);
  });

  it("has nothing run for it where it left before the journal was asked [JOURNAL-6]", async () => {
    const store = new TroubledStore();
    const stage = stageJournal({ journal: store });
    const go = store.hold("list");
    await ask(stage, connect(stage), "k", { timeoutMs: 50 });
    await stage.clock.advanceAsync(100);
    go();
    await stage.clock.settle();
    expect([stage.runs.length, store.calls]).toEqual([0, ["purge", "list"]]);
  });
});

describe("a server that is stopped while keyed calls run", () => {
  it("waits for them as for others, also for those whose channel is lost [JOURNAL-9, DRAIN-3]", async () => {
    const stage = stageJournal(SHORT_REPLAY);
    const one = connect(stage, 1);
    await ask(stage, one, "k");
    one.link.connection.abort();
    await stage.clock.advanceAsync(1_000);
    const drained = stage.server.drain();
    await stage.clock.advanceAsync(5_000);
    expect(stage.runs[0]?.signal.aborted).toBe(false);
    stage.runs[0]?.answer();
    await stage.clock.advanceAsync(100);
    await drained;
    const again = stageJournal({ journal: stage.store, simulated: stage.clock, seed: 2 });
    expect(told(await ask(again, connect(again), "k"))).toBe("did it");
    expect(again.runs).toHaveLength(0);
  });

  it("cuts them after the grace; the next process says that nobody knows [JOURNAL-9, JOURNAL-5]", async () => {
    const stage = stageJournal({ limits: { drain: { graceMs: 1_000, flushMs: 10 } } });
    const call = await askRaw(stage, connect(stage), "k");
    const drained = stage.server.drain();
    await stage.clock.advanceAsync(3_000);
    await drained;
    const cut = call.closes.map((close) => closeToError(close) as ConnectError);
    expect(cut).toMatchObject([{ code: Code.Unavailable }]);
    expect(cut.map(outcomeOf)).toEqual([CallOutcome.UNKNOWN]);
    expect(stage.runs[0]?.signal.aborted).toBe(true);
    stage.runs[0]?.answer();
    await stage.clock.settle();
    const again = stageJournal({ journal: stage.store, simulated: stage.clock, seed: 2 });
    const client = connect(again);
    for (const asked of [await ask(again, client, "k"), await ask(again, client, "k")]) {
      const error = told(asked) as ConnectError;
      expect(error).toMatchObject({ code: Code.Aborted });
      expect(error.findDetails(KeyedRunCutSchema)).toMatchObject([{ outcome: CallOutcome.UNKNOWN }]);
    }
    expect(told(await ask(again, client, "k", { text: "else" }))).toMatchObject({ code: Code.InvalidArgument });
    expect(again.runs).toHaveLength(0);
  });

  it("does not wait for a handler that ignores the end [JOURNAL-9]", async () => {
    const store = new TroubledStore();
    const stage = stageJournal({ journal: store });
    await ask(stage, connect(stage), "k");
    const closed = stage.server.close();
    await stage.clock.settle();
    await closed;
    expect(store.calls).toEqual(["purge", "list", "accept"]);
  });

  it("starts nothing that was still being written down [JOURNAL-9, JOURNAL-6]", async () => {
    const store = new TroubledStore();
    const stage = stageJournal({ journal: store });
    const go = store.hold("accept");
    await ask(stage, connect(stage), "k");
    const closed = stage.server.close();
    await stage.clock.settle();
    go();
    await stage.clock.settle();
    await closed;
    expect([stage.runs.length, store.calls.at(-1)]).toEqual([0, "delete"]);
  });
});

describe("a session that is over", () => {
  it("takes its keys along; what runs for it goes on, and is written nowhere [JOURNAL-10]", async () => {
    const stage = stageJournal();
    const one = connect(stage);
    await ask(stage, one, "k");
    const done = await ask(stage, one, "done", { method: "put" });
    expect(told(done)).toBe("put");
    const [session] = stage.server.sessions.list();
    stage.server.sessions.end(session?.ref ?? "");
    await stage.clock.settle();
    expect(stage.runs[0]?.signal.aborted).toBe(false);
    stage.runs[0]?.answer({ text: "too late" });
    await stage.clock.settle();
    const again = connect(stage, 2);
    const next = await ask(stage, again, "k", { text: "else" });
    stage.runs[1]?.answer();
    await stage.clock.settle();
    expect(told(next)).toBe("did else");
    expect(told(await ask(stage, again, "done", { method: "put", text: "other" }))).toBe("put");
  });

  it("is forgotten by the store before the next one of its key begins [JOURNAL-10]", async () => {
    const store = new TroubledStore();
    const stage = stageJournal({ journal: store });
    const one = connect(stage);
    await ask(stage, one, "k", { method: "put" });
    const go = store.hold("deleteSession");
    stage.server.sessions.end(stage.server.sessions.list()[0]?.ref ?? "");
    const next = await ask(stage, connect(stage, 2), "k", { method: "put", text: "else" });
    expect(told(next)).toBe("pending");
    go();
    await stage.clock.settle();
    expect(told(next)).toBe("put");
  });
});

describe("outcomes that ask to be tried again", () => {
  const codes = [Code.Unavailable, Code.Unauthenticated, Code.ResourceExhausted];
  it.each(codes)("are not kept: code %s [JOURNAL-6]", async (code) => {
    const stage = stageJournal();
    const client = connect(stage);
    const first = await askRaw(stage, client, "k");
    stage.runs[0]?.fail(new ConnectError("not now", code));
    await stage.clock.settle();
    expect(first.closes).toMatchObject([{ kind: "ended", result: { code } }]);
    const next = await ask(stage, client, "k", { text: "else" });
    stage.runs[1]?.answer();
    await stage.clock.settle();
    expect(told(next)).toBe("did else");
  });

  it("are tried again by the SDK itself after UNAVAILABLE [JOURNAL-6, CALL-16]", async () => {
    const stage = stageJournal();
    const call = await ask(stage, connect(stage), "k");
    stage.runs[0]?.fail(new ConnectError("not now", Code.Unavailable));
    await stage.clock.advanceAsync(1_000);
    stage.runs[1]?.answer();
    await stage.clock.settle();
    expect(told(call)).toBe("did it");
    expect(stage.runs).toHaveLength(2);
  });
});
