import { Code, type ConnectError } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import {
  CallOutcome,
  Limit,
  LimitExceededSchema,
  OutcomeTooLargeSchema,
} from "../../../../gen/moorline/session/v1/error_pb.ts";
import { createMemoryJournalStore, type JournalStore } from "../../../../src/server/index.ts";
import { SimulatedClock } from "../../../../src/testing/simulated-clock.ts";
import { journalLimits } from "../../../../src/wire/limits.ts";
import { journalEntry } from "../../../compliance/journal-store.ts";
import { disks } from "../support/disks.ts";
import { OTHER_KEY } from "../support/hello.ts";
import { ask, connect, type JournalStage, stageJournal, told } from "../support/journal.ts";

const HOUR = 3_600_000;

function limitOf(error: unknown): unknown {
  const [detail] = (error as ConnectError).findDetails(LimitExceededSchema);
  return detail && [detail.limit, Number(detail.max), detail.outcome];
}

async function put(stage: JournalStage, client: Parameters<typeof ask>[1], key: string, text = "it"): Promise<unknown> {
  return told(await ask(stage, client, key, { method: "put", text }));
}

describe("the journal of a session", () => {
  it("keeps 24 h, 10,000 keys, 16 MiB, and 64 KiB of an outcome by default [JOURNAL-7]", () => {
    expect(journalLimits).toEqual({
      keepMs: 24 * HOUR,
      maxKeys: 10_000,
      maxBytes: 16 * 1024 * 1024,
      maxOutcomeBytes: 64 * 1024,
    });
  });

  it("refuses one key more than it holds, and forgets none for it [JOURNAL-7]", async () => {
    const stage = stageJournal({ limits: { journal: { maxKeys: 3 } } });
    const client = connect(stage);
    for (const key of ["a", "b", "c"]) expect(await put(stage, client, key)).toBe("put");
    const refused = await put(stage, client, "d");
    expect(refused).toMatchObject({ code: Code.ResourceExhausted });
    expect(limitOf(refused)).toEqual([Limit.JOURNAL_KEYS, 3, CallOutcome.NOT_SENT]);
    for (const key of ["a", "b", "c"]) {
      expect(await put(stage, client, key)).toBe("put");
      expect(await put(stage, client, key, "else")).toMatchObject({ code: Code.InvalidArgument });
    }
    expect(await put(stage, connect(stage, 2, { sessionKey: OTHER_KEY }), "d")).toBe("put");
  });

  it("reserves room for the outcome of each call, and gives back what it does not need [JOURNAL-7]", async () => {
    const stage = stageJournal({ limits: { journal: { maxBytes: 200_000 } } });
    const client = connect(stage);
    for (const key of ["a", "b", "c"]) await ask(stage, client, key);
    expect(stage.runs).toHaveLength(3);
    expect(limitOf(await put(stage, client, "d"))).toEqual([Limit.JOURNAL_BYTES, 200_000, CallOutcome.NOT_SENT]);
    stage.runs[0]?.answer({ data: new Uint8Array(60_000) });
    await stage.clock.settle();
    expect(limitOf(await put(stage, client, "d"))).toEqual([Limit.JOURNAL_BYTES, 200_000, CallOutcome.NOT_SENT]);
    stage.runs[1]?.answer({ text: "short" });
    await stage.clock.settle();
    expect(await put(stage, client, "d")).toBe("put");
  });

  it("keeps of an outcome that is too large its status [JOURNAL-7]", async () => {
    const stage = stageJournal();
    const client = connect(stage);
    const data = new Uint8Array(70_000).fill(1);
    const first = await ask(stage, client, "k");
    stage.runs[0]?.answer({ text: "large", data });
    await stage.clock.settle();
    expect(told(first)).toBe("large");
    const again = told(await ask(stage, client, "k")) as ConnectError;
    expect(again).toMatchObject({ code: Code.DataLoss });
    const [detail] = again.findDetails(OutcomeTooLargeSchema);
    expect(detail).toMatchObject({ code: 0, maxBytes: 65_536n });
    expect(Number(detail?.actualBytes)).toBeGreaterThan(70_000);
    expect(stage.runs).toHaveLength(1);
  });

  it("keeps of an error that is too large its status [JOURNAL-7]", async () => {
    const { encodeOutcome, decodeOutcome } = await import("../../../../src/server/journal/outcome.ts");
    const trailers = [{ name: "x", value: "v".repeat(70_000), unknown: undefined }];
    const result = { code: Code.NotFound, message: "m".repeat(5_000), details: [], trailers, lastMessage: undefined };
    const kept = decodeOutcome(encodeOutcome({ headers: [], result }, 65_536));
    expect(kept).toMatchObject({
      headers: [],
      result: { code: Code.NotFound, message: "m".repeat(1_024), trailers: [] },
    });
    expect(kept.result.details.map(({ type }) => type)).toEqual([OutcomeTooLargeSchema.typeName]);
  });

  it("keeps a key for 24 h, and then forgets it [JOURNAL-7]", async () => {
    const stage = stageJournal({ limits: { journal: { maxKeys: 1 } } });
    const client = connect(stage);
    await put(stage, client, "k");
    await stage.clock.advanceAsync(24 * HOUR - 1_000);
    const next = connect(stage, 2);
    expect(await put(stage, next, "k", "else")).toMatchObject({ code: Code.InvalidArgument });
    expect(await put(stage, next, "l")).toMatchObject({ code: Code.ResourceExhausted });
    await stage.clock.advanceAsync(1_000);
    expect(await put(stage, next, "l")).toBe("put");
    expect(await put(stage, next, "k", "else")).toMatchObject({ code: Code.ResourceExhausted });
  });

  it.each([
    ["first", ["k", "l"]],
    ["last", ["l", "k"]],
  ])(
    "forgets a key once, whoever asks while that takes its time: the %s is done, asked %s [JOURNAL-7, JOURNAL-2]",
    async (done, keys) => {
      const memory = createMemoryJournalStore();
      const deletions: (() => void)[] = [];
      const journal: JournalStore = {
        ...memory,
        async delete(...name) {
          await new Promise<void>((resolve) => deletions.push(resolve));
          await memory.delete(...name);
        },
      };
      const stage = stageJournal({ journal });
      await put(stage, connect(stage), "k", "before");
      await stage.clock.advanceAsync(24 * HOUR);
      const next = connect(stage, 2);
      const calls: Awaited<ReturnType<typeof ask>>[] = [];
      for (const key of keys) calls.push(await ask(stage, next, key));
      while (deletions.length > 0) {
        const finish = done === "first" ? deletions.shift() : deletions.pop();
        finish?.();
        await stage.clock.settle();
      }
      for (const { answer } of stage.runs) answer();
      await stage.clock.settle();
      expect(calls.map(told)).toEqual(["did it", "did it"]);
      expect(told(await ask(stage, next, "k"))).toBe("did it");
      expect(stage.runs).toHaveLength(2);
    },
  );

  it("forgets nothing because the wall clock jumps [JOURNAL-7]", async () => {
    const stage = stageJournal();
    const client = connect(stage);
    await put(stage, client, "k");
    stage.clock.jumpWall(100 * 24 * HOUR);
    expect(await put(stage, client, "k", "else")).toMatchObject({ code: Code.InvalidArgument });
  });

  it("does not forget a key whose handler runs [JOURNAL-7]", async () => {
    const stage = stageJournal();
    await ask(stage, connect(stage), "k", { timeoutMs: 100 * HOUR });
    await stage.clock.advanceAsync(25 * HOUR);
    const next = connect(stage, 2);
    expect(await put(stage, next, "other")).toBe("put");
    const again = await ask(stage, next, "k");
    stage.runs[0]?.answer();
    await stage.clock.settle();
    expect(told(again)).toBe("did it");
    expect(stage.runs).toHaveLength(1);
  });

  it("forgets at its start what is too old, of every session [JOURNAL-7]", async () => {
    const journal = createMemoryJournalStore();
    const stage = stageJournal({ journal });
    const nowMs = stage.clock.wallNow();
    const [old, young] = [nowMs - 24 * HOUR - 1, nowMs - 24 * HOUR];
    const sessionHash = "c".repeat(43);
    journal.accept(journalEntry({ sessionHash, key: "old", acceptedAtMs: old }));
    journal.accept(journalEntry({ sessionHash, key: "young", acceptedAtMs: young }));
    await put(stage, connect(stage), "k");
    expect((await journal.list(sessionHash)).map(({ key }) => key)).toEqual(["young"]);
  });

  it.each([
    ["maxKeys", 0],
    ["maxOutcomeBytes", 8_191],
    ["maxBytes", 0.5],
    ["keepMs", 0],
    ["other", 1],
  ])("has its limits checked: %s %s [JOURNAL-7]", (name, value) => {
    expect(() => stageJournal({ limits: { journal: { [name]: value } } })).toThrow(`limits.journal.${name}`);
  });
});

