import { Code, type ConnectError } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { CallOutcome, JournalUnavailableSchema } from "../../../../gen/moorline/session/v1/error_pb.ts";
import { closeToError, outcomeOf } from "../../../../src/rpc/call-errors.ts";
import { createMemoryJournalStore } from "../../../../src/server/index.ts";
import { ask, askRaw, connect, stageJournal, TroubledStore, told } from "../support/journal.ts";

describe("a journal that fails", () => {
  it.each(["list", "accept"] as const)("before the handler: the call does not run, %s [JOURNAL-11]", async (name) => {
    const store = new TroubledStore();
    const stage = stageJournal({ journal: store });
    const client = connect(stage);
    store.fail(name);
    const { closes } = await askRaw(stage, client, "k");
    const errors = closes.map((close) => closeToError(close) as ConnectError);
    expect(errors).toMatchObject([{ code: Code.Unavailable }]);
    expect(errors[0]?.findDetails(JournalUnavailableSchema)).toMatchObject([{ outcome: CallOutcome.NOT_SENT }]);
    expect(errors.map(outcomeOf)).toEqual([CallOutcome.NOT_SENT]);
    expect(stage.runs).toHaveLength(0);
    expect(stage.written.flat()).toContainEqual(expect.stringContaining("the journal has failed"));
    store.fail();
    const next = await ask(stage, client, "k");
    stage.runs[0]?.answer();
    await stage.clock.settle();
    expect(told(next)).toBe("did it");
  });

  it("when asked for an outcome: the call does not run again [JOURNAL-11]", async () => {
    const store = new TroubledStore();
    const stage = stageJournal({ journal: store });
    const client = connect(stage);
    await ask(stage, client, "k", { method: "put" });
    store.fail("find");
    const { closes } = await askRaw(stage, client, "k");
    expect(closes).toMatchObject([{ result: { code: Code.Unavailable } }]);
    expect(stage.runs).toHaveLength(0);
  });

  it("is asked again by the SDK, which says NOT_SENT in the end [JOURNAL-11, CALL-16]", async () => {
    const store = new TroubledStore();
    const stage = stageJournal({ journal: store });
    store.fail("accept");
    const call = await ask(stage, connect(stage), "k");
    await stage.clock.advanceAsync(5_000);
    expect(outcomeOf(told(call) as ConnectError)).toBe(CallOutcome.NOT_SENT);
    expect(store.calls.filter((name) => name === "accept")).toHaveLength(4);
  });

  it("after the handler: the call is answered, later ones from memory, after a restart UNKNOWN [JOURNAL-11]", async () => {
    const inner = createMemoryJournalStore();
    const store = new TroubledStore(inner);
    const stage = stageJournal({ journal: store });
    const client = connect(stage);
    const call = await ask(stage, client, "k");
    store.fail("complete");
    stage.runs[0]?.answer();
    await stage.clock.settle();
    expect(told(call)).toBe("did it");
    expect(stage.written.flat()).toContainEqual(expect.stringContaining("the journal has failed"));
    expect(told(await ask(stage, client, "k"))).toBe("did it");
    expect(told(await ask(stage, client, "k", { text: "else" }))).toMatchObject({ code: Code.InvalidArgument });
    await stage.server.close();
    const again = stageJournal({ journal: inner, simulated: stage.clock, seed: 2 });
    expect(told(await ask(again, connect(again), "k"))).toMatchObject({ code: Code.Aborted });
    expect([stage.runs.length, again.runs.length]).toEqual([1, 0]);
  });

  it("at forgetting, purging and ending sessions: it is reported, and calls go on [JOURNAL-11]", async () => {
    const store = new TroubledStore();
    const stage = stageJournal({ journal: store });
    const client = connect(stage);
    store.fail("purge", "delete", "deleteSession");
    const call = await ask(stage, client, "k", { timeoutMs: 1_000 });
    stage.runs[0]?.fail(new Error("anything"));
    await stage.clock.settle();
    expect(told(call)).toMatchObject({ code: Code.Internal });
    stage.server.sessions.end(stage.server.sessions.list()[0]?.ref ?? "");
    await stage.clock.settle();
    expect(stage.written.flat().filter((text) => `${text}`.includes("the journal has failed"))).toHaveLength(2);
    expect(told(await ask(stage, connect(stage, 2), "other", { method: "put" }))).toBe("put");
  });
});
