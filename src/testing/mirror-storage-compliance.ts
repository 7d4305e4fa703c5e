import type { MirrorSave, MirrorStorage, StoredEntry, StoredMirror } from "../runtime/storage/mirror-storage.ts";
import { assert, assertEqual } from "./assertions.ts";
import { type Disposable, declareTests, type TestFunctions, type Tests } from "./declare-tests.ts";

/** A place that storages share, as tabs share an origin and processes a file. Empty when it is made. */
export interface MirrorPlace extends Disposable {
  /** Another storage on the same place. */
  open(): MirrorStorage;
}

const MANY = 10_000;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/**
 * Declares the tests that hold a storage of mirrors to every sentence of `MirrorStorage`. Spec: MIRROR-8, MIRROR-9.
 * @param name How the storage is called in the titles.
 * @param createPlace Makes an empty place; called once per test.
 */
export function describeMirrorStorage(
  tests: TestFunctions,
  name: string,
  createPlace: () => MirrorPlace | Promise<MirrorPlace>,
): void {
  declareTests(tests, `mirror storage ${name}`, createPlace, storageTests);
}

const storageTests: Tests<MirrorPlace> = {
  "has nothing of what was never saved [MIRROR-8]": async (place) => {
    const storage = place.open();
    assertEqual(await storage.load("a"), undefined, "nothing is there");
    assertEqual(await storage.list(), [], "there are no keys");
    await storage.delete("a");
    assert(storage.name !== "", "it says where it is");
  },

  "gives back the cursor and the entries of the last save, to whoever opens it next [MIRROR-8]": async (place) => {
    assert(await place.open().save("a", whole("1", entry("x", 1), entry("y", 2))), "the first save is kept");
    await assertStored(place, "a", ["1", "x 1 x@1", "y 2 y@2"]);
    assert(await place.open().save("a", whole("2", entry("z", 9))), "the second one is kept");
    await assertStored(place, "a", ["2", "z 9 z@9"]);
  },

  "changes what is stored by what a save has [MIRROR-8]": async (place) => {
    const storage = place.open();
    await storage.save("a", whole("1", entry("x", 1), entry("y", 2), entry("⚓é", 3)));
    const save = { ...changes("5", entry("y", 5), entry("z", 4)), removed: ["x", "never there"] };
    assert(await storage.save("a", save), "the changes are kept");
    await assertStored(place, "a", ["5", "y 5 y@5", "z 4 z@4", "⚓é 3 ⚓é@3"]);
  },

  "asks a save whether it fits to the cursor that is stored, and changes nothing where it does not [MIRROR-8]": async (
    place,
  ) => {
    const storage = place.open();
    const asked: (string | undefined)[] = [];
    const refuse = (stored: Uint8Array | undefined): boolean => {
      asked.push(stored && decoder.decode(stored));
      return false;
    };
    assert(!(await storage.save("a", { ...whole("1"), fits: refuse })), "it does not fit to nothing");
    assertEqual(await storage.load("a"), undefined, "nothing was begun");
    await storage.save("a", whole("1", entry("x", 1)));
    const save = { ...changes("2", entry("y", 2)), removed: ["x"], fits: refuse };
    assert(!(await place.open().save("a", save)), "it does not fit to what another one has saved");
    assert(!(await place.open().save("a", { ...save, isWhole: true })), "nor does one that replaces everything");
    assertEqual(asked, [undefined, "1", "1"], "each is asked once");
    await assertStored(place, "a", ["1", "x 1 x@1"]);
  },

  "changes nothing where it cannot be said whether a save fits [MIRROR-8]": async (place) => {
    const storage = place.open();
    await storage.save("a", whole("1", entry("x", 1)));
    const fits = (): never => {
      throw new Error("no");
    };
    const outcome = await storage.save("a", { ...whole("2"), fits }).catch(() => "rejected");
    assertEqual(outcome, "rejected", "it rejects");
    await assertStored(place, "a", ["1", "x 1 x@1"]);
    assert(await storage.save("a", changes("2")), "it goes on");
  },

  "keeps keys apart, also where one begins with the other [MIRROR-8]": async (place) => {
    const storage = place.open();
    await storage.save("a", whole("1", entry("x", 1)));
    await storage.save("a/b", whole("2", entry("y", 2)));
    await storage.delete("a");
    assertEqual(await storage.load("a"), undefined, "one is gone");
    await assertStored(place, "a/b", ["2", "y 2 y@2"]);
    await storage.save("a", whole("3"));
    await assertStored(place, "a", ["3"]);
  },

  "keeps an empty cursor, empty values and every byte [MIRROR-8]": async (place) => {
    const storage = place.open();
    const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
    const around = new Uint8Array(300);
    around.set(bytes, 20);
    const all = { id: "all", revision: Number.MAX_SAFE_INTEGER, bytes: around.subarray(20, 276) };
    await storage.save("a", whole("", all, { id: "none", revision: 0, bytes: new Uint8Array() }));
    around.fill(0);
    const { cursor, entries = [] } = (await storage.load("a")) ?? {};
    assertEqual(cursor?.length, 0, "the cursor is empty");
    const byId = new Map(entries.map((found) => [found.id, found]));
    assertEqual([...(byId.get("all")?.bytes ?? [])], [...bytes], "every byte is there");
    assertEqual(byId.get("all")?.revision, Number.MAX_SAFE_INTEGER, "so is the revision");
    assertEqual(byId.get("none")?.bytes.length, 0, "an empty value stays so");
    let found: Uint8Array | undefined;
    const fits = (stored: Uint8Array | undefined): boolean => {
      found = stored;
      return true;
    };
    await storage.save("a", { ...changes("1"), fits });
    assertEqual(found?.length, 0, "an empty cursor is one");
  },

  "lists its keys, those first that were saved least recently [MIRROR-9]": async (place) => {
    const storage = place.open();
    for (const key of ["b", "c", "a"]) await storage.save(key, whole("1"));
    await storage.save("b", changes("2"));
    assertEqual(await place.open().list(), ["c", "a", "b"], "the one that was saved again is last");
    await storage.delete("a");
    assertEqual(await place.open().list(), ["c", "b"], "one is gone");
  },

  "takes racing saves one after the other [MIRROR-8]": async (place) => {
    await place.open().save("a", whole("0"));
    const fits = (stored: Uint8Array | undefined): boolean => stored !== undefined && decoder.decode(stored) === "0";
    const saves = Array.from({ length: 10 }, (_, i) => ({ ...changes(`${i + 1}`, entry(`id ${i}`, i)), fits }));
    const kept = await Promise.all(saves.map((save) => place.open().save("a", save)));
    assertEqual(kept.filter((isKept) => isKept).length, 1, "one of them fits");
    const winner = kept.indexOf(true);
    await assertStored(place, "a", [`${winner + 1}`, `id ${winner} ${winner} id ${winner}@${winner}`]);
  },

  "has the further of two programs win, whichever saves first, and each entry once [MIRROR-14]": async (place) => {
    const further = (revision: number): MirrorSave => ({
      ...whole(`${revision}`, entry("x", revision), entry(`of ${revision}`, revision)),
      fits: (stored) => stored === undefined || Number(decoder.decode(stored)) < revision,
    });
    const revisions = [3, 9, 1, 7, 5];
    await Promise.all(revisions.map((revision) => place.open().save("a", further(revision))));
    await assertStored(place, "a", ["9", "of 9 9 of 9@9", "x 9 x@9"]);
  },

  "holds 10,000 entries": async (place) => {
    const storage = place.open();
    await storage.save("a", whole("1", ...Array.from({ length: MANY }, (_, i) => entry(`id ${i}`, i, ""))));
    assertEqual((await storage.load("a"))?.entries.length, MANY, "all are there");
  },
};

function entry(id: string, revision: number, text = `${id}@${revision}`): StoredEntry {
  return { id, revision, bytes: encoder.encode(text) };
}

/** A save that fits to everything. */
function whole(cursor: string, ...upserted: StoredEntry[]): MirrorSave {
  return { cursor: encoder.encode(cursor), isWhole: true, upserted, removed: [], fits: () => true };
}

function changes(cursor: string, ...upserted: StoredEntry[]): MirrorSave {
  return { ...whole(cursor, ...upserted), isWhole: false };
}

async function assertStored(place: MirrorPlace, key: string, lines: readonly string[]): Promise<void> {
  assertEqual(showStored(await place.open().load(key)), lines, `what is stored under ${key}`);
}

/** What a storage has, in lines that can be compared: the cursor first, then the entries. */
function showStored(stored: StoredMirror | undefined): string[] | undefined {
  if (stored === undefined) return undefined;
  const lines = stored.entries.map(({ id, revision, bytes }) => `${id} ${revision} ${decoder.decode(bytes)}`);
  return [decoder.decode(stored.cursor), ...lines.sort()];
}
