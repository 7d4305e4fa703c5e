import { describe, expect, it } from "vitest";
import { all, drain, type Item, onlyA, Stage, show } from "./support/stage.ts";

describe("VersionedCollection", () => {
  it("counts each change by one revision, and none where nothing changes [DIR-1]", () => {
    const { collection } = new Stage();
    expect(collection.revision).toBe(0);
    expect(collection.put("x", { text: "1" })).toBe(1);
    expect(collection.put("x", { text: "1" })).toBe(2);
    expect(collection.delete("y")).toBeUndefined();
    expect(collection.delete("x")).toBe(3);
    expect(collection.delete("x")).toBeUndefined();
    expect([collection.revision, collection.size]).toEqual([3, 0]);
    expect(collection.get("x")).toBeUndefined();
  });

  it("gives its values in descending order of their last change, also from a revision on", () => {
    const stage = new Stage();
    stage.put({ x: "1", y: "2", z: "3" });
    stage.put({ x: "4" });
    stage.collection.delete("y");
    const shown = (below?: number): string[] => [...stage.collection.newestFirst(below)].map(({ id }) => id);
    expect(shown()).toEqual(["x", "z"]);
    expect(shown(4)).toEqual(["z"]);
    expect(shown(3)).toEqual([]);
  });

  it("has another epoch each time", () => {
    const { collection } = new Stage();
    expect(collection.epoch).toMatch(/^[A-Za-z0-9_-]{22}$/);
  });

  it("remembers that an id was deleted for so many revisions and not longer [DIR-10]", () => {
    const stage = new Stage();
    stage.put({ x: "a" });
    stage.collection.delete("x");
    for (let i = 0; i < 10_000; i += 1) stage.put({ hot: "a" });
    expect(stage.collection.heldIds).toBe(2);
    expect(show(drain(stage.watch({ cursor: stage.cursor(1) })))[0]).toBe("hot=a@10002 -x");
    stage.put({ hot: "a" });
    expect(stage.collection.heldIds).toBe(1);
    expect(show(drain(stage.watch({ cursor: stage.cursor(1) })))[0]).toBe("snapshot cursorExpired 1");
    expect(show(drain(stage.watch({ cursor: stage.cursor(2) })))[0]).toBe("hot=a@10003");
  });

  it("does not forget an id that was created again [DIR-10]", () => {
    const stage = new Stage({ tombstoneRevisions: 2 });
    stage.put({ x: "a" });
    stage.collection.delete("x");
    stage.put({ x: "b" });
    for (let i = 0; i < 9; i += 1) stage.put({ hot: "a" });
    expect(stage.collection.get("x")).toEqual({ text: "b" });
    expect(show(drain(stage.watch({ cursor: stage.cursor(0) })))[0]).toBe("x=b@3 hot=a@12");
  });

  it("takes so many watches and refuses one more, until one has ended [DIR-15]", () => {
    const stage = new Stage({ maxWatches: 2 });
    const first = stage.watch();
    stage.watch();
    expect(() => stage.watch()).toThrow(expect.objectContaining({ code: "OVERLOADED" }));
    first.stop();
    first.stop();
    expect(stage.watch().next()).toBeDefined();
    expect(stage.collection.watchCount).toBe(2);
  });

  it("asks for the size of a value once for each change, whoever watches", () => {
    let asked = 0;
    const sizeOf = ({ text }: Item): number => {
      asked += 1;
      return text.length;
    };
    const stage = new Stage({ sizeOf });
    for (let i = 0; i < 5; i += 1) stage.caughtUp();
    stage.put({ x: "a" });
    expect(asked).toBe(0);
    for (let i = 0; i < 5; i += 1) stage.caughtUp();
    expect(asked).toBe(1);
  });

  it("looks at a value as often as there are filters, not watches or values", () => {
    const stage = new Stage();
    stage.fill(1_000);
    let looks = 0;
    const matches = (): boolean => {
      looks += 1;
      return true;
    };
    const filters = [all, onlyA].map(({ hash }) => ({ hash, matches }));
    for (let i = 0; i < 100; i += 1) for (const filter of filters) stage.watch({ filter });
    expect(looks).toBe(2_000);
    stage.put({ "item-5": "b" });
    expect(looks).toBe(2_004);
  });

  it("keeps the filter counted that was watched last, and no other that nobody watches", () => {
    const stage = new Stage();
    stage.put({ x: "a", y: "b" });
    let looks = 0;
    const filters = [all, onlyA].map(({ hash, matches }) => ({
      hash,
      matches: (item: Item) => {
        looks += 1;
        return matches(item);
      },
    }));
    const looksOf = (work: () => void): number => {
      looks = 0;
      work();
      return looks;
    };
    const visit = (filter = filters[0] ?? all): void => stage.watch({ filter }).stop();
    expect(looksOf(visit)).toBe(2);
    expect(looksOf(visit)).toBe(0);
    // Before and after the change, and once for what is new.
    expect(looksOf(() => stage.put({ x: "b", z: "a" }))).toBe(3);
    const held = stage.watch({ filter: filters[0] ?? all });
    expect(show(drain(held)).at(-1)).toBe("mark 4 digest");
    expect(looksOf(() => visit(filters[1]))).toBe(3);
    expect(looksOf(() => stage.put({ y: "c" }))).toBe(4);
    held.stop();
    expect(looksOf(() => stage.put({ y: "d" }))).toBe(2);
  });

  it("wakes all watches, also where one begins or ends another meanwhile", () => {
    const stage = new Stage();
    const woken: string[] = [];
    const second = stage.watch({ onWake: () => woken.push("second") });
    const first = stage.watch({
      onWake: () => {
        woken.push("first");
        second.stop();
        if (woken.length < 3) stage.watch({ onWake: () => woken.push("third") });
      },
    });
    stage.put({ x: "a" });
    expect(woken).toEqual(["second", "first", "third"]);
    stage.put({ x: "b" });
    expect(woken).toEqual(["second", "first", "third", "first", "third"]);
    expect(show(drain(first))).toEqual(["snapshot first 1", "x=b@2", "mark 2 digest"]);
  });
});
