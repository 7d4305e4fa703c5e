import { describe, expect, it } from "vitest";
import { type KeptWork, MirrorKeeper } from "../../../../src/runtime/mirror/mirror-keeper.ts";
import { wholeSave } from "../../../support/mirror-saves.ts";
import { FakeHost } from "./support/fake-host.ts";
import { ScriptedStorage } from "./support/scripted-storage.ts";

/** A cursor of a test is a text: the epoch and the revision. */
type Cursor = `${string}@${number}`;

const KEY = "key";
const toBytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const toText = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes);

const kept: KeptWork<string> = {
  encode: toBytes,
  positionOf: (cursor) => {
    const [epoch = "", revision = ""] = toText(cursor).split("@");
    return { epoch, revision: BigInt(revision) };
  },
  buildsOn: "between",
};

/** A program that has loaded `stored`, on a storage that others write to as well. */
async function stageKeeper(stored: Cursor) {
  const storage = new ScriptedStorage();
  const host = new FakeHost(storage);
  const saveAsAnother = (cursor: Cursor): Promise<boolean> => storage.inner.save(KEY, wholeSave(cursor));
  await saveAsAnother(stored);
  const keeper = new MirrorKeeper(host, storage, KEY, kept);
  await keeper.load();
  return {
    ...{ keeper, host, saveAsAnother },
    /** A mark of everything that is shown. */
    mark: (cursor: Cursor) => keeper.mark(toBytes(cursor), [["a", { value: cursor, revision: 1 }]]),
    readStored: async () => toText((await storage.inner.load(KEY))?.cursor),
  };
}

describe("MirrorKeeper: epochs", () => {
  it("replaces what others have saved of the epoch that has ended, at once [MIRROR-14]", async () => {
    const { host, mark, saveAsAnother, readStored } = await stageKeeper("first@1");
    await saveAsAnother("first@5");
    mark("second@1");
    await host.settle();
    expect(await readStored()).toBe("second@1");
  });

  it("leaves an epoch that somebody has saved since the mark, and may be the newer one [MIRROR-14]", async () => {
    const { keeper, host, mark, saveAsAnother, readStored } = await stageKeeper("first@1");
    mark("first@2");
    await host.settle();
    mark("first@3");
    await saveAsAnother("second@1");
    await host.clock.advanceAsync(1_000);
    expect(await readStored()).toBe("second@1");
    expect(keeper.needsAll).toBe(true);
    mark("second@2");
    await host.clock.advanceAsync(5_000);
    expect(await readStored()).toBe("second@2");
    expect(host.errors).toEqual([]);
  });

  it("replaces what it did not know of with the next mark, so that it is kept again [MIRROR-14]", async () => {
    const { host, mark, saveAsAnother, readStored } = await stageKeeper("first@1");
    await saveAsAnother("second@1");
    mark("third@1");
    await host.clock.advanceAsync(5_000);
    expect(await readStored()).toBe("second@1");
    mark("third@2");
    await host.settle();
    expect(await readStored()).toBe("third@2");
  });
});
