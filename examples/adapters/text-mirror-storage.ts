import type { MirrorStorage, StoredEntry, StoredMirror } from "moorline/runtime";

/** A storage that has texts, as phones do. */
export interface TextStore {
  getItem(key: string): Promise<string | null>;
  setItem(key: string, value: string): Promise<unknown>;
}

const KEY = "mirrors";

/** Keeps mirrors in one text, which is written as a whole. For few agents; and for one program, where taking turns is enough. */
export function createTextMirrorStorage(store: TextStore): MirrorStorage {
  let last: Promise<unknown> = Promise.resolve();
  const use = <T>(work: (mirrors: Map<string, StoredMirror>) => T | Promise<T>): Promise<T> => {
    const turn = last.then(async () => work(parse(await store.getItem(KEY))));
    last = turn.catch(() => undefined);
    return turn;
  };
  const write = async (mirrors: Map<string, StoredMirror>): Promise<void> => {
    await store.setItem(KEY, print(mirrors));
  };
  return {
    name: "the storage of texts",
    load: (key) => use((mirrors) => mirrors.get(key)),
    save: (key, { cursor, isWhole, upserted, removed, fits }) =>
      use(async (mirrors) => {
        const stored = mirrors.get(key);
        if (!fits(stored?.cursor)) return false;
        const entries = new Map<string, StoredEntry>();
        for (const entry of isWhole ? [] : (stored?.entries ?? [])) entries.set(entry.id, entry);
        for (const id of removed) entries.delete(id);
        for (const entry of upserted) entries.set(entry.id, entry);
        // The one that was saved last is the last one.
        mirrors.delete(key);
        await write(mirrors.set(key, { cursor, entries: [...entries.values()] }));
        return true;
      }),
    delete: (key) => use(async (mirrors) => void (mirrors.delete(key) && (await write(mirrors)))),
    list: () => use((mirrors) => [...mirrors.keys()]),
  };
}

function print(mirrors: Map<string, StoredMirror>): string {
  return JSON.stringify([...mirrors], (_key, value: unknown) =>
    value instanceof Uint8Array ? { bytes: [...value] } : value,
  );
}

function parse(text: string | null): Map<string, StoredMirror> {
  return new Map(
    JSON.parse(text ?? "[]", (_key, value: { bytes?: unknown } | null) =>
      Array.isArray(value?.bytes) ? Uint8Array.from(value.bytes) : value,
    ),
  );
}
