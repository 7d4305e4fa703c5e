import { describe, expect, it } from "vitest";
import { watchPieces } from "../../../../src/server/collection/watch-pieces.ts";
import { all, Stage, show } from "./support/stage.ts";

function begin(stage: Stage): {
  readonly controller: AbortController;
  readonly pieces: ReturnType<typeof watchPieces>;
} {
  const controller = new AbortController();
  return { controller, pieces: watchPieces(stage.collection, { filter: all }, controller.signal) };
}

describe("watchPieces", () => {
  it("gives a piece for each that is asked for, and waits where there is none", async () => {
    const stage = new Stage();
    stage.put({ x: "1" });
    const { pieces, controller } = begin(stage);
    const lines: string[] = [];
    const reading = (async () => {
      for await (const piece of pieces) lines.push(...show([piece as never]));
    })();
    await stage.clock.settle();
    expect(lines).toEqual(["snapshot first 1", "x=1@1", "mark 1 digest"]);
    stage.put({ x: "2", y: "3" });
    await stage.clock.settle();
    expect(lines.slice(3).join(" ")).toBe("x=2@2 y=3@3");
    await stage.clock.advanceAsync(5_000);
    expect(lines.at(-1)).toBe("mark 3 digest");
    controller.abort();
    await reading;
    expect([stage.collection.watchCount, stage.clock.pending]).toEqual([0, 0]);
  });

  it("makes no piece that nobody asks for, and keeps what changes meanwhile [DIR-7]", async () => {
    const stage = new Stage();
    stage.fill(1_000);
    const { pieces } = begin(stage);
    await pieces.next();
    for (let i = 0; i < 100; i += 1) stage.put({ "item-1": `${i}` });
    const second = await pieces.next();
    expect(show([second.value as never])[0]).toMatch(/^item-0=a@1 item-2=a@3 /);
    await pieces.return();
    expect(stage.collection.watchCount).toBe(0);
  });

  it("begins no watch where its signal has fired before [DIR-15]", async () => {
    const stage = new Stage();
    const { pieces, controller } = begin(stage);
    controller.abort();
    expect((await pieces.next()).done).toBe(true);
    expect(stage.collection.watchCount).toBe(0);
  });

  it("fails at its first piece where there are too many watches [DIR-15]", async () => {
    const stage = new Stage({ maxWatches: 0 });
    await expect(begin(stage).pieces.next()).rejects.toMatchObject({ code: "OVERLOADED" });
  });
});
