import { describe, expect, it } from "vitest";
import { drain, Stage, show } from "./support/stage.ts";

describe("CollectionWatch: marks", () => {
  it("come 5 s after the first change that was given since the last one [DIR-9]", () => {
    const stage = new Stage();
    const watch = stage.caughtUp();
    stage.put({ x: "1" });
    expect(show(drain(watch))).toEqual(["x=1@1"]);
    stage.clock.advance(3_000);
    stage.put({ x: "2" });
    expect(show(drain(watch))).toEqual(["x=2@2"]);
    stage.clock.advance(1_999);
    const { wakes } = stage;
    expect(drain(watch)).toEqual([]);
    stage.clock.advance(1);
    expect(stage.wakes).toBe(wakes + 1);
    expect(show(drain(watch))).toEqual(["mark 2 digest"]);
  });

  it("come after 30 s where nothing has changed, again and again [DIR-9]", () => {
    const stage = new Stage();
    const watch = stage.caughtUp();
    for (let i = 0; i < 3; i += 1) {
      stage.clock.advance(29_999);
      expect(drain(watch)).toEqual([]);
      stage.clock.advance(1);
      expect(show(drain(watch))).toEqual(["mark 0 digest"]);
    }
  });

  it("come after 64 batches, and say where the watch stands while more waits [DIR-9, DIR-12, DIR-13]", () => {
    const stage = new Stage();
    const watch = stage.caughtUp();
    stage.fill(65 * 200);
    const pieces = drain(watch);
    expect(pieces.map(({ kind }) => kind)).toEqual([...new Array(64).fill("changed"), "mark", "changed"]);
    expect(show(pieces)[64]).toBe("mark 12800");
  });

  it("stand below the lowest revision that waits [DIR-12]", () => {
    const stage = new Stage();
    stage.fill(400);
    const watch = stage.watch({ cursor: stage.cursor(0) });
    watch.next();
    for (let i = 200; i < 250; i += 1) stage.put({ [`item-${i}`]: "again" });
    stage.clock.advance(5_000);
    expect(show([watch.next() as never])).toEqual(["mark 250"]);
  });

  it("have no digest while anything waits [DIR-13]", () => {
    const stage = new Stage();
    stage.put({ x: "1" });
    const watch = stage.watch();
    for (let i = 0; i < 2; i += 1) watch.next();
    stage.put({ y: "2" });
    expect(show(drain(watch))).toEqual(["mark 1", "y=2@2"]);
    stage.clock.advance(5_000);
    expect(show(drain(watch))).toEqual(["mark 2 digest"]);
  });

  it("give a cursor with which a later watch goes on [DIR-4, DIR-12]", () => {
    const stage = new Stage();
    stage.fill(400);
    const watch = stage.watch();
    for (let i = 0; i < 3; i += 1) watch.next();
    stage.put({ "item-3": "b" });
    const mark = watch.next();
    if (mark?.kind !== "mark") throw new Error("no mark");
    expect(mark.cursor).toEqual({ epoch: stage.collection.epoch, filterHash: "all", revision: 400 });
    expect(show(drain(stage.watch({ cursor: mark.cursor })))).toEqual(["item-3=b@401", "mark 401 digest"]);
  });

  it("leave one timer for each watch and none for a watch that has ended [DIR-9]", () => {
    const stage = new Stage();
    const watches = [1, 2, 3].map(() => stage.caughtUp());
    for (let i = 0; i < 20; i += 1) {
      stage.put({ x: `${i}` });
      for (const watch of watches) drain(watch);
      stage.clock.advance(1_000);
    }
    for (const watch of watches) drain(watch);
    expect(stage.clock.pending).toBe(3);
    for (const watch of watches) watch.stop();
    expect(stage.clock.pending).toBe(0);
  });

  it("are not owed by a watch that nobody reads, more than once [DIR-9]", () => {
    const stage = new Stage();
    const watch = stage.caughtUp();
    stage.clock.advance(600_000);
    expect(drain(watch)).toHaveLength(1);
  });
});
