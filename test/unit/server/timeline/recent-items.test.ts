import { describe, expect, it } from "vitest";
import { createTimelineStore } from "../../../../src/server/timeline/create-timeline-store.ts";
import { MemoryTimelines } from "../../../../src/server/timeline/memory-timelines.ts";
import { SimulatedClock, SimulatedRandom } from "../../../../src/testing/index.ts";
import { bytesOf, readToMark } from "../../../compliance/timeline-kit.ts";

/** Counts what watches read. */
class CountedTimelines extends MemoryTimelines {
  reads = 0;

  override changedSeqs(...args: Parameters<MemoryTimelines["changedSeqs"]>): number[] {
    this.reads += 1;
    return super.changedSeqs(...args);
  }
}

async function stage() {
  const clock = new SimulatedClock();
  const backend = new CountedTimelines(() => Number.POSITIVE_INFINITY);
  const store = createTimelineStore(backend, { clock, random: new SimulatedRandom(1) });
  const opened = store.open("log");
  await clock.settle();
  const log = await opened;
  const append = async (...texts: readonly string[]): Promise<void> => {
    const done = Promise.all(texts.map((text) => log.append(bytesOf(text), { text })));
    await clock.settle();
    await done;
  };
  return { clock, backend, log, append };
}

describe("what a commit has appended", () => {
  it("is told without being read, to those who know all before it [TIMELINE-6]", async () => {
    const { backend, log, append } = await stage();
    const watches = [log.watch(), log.watch()];
    for (const watch of watches) expect(await readToMark(watch)).toEqual(["mark 0"]);
    backend.reads = 0;
    await append("a", "b");
    const told = ["itemAppended 1@1 a|a", "itemAppended 2@2 b|b", "mark 2"];
    for (const watch of watches) expect(await readToMark(watch)).toEqual(told);
    expect(backend.reads).toBe(0);
  });

  it("is read by those who have missed a commit [TIMELINE-8]", async () => {
    const { backend, log, append } = await stage();
    const watch = log.watch();
    await readToMark(watch);
    await append("a");
    await append("b");
    backend.reads = 0;
    expect(await readToMark(watch)).toEqual(["itemAppended 1@1 a|a", "itemAppended 2@2 b|b", "mark 2"]);
    expect(backend.reads).toBe(1);
  });

  it("is read where a commit has changed something else [TIMELINE-8]", async () => {
    const { clock, backend, log, append } = await stage();
    await append("a");
    const watch = log.watch();
    await readToMark(watch);
    backend.reads = 0;
    const done = Promise.all([log.append(bytesOf("b")), log.appendText(1, "a")]);
    await clock.settle();
    await done;
    expect(await readToMark(watch)).toEqual(["textAppended 1@3 1|a", "itemAppended 2@2 b|", "mark 3"]);
    expect(backend.reads).toBe(1);
  });

  it("is not held where it is more than 256 KiB, or where nobody follows [TIMELINE-8]", async () => {
    const { backend, log, append } = await stage();
    const watch = log.watch();
    await readToMark(watch);
    backend.reads = 0;
    await append("x".repeat(200_000), "y");
    expect((await readToMark(watch)).at(-1)).toBe("mark 2");
    expect(backend.reads).toBe(1);
    await append("z");
    expect(log).toMatchObject({ recent: { since: 2 } });
    await watch.return?.();
    expect(log).toMatchObject({ recent: undefined });
  });
});
