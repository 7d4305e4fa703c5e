import { describe, expect, it } from "vitest";
import { MirrorModel } from "../../../support/mirror-model.ts";
import { drain, type Item, onlyA, Stage, show } from "./support/stage.ts";

describe("CollectionWatch: snapshot", () => {
  it("gives everything that matches, in ascending revision, then a mark [DIR-2]", () => {
    const stage = new Stage();
    stage.put({ x: "a1", y: "b1", z: "a2", w: "a3" });
    stage.put({ x: "a4" });
    stage.collection.delete("w");
    expect(show(drain(stage.watch({ filter: onlyA })))).toEqual(["snapshot first 2", "z=a2@3 x=a4@5", "mark 6 digest"]);
  });

  it("gives an empty snapshot of an empty collection [DIR-2]", () => {
    expect(show(drain(new Stage().watch()))).toEqual(["snapshot first 0", "mark 0 digest"]);
  });

  it("gives no mark within a snapshot, however long it takes and however large it is [DIR-2, DIR-9]", () => {
    const stage = new Stage();
    stage.fill(20_000);
    const watch = stage.watch();
    const kinds: string[] = [];
    for (let piece = watch.next(); piece !== undefined; piece = watch.next()) {
      kinds.push(piece.kind);
      stage.clock.advance(60_000);
      if (piece.kind === "mark") break;
    }
    expect(kinds).toEqual(["snapshotBegan", ...new Array(100).fill("changed"), "mark"]);
  });

  it.each<[string, number, boolean, Partial<{ epoch: string; filterHash: string }>]>([
    ["diverged", 2, true, { epoch: "other" }],
    ["epochChanged", 2, false, { epoch: "other", filterHash: "other" }],
    ["filterChanged", 99, false, { filterHash: "other" }],
    ["cursorExpired", 4, false, {}],
    ["cursorExpired", -1, false, {}],
    ["cursorExpired", 1.5, false, {}],
    ["cursorExpired", Number.NaN, false, {}],
    ["cursorExpired", 2 ** 64, false, {}],
  ])("says %s, by the first of the reasons that there are (%s) [DIR-3]", (cause, revision, diverged, other) => {
    const stage = new Stage();
    stage.put({ x: "a", y: "a", z: "a" });
    const cursor = { epoch: stage.collection.epoch, filterHash: "all", revision, ...other };
    expect(show(drain(stage.watch({ cursor, diverged })))[0]).toBe(`snapshot ${cause} 3`);
  });

  it("says diverged where there is no cursor at all [DIR-3]", () => {
    expect(show(drain(new Stage().watch({ diverged: true })))[0]).toBe("snapshot diverged 0");
  });

  it("has in it what changes before it gets there, as it is then, and leaves the rest for later [DIR-8]", () => {
    const stage = new Stage();
    stage.fill(401);
    const watch = stage.watch();
    const mirror = new MirrorModel<Item>();
    for (let i = 0; i < 2; i += 1) mirror.take(watch.next() as never);
    stage.put({ "item-0": "given before", "item-300": "not yet given", "new": "n" });
    stage.collection.delete("item-301");
    const rest = drain(watch);
    for (const piece of rest) {
      mirror.take(piece);
      if (piece.kind === "mark") break;
    }
    expect(mirror.shown.size).toBe(400);
    expect(mirror.shown.get("item-300")?.value.text).toBe("not yet given");
    expect(mirror.shown.get("item-0")?.value.text).toBe("a");
    const lines = show(rest);
    expect(lines.slice(-2)).toEqual([
      "mark 401",
      "item-0=given before@402 item-300=not yet given@403 new=n@404 -item-301",
    ]);
    expect(mirror.complaints).toEqual([]);
  });

  it("comes to its mark although something changes with each piece [DIR-8]", () => {
    const stage = new Stage();
    stage.fill(2_000);
    const watch = stage.watch();
    for (let pieces = 1; watch.next()?.kind !== "mark"; pieces += 1) {
      expect(pieces).toBeLessThan(25);
      for (let i = 0; i < 1_000; i += 1) stage.put({ [`item-${1_000 + i}`]: "again" });
    }
  });

  it("begins anew where a removal that it would have to tell of is forgotten [DIR-11]", () => {
    const stage = new Stage({ tombstoneRevisions: 5 });
    stage.fill(300);
    const watch = stage.watch();
    for (let i = 0; i < 2; i += 1) watch.next();
    stage.collection.delete("item-0");
    for (let i = 0; i < 5; i += 1) stage.put({ hot: "a" });
    expect(show([watch.next() as never])[0]).toMatch(/^item-200=/);
    const late = stage.watch();
    for (let i = 0; i < 2; i += 1) late.next();
    stage.collection.delete("item-1");
    for (let i = 0; i < 6; i += 1) stage.put({ hot: "a" });
    expect(show(drain(late))[0]).toBe("snapshot cursorExpired 299");
  });

  it("does not begin anew for what was deleted before it began [DIR-11]", () => {
    const stage = new Stage({ tombstoneRevisions: 5 });
    stage.fill(300);
    stage.collection.delete("item-0");
    const watch = stage.watch();
    for (let i = 0; i < 2; i += 1) watch.next();
    for (let i = 0; i < 9; i += 1) stage.put({ hot: "a" });
    expect(show(drain(watch)).filter((line) => line.startsWith("snapshot"))).toEqual([]);
  });
});
