import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Mirror } from "../../../../src/runtime/mirror/mirror.ts";
import { digestOf } from "../../../../src/wire/collection-digest.ts";

interface Value {
  readonly text: string;
}

function newMirror() {
  const heard: string[] = [];
  const mirror = new Mirror<Value>((a, b) => a.text === b.text, {
    changed: (id, before, after) => heard.push(`${id} ${before?.text ?? "-"} ${after?.text ?? "-"}`),
    replaced: (before) => heard.push(`replaced ${before.size}`),
  });
  const put = (id: string, revision: number, text = id): Value => {
    const value = { text };
    mirror.upsert(id, value, revision);
    return value;
  };
  return { mirror, heard, put, take: () => heard.splice(0) };
}

describe("Mirror", () => {
  it("shows the first snapshot as it comes, and a later one at its mark [MIRROR-2]", () => {
    const { mirror, put, take } = newMirror();
    mirror.begin("e", "shown");
    put("a", 1);
    expect(take()).toEqual(["replaced 0", "a - a"]);
    mirror.finish();
    mirror.begin("e", "shadow");
    put("b", 2);
    mirror.remove("b");
    put("c", 3);
    expect(take()).toEqual([]);
    expect(mirror.get("a")).toBeDefined();
    mirror.finish();
    expect(take()).toEqual(["replaced 1"]);
    expect([...mirror.entries.keys()]).toEqual(["c"]);
  });

  it("forgets a shadow that another snapshot begins after, or whose watch has ended [MIRROR-2]", () => {
    const { mirror, put } = newMirror();
    mirror.begin("e", "shown");
    put("a", 1);
    mirror.begin("e", "shadow");
    put("b", 2);
    mirror.begin("e", "shadow");
    put("c", 3);
    mirror.finish();
    expect([...mirror.entries.keys()]).toEqual(["c"]);
    mirror.begin("e", "shadow");
    mirror.cut();
    mirror.finish();
    put("d", 4);
    expect([...mirror.entries.keys()]).toEqual(["c", "d"]);
  });

  it("keeps what has the same revision in an epoch, and the same content in another one [MIRROR-4]", () => {
    const { mirror, put, take } = newMirror();
    mirror.begin("e", "shown");
    const [a, b] = [put("a", 1), put("b", 2)];
    mirror.begin("e", "shadow");
    for (const [id, revision] of [
      ["a", 1],
      ["b", 2],
    ] as const)
      put(id, revision);
    take();
    mirror.finish();
    expect(take()).toEqual([]);
    mirror.begin("f", "shadow");
    // The same number says nothing in another epoch.
    const other = put("b", 2, "other");
    put("a", 9);
    mirror.finish();
    expect(take()).toEqual(["replaced 2"]);
    expect([mirror.get("a") === a, mirror.get("b") === other, b === other]).toEqual([true, true, false]);
    expect(
      mirror.agrees(
        digestOf([
          { id: "a", revision: 9 },
          { id: "b", revision: 2 },
        ]),
      ),
    ).toBe(true);
  });

  it("takes what is known already, or older, for nothing new [MIRROR-3]", () => {
    const { mirror, put, take } = newMirror();
    mirror.restore("e", [{ id: "a", value: { text: "a" }, revision: 5 }]);
    take();
    put("a", 5);
    put("a", 4);
    mirror.remove("b");
    expect(take()).toEqual([]);
    put("a", 6);
    expect(take()).toEqual(["a a a"]);
    mirror.clear();
    mirror.clear();
    expect(take()).toEqual(["replaced 1"]);
  });

  it("has the digest of what it shows, whatever came [MIRROR-5]", () => {
    const steps = fc.array(
      fc.oneof(
        fc.record({ kind: fc.constant("put" as const), id: fc.constantFrom("a", "b", "c", "⚓") }),
        fc.record({ kind: fc.constant("remove" as const), id: fc.constantFrom("a", "b", "c", "⚓") }),
        fc.record({ kind: fc.constantFrom("begin", "finish", "cut"), id: fc.constant("") }),
      ),
    );
    fc.assert(
      fc.property(steps, (sequence) => {
        const { mirror, put } = newMirror();
        let revision = 0;
        for (const { kind, id } of sequence) {
          revision += 1;
          if (kind === "put") put(id, revision);
          else if (kind === "remove") mirror.remove(id);
          else if (kind === "begin") mirror.begin("e", "shadow");
          else if (kind === "finish") mirror.finish();
          else mirror.cut();
          const shown = [...mirror.entries].map(([key, entry]) => ({ id: key, revision: entry.revision }));
          expect(mirror.agrees(digestOf(shown))).toBe(true);
        }
      }),
      { numRuns: 200 },
    );
  });
});
