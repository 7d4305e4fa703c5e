import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { digestOf, hashId, hashRevision } from "../../../../src/server/collection/digest.ts";
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
    expect(toHex(hashRevision(hashId(id).hash, revision))).toBe(hash_hex);
    expect(read("docs/spec.md")).toContain(`| \`${id}\` | \`${revision}\` | \`${hash_hex}\` |`);
  });

  it.each(vectors.digests)("sums to $digest_hex as published [DIR-14]", ({ entries, digest_hex }) => {
    expect(toHex(digestOf(entries))).toBe(digest_hex);
    expect(toHex(digestOf([...entries].reverse()))).toBe(digest_hex);
    expect(toHex(modelDigest(entries.map(({ id, revision }) => [id, revision])))).toBe(digest_hex);
    expect(read("docs/spec.md")).toContain(`| \`${digest_hex}\` |`);
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
