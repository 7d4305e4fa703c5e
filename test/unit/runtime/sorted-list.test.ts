import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SortedList } from "../../../src/runtime/sorted-list.ts";

interface Value {
  readonly key: number;
  readonly text: string;
}

const byText = (a: Value, b: Value): number => (a.text < b.text ? -1 : a.text > b.text ? 1 : Math.sign(a.key - b.key));

/** A list of what a test puts and removes, and how often two values were compared. */
class Stage {
  readonly values = new Map<number, Value>();
  compared = 0;
  made = 0;
  readonly list = new SortedList<Value, number>(
    (a, b) => {
      this.compared += 1;
      return byText(a, b);
    },
    {
      make: () => {
        this.made += 1;
        return this.sorted;
      },
      keyOf: ({ key }) => key,
    },
  );

  get sorted(): Value[] {
    return [...this.values.values()].sort(byText);
  }

  get keys(): number[] {
    return this.sorted.map(({ key }) => key);
  }

  put(key: number, text: string): void {
    const [before, after] = [this.values.get(key), { key, text }];
    this.values.set(key, after);
    this.list.change(before, after);
  }

  remove(key: number): void {
    const before = this.values.get(key);
    this.values.delete(key);
    this.list.change(before, undefined);
  }
}

/** Values `0` to `count - 1`, in this order, of which the lists were asked for. */
function stage(count: number): Stage {
  const staged = new Stage();
  for (let key = 0; key < count; key += 1) staged.put(key, toText(key));
  staged.list.list();
  staged.list.listKeys();
  staged.compared = 0;
  staged.made = 0;
  return staged;
}

function toText(place: number): string {
  return `${place}`.padStart(7, "0");
}

const rounds = fc.array(
  fc.record({
    changes: fc.array(fc.record({ key: fc.nat(30), text: fc.nat(12), goes: fc.boolean() }), { maxLength: 40 }),
    asked: fc.constantFrom("list", "keys", "size", "both"),
  }),
  { maxLength: 10 },
);

describe("SortedList", () => {
  it("is what sorting would give, however much has changed, and never a changed list [MIRROR-13]", () => {
    fc.assert(
      fc.property(rounds, (sequence) => {
        const staged = stage(10);
        const { list } = staged;
        const seen: Array<{ readonly given: readonly unknown[]; readonly copy: readonly unknown[] }> = [];
        for (const { changes, asked } of sequence) {
          for (const { key, text, goes } of changes) {
            if (goes) staged.remove(key);
            else staged.put(key, `${text}`);
          }
          if (asked !== "list" && asked !== "both") expect(list.size).toBe(staged.values.size);
          const given = [
            asked === "list" || asked === "both" ? [list.list()] : [],
            asked !== "list" ? [list.listKeys()] : [],
          ];
          for (const one of given.flat()) seen.push({ given: one, copy: [...one] });
          if (given[0]?.[0] !== undefined) expect(given[0][0]).toEqual(staged.sorted);
          if (given[1]?.[0] !== undefined) expect(given[1][0]).toEqual(staged.keys);
          for (const { given: one, copy } of seen) expect(one).toEqual(copy);
        }
      }),
      { numRuns: 300 },
    );
  });

  it("keeps the keys exactly as long as none comes, goes or changes its place [MIRROR-13]", () => {
    fc.assert(
      fc.property(rounds, (sequence) => {
        const staged = stage(10);
        let before = staged.list.listKeys();
        for (const { changes } of sequence) {
          for (const { key, text, goes } of changes) {
            if (goes) staged.remove(key);
            else staged.put(key, `${text}`);
          }
          const isSame = JSON.stringify(staged.keys) === JSON.stringify(before);
          const keys = staged.list.listKeys();
          expect(keys === before).toBe(isSame);
          before = keys;
        }
      }),
      { numRuns: 300 },
    );
  });

  it("compares a few of 10,000 where one changes, and keeps all keys where it keeps its place [MIRROR-13]", () => {
    const staged = stage(10_000);
    const before = staged.list.listKeys();
    staged.put(7_000, `${toText(7_000)}!`);
    expect(staged.list.listKeys()).toBe(before);
    expect([staged.compared, staged.made]).toEqual([expect.toBeOneOf([14, 15, 16, 17]), 0]);
    staged.compared = 0;
    staged.put(7_000, toText(20_000));
    expect(staged.list.listKeys()).toEqual(staged.keys);
    expect([staged.compared < 40, staged.made]).toEqual([true, 0]);
  });

  it("hands out the very list where nothing has changed, also where everything was forgotten [MIRROR-4]", () => {
    const staged = stage(3);
    const [list, keys] = [staged.list.list(), staged.list.listKeys()];
    expect([staged.list.list() === list, staged.list.listKeys() === keys]).toEqual([true, true]);
    staged.list.forget();
    expect([staged.list.list() === list, staged.list.listKeys() === keys, staged.made]).toEqual([true, true, 1]);
  });

  it("takes several changes of one value for the last of them [MIRROR-13]", () => {
    const staged = stage(200);
    for (let change = 0; change < 40; change += 1) staged.put(change % 20, toText(2_000 - change));
    expect(staged.list.list()).toEqual(staged.sorted);
    expect(staged.made).toBe(0);
  });

  it("makes everything anew where very much has changed, and nothing before somebody asks [MIRROR-13]", () => {
    const staged = stage(100);
    for (let key = 0; key < 50; key += 1) staged.put(key, toText(1_000 - key));
    expect([staged.compared, staged.made]).toEqual([0, 0]);
    expect(staged.list.listKeys()).toEqual(staged.keys);
    expect(staged.made).toBe(1);
  });

  it("makes everything anew where an order is none [MIRROR-13]", () => {
    let isUp = true;
    const values = ["a", "b", "c", "d"];
    const list = new SortedList<string, string>((a, b) => (a < b === isUp ? -1 : a === b ? 0 : 1), {
      make: () => (isUp ? values : values.slice(1).toReversed()),
      keyOf: (value) => value,
    });
    list.list();
    isUp = false;
    list.change("a", undefined);
    expect(list.list()).toEqual(["d", "c", "b"]);
  });

  it("sorts otherwise when it is told to [MIRROR-13]", () => {
    const list = new SortedList<number, number>((a, b) => a - b, { make: () => [3, 1, 2], keyOf: (value) => value });
    list.list();
    list.forget((a, b) => b - a);
    list.change(undefined, 4);
    expect(list.list()).toEqual([3, 1, 2]);
  });
});
