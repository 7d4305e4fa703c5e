import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { ListView, type ListViewOptions } from "../../../src/runtime/list-view.ts";
import { ListStore, type Sorting } from "./support/list-store.ts";

interface Value {
  readonly key: string;
  readonly size: number;
}

const bySize: Sorting<Value> = {
  order: (a, b) => a.size - b.size || (a.key < b.key ? -1 : 1),
  keyOf: ({ key }) => key,
};
const byKey = (a: Value, b: Value): number => (a.key < b.key ? -1 : 1);
const isEven = ({ size }: Value): boolean => size % 2 === 0;
const { keyOf } = bySize;

const toValues = (...sizes: number[]): Value[] => sizes.map((size, index) => ({ key: `${index}`, size }));

/** The values with another one in the place of that of its key. */
function put(store: ListStore<Value>, ...values: readonly Value[]): void {
  const known = new Map(store.getSnapshot().map((value) => [value.key, value]));
  for (const value of values) known.set(value.key, value);
  store.set([...known.values()]);
}

const views: ReadonlyArray<readonly [string, ListViewOptions<Value, string>]> = [
  ["all, as they come", { keyOf }],
  ["all, in another order", { order: byKey, keyOf }],
  ["some, as they come", { matches: isEven, keyOf }],
  ["some, in another order", { matches: isEven, order: byKey, keyOf }],
];

const steps = fc.array(
  fc.record({
    does: fc.constantFrom("put", "put", "put", "remove", "subscribe", "leave", "read"),
    key: fc.nat(12),
    size: fc.nat(6),
  }),
  { maxLength: 40 },
);

describe("ListView", () => {
  it.each(views)("of %s is what selecting anew would give, followed or not [MIRROR-13]", (_name, options) => {
    fc.assert(
      fc.property(steps, fc.boolean(), (sequence, isLive) => {
        const store = new ListStore(toValues(4, 3, 2, 1), isLive ? bySize : undefined);
        const view = new ListView(store, options);
        const leaves: Array<() => void> = [];
        const range = view.keysIn({ start: 1, end: 4 });
        let before: readonly string[] = view.keys.getSnapshot();
        let shown: readonly string[] = range.getSnapshot();
        for (const { does, key, size } of sequence) {
          if (does === "put") put(store, { key: `${key}`, size });
          if (does === "remove") store.set(store.getSnapshot().filter((value) => value.key !== `${key}`));
          if (does === "subscribe") leaves.push(view.keys.subscribe(() => {}));
          if (does === "leave") leaves.pop()?.();
          if (does !== "read") continue;
          const { matches = () => true, order } = options;
          const matching = store.getSnapshot().filter(matches);
          const expected = order === undefined ? matching : matching.toSorted(order);
          expect(view.values.getSnapshot()).toEqual(expected);
          expect(view.count.getSnapshot()).toBe(expected.length);
          const keys = view.keys.getSnapshot();
          expect(keys).toEqual(expected.map(keyOf));
          expect(keys === before).toBe(JSON.stringify(keys) === JSON.stringify(before));
          before = keys;
          const inRange = range.getSnapshot();
          expect(inRange).toEqual(keys.slice(1, 4));
          expect(inRange === shown).toBe(JSON.stringify(inRange) === JSON.stringify(shown));
          shown = inRange;
        }
      }),
      { numRuns: 200 },
    );
  });

  it("looks at the changed one and not at the others, while somebody subscribes [MIRROR-13]", () => {
    const matches = vi.fn(isEven);
    const store = new ListStore(toValues(2, 4, 6, 7, 10, 12, 14), bySize);
    const view = new ListView(store, { matches, keyOf });
    view.keys.subscribe(() => {});
    const keys = view.keys.getSnapshot();
    matches.mockClear();
    // Each is asked for as it was and as it is.
    put(store, { key: "3", size: 5 }, { key: "2", size: 8 });
    expect(view.keys.getSnapshot()).toBe(keys);
    expect(matches).toHaveBeenCalledTimes(4);
  });

  it("reads the keys of a range, and of no place beside it [MIRROR-13]", () => {
    const named = vi.fn(keyOf);
    const store = new ListStore(toValues(1, 2, 3, 4, 5), bySize);
    const view = new ListView(store, { keyOf: named });
    const [last, lastTwo] = [view.keysIn({ start: 4 }), view.keysIn({ start: -2 })];
    expect([last.getSnapshot(), lastTwo.getSnapshot(), named.mock.calls.length]).toEqual([["4"], ["3", "4"], 3]);
    lastTwo.subscribe(() => {});
    put(store, { key: "0", size: 9 });
    expect([lastTwo.getSnapshot(), view.keys.getSnapshot()]).toEqual([
      ["4", "0"],
      ["1", "2", "3", "4", "0"],
    ]);
  });

  it("keeps what it was made of where nothing has changed until somebody subscribes [MIRROR-13]", () => {
    const matches = vi.fn(isEven);
    const store = new ListStore(toValues(2, 3), bySize);
    const view = new ListView(store, { matches, keyOf });
    const [keys, values] = [view.keys.getSnapshot(), view.values.getSnapshot()];
    view.keys.subscribe(() => {});
    expect([view.keys.getSnapshot() === keys, view.values.getSnapshot() === values]).toEqual([true, true]);
    expect(matches).toHaveBeenCalledTimes(2);
  });

  it("follows once while somebody subscribes, and leaves nothing behind [REACT-3]", () => {
    const store = new ListStore(toValues(1), bySize);
    const view = new ListView(store, { keyOf });
    view.keys.getSnapshot();
    expect([store.followers, store.listeners]).toEqual([0, 0]);
    const leaves = [view.keys.subscribe(() => {}), view.count.subscribe(() => {})];
    expect([store.followers, store.listeners]).toEqual([1, 2]);
    leaves[0]?.();
    leaves[0]?.();
    expect([store.followers, store.listeners]).toEqual([1, 1]);
    leaves[1]?.();
    expect([store.followers, store.listeners]).toEqual([0, 0]);
  });

  it("takes nothing for known that it has seen before it followed [MIRROR-13]", () => {
    const store = new ListStore(toValues(1, 2), bySize);
    const view = new ListView(store, { keyOf });
    const first = store.getSnapshot();
    expect(view.keys.getSnapshot()).toEqual(["0", "1"]);
    const leave = view.keys.subscribe(() => {});
    put(store, { key: "0", size: 3 });
    expect(view.keys.getSnapshot()).toEqual(["1", "0"]);
    leave();
    vi.spyOn(store, "getSnapshot").mockReturnValue(first);
    expect(view.keys.getSnapshot()).toEqual(["0", "1"]);
  });

  it("has what has changed when its listener is told [MIRROR-13]", () => {
    const store = new ListStore(toValues(1, 2));
    const view = new ListView(store, { keyOf });
    const seen: unknown[] = [];
    view.keys.subscribe(() => seen.push(view.keys.getSnapshot()));
    view.keys.getSnapshot();
    store.set(toValues(1, 2).toReversed());
    expect(seen).toEqual([["1", "0"]]);
  });

  it("refuses a listener that is no function [REACT-14]", () => {
    const store = new ListStore(toValues(1), bySize);
    const { keys } = new ListView(store, { keyOf });
    expect(() => keys.subscribe(undefined as unknown as () => void)).toThrow(
      expect.objectContaining({ code: "OPTION_INVALID" }),
    );
    expect(store.followers).toBe(0);
  });
});
