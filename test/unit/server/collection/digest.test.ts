import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Digest, digestOf, hashId, hashRevision } from "../../../../src/wire/collection-digest.ts";
import { modelDigest } from "../../../support/mirror-model.ts";
import { drain, onlyA, Stage } from "./support/stage.ts";

interface Vectors {
  readonly entries: readonly { readonly id: string; readonly revision: number; readonly hash_hex: string }[];
  readonly digests: readonly {
    readonly entries: readonly { readonly id: string; readonly revision: number }[];
    readonly digest_hex: string;
  }[];
}

const read = (path: string): string => readFileSync(new URL(`../../../../${path}`, import.meta.url), "utf8");
const vectors = JSON.parse(read("test/vectors/directory.json")) as Vectors;
const toHex = (digest: bigint): string => digest.toString(16).padStart(16, "0");

describe("the digest of a collection", () => {
  it.each(vectors.entries)("hashes $id at $revision as published [DIR-14]", ({ id, revision, hash_hex }) => {
    const digest = new Digest();
    digest.add(hashRevision(hashId(id).hash, revision));
    expect(toHex(digest.value)).toBe(hash_hex);
    expect(read("docs/spec.md")).toContain(`| \`${id}\` | \`${revision}\` | \`${hash_hex}\` |`);
  });

  it.each(vectors.digests)("sums to $digest_hex as published [DIR-14]", ({ entries, digest_hex }) => {
    expect(toHex(digestOf(entries))).toBe(digest_hex);
    expect(toHex(digestOf([...entries].reverse()))).toBe(digest_hex);
    expect(toHex(modelDigest(entries.map(({ id, revision }) => [id, revision])))).toBe(digest_hex);
    expect(read("docs/spec.md")).toContain(`| \`${digest_hex}\` |`);
  });

  it("is that of what is left, in whatever order entries come and go [DIR-14]", () => {
    const entry = fc.tuple(fc.string(), fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }));
    fc.assert(
      fc.property(fc.array(entry), fc.array(entry), (kept, gone) => {
        const hashes = (entries: typeof kept) =>
          entries.map(([id, revision]) => hashRevision(hashId(id).hash, revision));
        const digest = new Digest();
        for (const hash of hashes(gone)) digest.add(hash);
        for (const hash of hashes(kept)) digest.add(hash);
        for (const hash of hashes(gone)) digest.subtract(hash);
        expect(digest.value).toBe(modelDigest(kept));
      }),
    );
  });

  it("goes with a mark over what matches, kept up with every change [DIR-13, DIR-14]", () => {
    const stage = new Stage();
    stage.put({ x: "a", y: "b", z: "a" });
    const watch = stage.caughtUp({ filter: onlyA });
    stage.put({ x: "a2", y: "a3", z: "b2", w: "a4" });
    stage.collection.delete("w");
    drain(watch);
    stage.clock.advance(5_000);
    const expected = modelDigest([
      ["x", 4],
      ["y", 5],
    ]);
    expect(watch.next()).toMatchObject({ kind: "mark", digest: expected });
  });
});