describe.each(disks)("%s, opened by the next process", (_, createDisk) => {
  /** A daemon, and how it is started again, so much later. */
  const stageTwice = async (journal: Partial<typeof journalLimits>) => {
    const openJournal = await createDisk();
    const clock = new SimulatedClock();
    const start = (seed: number): JournalStage =>
      stageJournal({ limits: { journal }, journal: openJournal(clock), simulated: clock, seed });
    const stage = start(1);
    const restart = async (afterMs: number): Promise<JournalStage> => {
      await stage.server.close();
      await clock.advanceAsync(afterMs);
      return start(2);
    };
    return { stage, restart };
  };

  it("has no more room for keys than before [JOURNAL-7]", async () => {
    const { stage, restart } = await stageTwice({ maxKeys: 2 });
    const client = connect(stage);
    for (const key of ["a", "b"]) await put(stage, client, key);
    const again = await restart(0);
    const next = connect(again);
    expect(limitOf(await put(again, next, "c"))).toEqual([Limit.JOURNAL_KEYS, 2, CallOutcome.NOT_SENT]);
    expect(await put(again, next, "a")).toBe("put");
  });

  it("has the same bytes as before: of outcomes their own, of runs that were cut all that was reserved [JOURNAL-7]", async () => {
    const maxBytes = 60_100 + 2 * 65_536;
    const { stage, restart } = await stageTwice({ maxBytes });
    const client = connect(stage);
    for (const key of ["done", "cut"]) await ask(stage, client, key);
    stage.runs[0]?.answer({ data: new Uint8Array(60_000) });
    await stage.clock.settle();
    const again = await restart(0);
    const next = connect(again);
    expect(told(await ask(again, next, "cut"))).toMatchObject({ code: Code.Aborted });
    await ask(again, next, "c");
    expect(again.runs).toHaveLength(1);
    expect(limitOf(await put(again, next, "d"))).toEqual([Limit.JOURNAL_BYTES, maxBytes, CallOutcome.NOT_SENT]);
  });

  it("has forgotten what became too old meanwhile, and has its room again [JOURNAL-7]", async () => {
    const { stage, restart } = await stageTwice({ maxKeys: 2 });
    const client = connect(stage);
    await put(stage, client, "old");
    await stage.clock.advanceAsync(1_000);
    await put(stage, connect(stage, 2), "young");
    const again = await restart(24 * HOUR - 500);
    const next = connect(again);
    expect(await put(again, next, "young", "else")).toMatchObject({ code: Code.InvalidArgument });
    expect(await put(again, next, "old", "else")).toBe("put");
    expect(limitOf(await put(again, next, "c"))).toEqual([Limit.JOURNAL_KEYS, 2, CallOutcome.NOT_SENT]);
  });
});
