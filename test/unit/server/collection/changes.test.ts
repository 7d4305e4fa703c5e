import { describe, expect, it } from "vitest";
import { MAX_BATCH_BYTES, MAX_BATCH_ENTRIES } from "../../../../src/server/collection/batch.ts";
import { drain, onlyA, Stage, show } from "./support/stage.ts";

describe("CollectionWatch: changes", () => {
  it("gives what changed after the cursor, and a mark as soon as that is done [DIR-4]", () => {
    const stage = new Stage();
    stage.put({ x: "1", y: "2", z: "3" });
    stage.put({ y: "4" });
    const watch = stage.watch({ cursor: stage.cursor(2) });
    expect(show(drain(watch))).toEqual(["z=3@3 y=4@4", "mark 4 digest"]);
    stage.put({ x: "5" });
    expect(show(drain(watch))).toEqual(["x=5@5"]);
  });

  it("gives nothing but a mark where nothing has changed [DIR-4]", () => {
    const stage = new Stage();
    stage.put({ x: "1" });
    expect(show(drain(stage.watch({ cursor: stage.cursor(1) })))).toEqual(["mark 1 digest"]);
  });

  it("gives that mark although something changes all the time [DIR-4]", () => {
    const stage = new Stage();
    stage.fill(500);
    const watch = stage.watch({ cursor: stage.cursor(0) });
    const lines: string[] = [];
    for (let i = 0; i < 4; i += 1) {
      lines.push(...show([watch.next() as never]).map((line) => line.split(" ").slice(0, 2).join(" ")));
      stage.put({ [`new-${i}`]: "n" });
    }
    expect(lines).toEqual([
      "item-0=a@1 item-1=a@2",
      "item-200=a@201 item-201=a@202",
      "item-400=a@401 item-401=a@402",
      "mark 502",
    ]);
  });

  it("gives the id of everything that changed and does not match, known or not [DIR-5]", () => {
    const stage = new Stage();
    stage.put({ x: "a", y: "a", z: "b" });
    const watch = stage.caughtUp({ filter: onlyA });
    stage.put({ x: "b", z: "c", w: "b", v: "a" });
    stage.collection.delete("y");
    expect(show(drain(watch))).toEqual(["v=a@7 -x -z -w -y"]);
  });

  it("merges what waits, by its id, in the order of the last change [DIR-7]", () => {
    const stage = new Stage();
    const watch = stage.caughtUp();
    for (let i = 0; i < 1_000; i += 1) stage.put({ x: `x${i}`, y: `y${i}` });
    stage.put({ x: "last" });
    expect(watch.countWaiting()).toBe(2);
    expect(show(drain(watch))).toEqual(["y=y999@2000 x=last@2001"]);
  });

  it("merges a deletion and a creation to the value, and a creation and a deletion to a removal [DIR-7]", () => {
    const stage = new Stage();
    stage.put({ x: "1" });
    const watch = stage.caughtUp();
    stage.collection.delete("x");
    stage.put({ x: "2", y: "3" });
    stage.collection.delete("y");
    expect(show(drain(watch))).toEqual(["x=2@3 -y"]);
  });

  it("holds no more for a watch that never reads than there are ids [DIR-7]", () => {
    const stage = new Stage();
    stage.fill(50);
    const watch = stage.watch();
    watch.next();
    for (let i = 0; i < 5_000; i += 1) stage.put({ [`item-${i % 50}`]: "again" });
    expect(watch.countWaiting()).toBeLessThanOrEqual(100);
    expect(stage.collection.heldIds).toBe(50);
  });

  it("puts at most 200 entries into a batch [DIR-6]", () => {
    const stage = new Stage();
    const watch = stage.caughtUp();
    stage.fill(MAX_BATCH_ENTRIES + 1);
    const sizes = drain(watch).map((piece) => (piece.kind === "changed" ? piece.upserted.length : 0));
    expect(sizes).toEqual([200, 1]);
  });

  it("counts removed ids among the entries of a batch [DIR-6]", () => {
    const stage = new Stage();
    stage.fill(201);
    const watch = stage.caughtUp();
    for (let i = 0; i <= 200; i += 1) stage.collection.delete(`item-${i}`);
    const sizes = drain(watch).map((piece) => (piece.kind === "changed" ? piece.removedIds.length : 0));
    expect(sizes).toEqual([200, 1]);
  });

  it("puts at most 24 KiB into a batch; what is larger goes alone [DIR-6]", () => {
    const stage = new Stage();
    const watch = stage.caughtUp();
    const [large, half] = ["L".repeat(MAX_BATCH_BYTES + 1), "h".repeat(MAX_BATCH_BYTES / 2 - 20)];
    stage.put({ s: "s", l1: large, l2: large, t: "t", h1: half, h2: half });
    const ids = drain(watch).map((piece) => (piece.kind === "changed" ? piece.upserted.map(({ id }) => id) : []));
    expect(ids).toEqual([["s"], ["l1"], ["l2"], ["t", "h1"], ["h2"]]);
  });

  it("begins with a snapshot where a removal that waits is forgotten [DIR-11]", () => {
    const stage = new Stage({ tombstoneRevisions: 3 });
    stage.put({ x: "a", y: "a" });
    const watch = stage.caughtUp();
    stage.collection.delete("x");
    for (let i = 0; i < 4; i += 1) stage.put({ y: "b" });
    expect(show(drain(watch))).toEqual(["snapshot cursorExpired 1", "y=b@7", "mark 7 digest"]);
  });

  it("goes on where a removal is forgotten that it has given [DIR-11]", () => {
    const stage = new Stage({ tombstoneRevisions: 3 });
    stage.put({ x: "a", y: "a" });
    const watch = stage.caughtUp();
    stage.collection.delete("x");
    expect(show(drain(watch))).toEqual(["-x"]);
    for (let i = 0; i < 4; i += 1) stage.put({ y: "b" });
    expect(show(drain(watch))).toEqual(["y=b@7"]);
  });

  it("gives nothing after its end, and is not woken", () => {
    const stage = new Stage();
    const watch = stage.watch();
    watch.stop();
    stage.put({ x: "a" });
    expect([watch.next(), stage.wakes, watch.countWaiting()]).toEqual([undefined, 0, 0]);
    expect(stage.clock.pending).toBe(0);
  });
});
