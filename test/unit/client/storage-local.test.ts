import { describe, expect, it } from "vitest";
import { createLocalStorage, type LocalStorageGlobals } from "../../../src/client/storage-local.ts";
import { testKeyStorage } from "../../compliance/key-storage.ts";

type Locks = NonNullable<NonNullable<LocalStorageGlobals["navigator"]>["locks"]>;

/** Web Locks of one origin: callbacks of one name run one after the other, each in a turn of its own. */
function createLocks(): Locks & { readonly names: string[] } {
  const tails = new Map<string, Promise<unknown>>();
  const names: string[] = [];
  return {
    names,
    request<T>(name: string, callback: () => T): Promise<Awaited<T>> {
      names.push(name);
      const turn = (tails.get(name) ?? Promise.resolve()).then(callback) as Promise<Awaited<T>>;
      tails.set(
        name,
        turn.catch(() => undefined),
      );
      return turn;
    },
  };
}

function createStore(): NonNullable<LocalStorageGlobals["localStorage"]> {
  const items = new Map<string, string>();
  return { getItem: (key) => items.get(key) ?? null, setItem: (key, value) => void items.set(key, value) };
}

testKeyStorage("createLocalStorage", () => {
  const globals: LocalStorageGlobals = { localStorage: createStore(), navigator: { locks: createLocks() } };
  return { open: () => createLocalStorage(globals) };
});

describe("createLocalStorage", () => {
  it("reads and writes under one lock per key, on names that all tabs share [KEY-6]", async () => {
    const locks = createLocks();
    const log: string[] = [];
    const localStorage = {
      getItem: (): null => {
        log.push("get");
        return null;
      },
      setItem: (): void => void log.push("set"),
    };
    const storage = createLocalStorage({ localStorage, navigator: { locks } });
    await Promise.all([storage.putIfAbsent("a", "1"), storage.putIfAbsent("a", "2")]);
    expect(locks.names).toEqual(["moorline a", "moorline a"]);
    expect(log).toEqual(["get", "set", "get", "set"]);
  });

  it.each<[string, LocalStorageGlobals]>([
    ["localStorage", { navigator: { locks: createLocks() } }],
    ["Web Locks", { localStorage: createStore(), navigator: {} }],
    ["a navigator", { localStorage: createStore() }],
  ])("throws without %s, and never goes on unlocked [KEY-7]", (_name, globals) => {
    expect(() => createLocalStorage(globals)).toThrow(expect.objectContaining({ code: "STORAGE_UNSUPPORTED" }));
  });

  it("throws a typed error where the browser forbids storage [KEY-7]", () => {
    const globals: LocalStorageGlobals = {
      get localStorage(): never {
        throw new Error("SecurityError");
      },
    };
    expect(() => createLocalStorage(globals)).toThrow(
      expect.objectContaining({
        code: "STORAGE_UNSUPPORTED",
        cause: expect.objectContaining({ message: "SecurityError" }),
      }),
    );
  });

  it("rejects where the storage is full [KEY-7]", async () => {
    const localStorage = {
      getItem: (): null => null,
      setItem: (): never => {
        throw new Error("QuotaExceededError");
      },
    };
    const storage = createLocalStorage({ localStorage, navigator: { locks: createLocks() } });
    await expect(storage.putIfAbsent("a", "1")).rejects.toThrow("QuotaExceededError");
  });
});
