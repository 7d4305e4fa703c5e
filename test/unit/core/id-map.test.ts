import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { IdMap } from "../../../src/core/id-map.ts";

describe("IdMap", () => {
  it("finds what was added, and nothing else", () => {
    const map = new IdMap<{ id: number }>();
    expect(map.get(1)).toBeUndefined();
    map.delete(1);
    const item = { id: Number.MAX_SAFE_INTEGER };
    map.add(item);
    expect([map.get(item.id), map.get(item.id - 8), map.size]).toEqual([item, undefined, 1]);
    map.delete(item.id);
    expect([map.get(item.id), map.size]).toEqual([undefined, 0]);
  });

  it("does what a Map does, whatever comes and goes", () => {
    // Few numbers with the same last bits, so that many want the same slot.
    const ids = fc.nat(24).map((nat) => (nat % 5) * 2 ** 33 + (nat % 7));
    fc.assert(
      fc.property(fc.array(ids, { maxLength: 300 }), (moves) => {
        const map = new IdMap<{ id: number }>();
        const reference = new Map<number, { id: number }>();
        for (const id of moves) {
          if (reference.delete(id)) map.delete(id);
          else {
            const item = { id };
            map.add(item);
            reference.set(id, item);
          }
          expect(map.size).toBe(reference.size);
          for (const other of moves) expect(map.get(other)).toBe(reference.get(other));
        }
      }),
      { numRuns: 200 },
    );
  });

  it("keeps calls in rising order of their ids while most of them end", () => {
    const map = new IdMap<{ id: number }>();
    const stays = { id: 1 };
    map.add(stays);
    for (let id = 3; id < 10_000; id += 2) {
      map.add({ id });
      if (id > 200) map.delete(id - 198);
    }
    expect([map.get(1), map.get(9999)?.id, map.get(3), map.size]).toEqual([stays, 9999, undefined, 100]);
  });
});
