import { describe, expect, it } from "vitest";
import { createHostRegistry } from "../../../../src/runtime/registry/create-host-registry.ts";
import { createTurns } from "../../../../src/runtime/registry/create-turns.ts";
import {
  createLocalHostRegistry,
  type LocalRegistryGlobals,
} from "../../../../src/runtime/registry/local-host-registry.ts";
import { createMemoryHostRegistry } from "../../../../src/runtime/registry/memory-host-registry.ts";
import { describeHostRegistry } from "../../../../src/testing/index.ts";
import { profileOf } from "../../../../src/testing/sample-profiles.ts";

type Storage = NonNullable<LocalRegistryGlobals["localStorage"]>;
type Locks = NonNullable<NonNullable<LocalRegistryGlobals["navigator"]>["locks"]>;

/** Web Locks of one origin, of which one name is used. */
function createLocks(): Locks & { readonly names: string[] } {
  const turns = createTurns();
  const names: string[] = [];
  return {
    names,
    request<T>(name: string, callback: () => T): Promise<Awaited<T>> {
      names.push(name);
      return turns(async () => callback()) as Promise<Awaited<T>>;
    },
  };
}

function createStore(): Storage & { readonly items: Map<string, string> } {
  const items = new Map<string, string>();
  return { items, getItem: (key) => items.get(key) ?? null, setItem: (key, value) => void items.set(key, value) };
}

const tests = { describe, it };

describeHostRegistry(tests, "createLocalHostRegistry", () => {
  const localStorage = createStore();
  const globals: LocalRegistryGlobals = { localStorage, navigator: { locks: createLocks() } };
  const { items } = localStorage;
  return {
    open: () => createLocalHostRegistry(globals),
    text: {
      read: () => items.get("moorline hosts"),
      write: (text) => void items.set("moorline hosts", text),
      copies: () => [...items].filter(([key]) => key.startsWith("moorline hosts damaged ")).map(([, text]) => text),
    },
  };
});

describeHostRegistry(
  tests,
  "createMemoryHostRegistry",
  () => {
    const registry = createMemoryHostRegistry();
    return { open: () => registry };
  },
  ["text"],
);

describeHostRegistry(tests, "createHostRegistry, on a place of one program", () => {
  let text: string | undefined;
  const write = (next: string): void => {
    text = next;
  };
  const copies: string[] = [];
  const registry = createHostRegistry({
    name: "memory",
    read: () => text,
    write,
    keepCopy: (copy, number) => {
      copies[number - 1] ??= copy;
      return copies[number - 1] === copy;
    },
  });
  return { open: () => registry, text: { read: () => text, write, copies: () => [...copies] } };
});

describe("createMemoryHostRegistry", () => {
  it("has what it is given, and what it is given later [REGISTRY-1]", async () => {
    const registry = createMemoryHostRegistry([profileOf(1)]);
    await registry.update((profiles) => [...profiles, profileOf(2)]);
    expect(await registry.load()).toEqual({ profiles: [profileOf(1), profileOf(2)], faults: [] });
  });
});

describe("createLocalHostRegistry", () => {
  it.each<[string, LocalRegistryGlobals]>([
    ["localStorage", { navigator: { locks: createLocks() } }],
    ["Web Locks", { localStorage: createStore(), navigator: {} }],
    ["a navigator", { localStorage: createStore() }],
    [
      "leave of the browser",
      {
        get localStorage(): never {
          throw new Error("SecurityError");
        },
      },
    ],
  ])("throws without %s [REGISTRY-6]", (_name, globals) => {
    expect(() => createLocalHostRegistry(globals)).toThrow(expect.objectContaining({ code: "STORAGE_UNSUPPORTED" }));
  });

  it("reads and writes under one lock, which all tabs share [REGISTRY-6]", async () => {
    const locks = createLocks();
    const registry = createLocalHostRegistry({ localStorage: createStore(), navigator: { locks } });
    await registry.load();
    await registry.update(() => [profileOf(1)]);
    expect(locks.names).toEqual(["moorline hosts", "moorline hosts"]);
  });

  it.each([
    ["STORAGE_FULL", Object.assign(new Error("full"), { name: "QuotaExceededError" })],
    ["STORAGE_FULL", Object.assign(new Error("full"), { name: "NS_ERROR_DOM_QUOTA_REACHED" })],
    ["STORAGE_FAILED", new Error("broken")],
  ])("rejects with %s where the storage throws, and has changed nothing [REGISTRY-8]", async (code, thrown) => {
    const store = createStore();
    const localStorage = {
      ...store,
      setItem: (): never => {
        throw thrown;
      },
    };
    store.items.set("moorline hosts", "damaged");
    const registry = createLocalHostRegistry({ localStorage, navigator: { locks: createLocks() } });
    await expect(registry.update(() => [profileOf(1)])).rejects.toMatchObject({ code, cause: thrown });
    expect([...store.items.values()]).toEqual(["damaged"]);
  });

  it("rejects where the storage cannot be read [REGISTRY-8]", async () => {
    const localStorage = {
      ...createStore(),
      getItem: (): never => {
        throw new Error("broken");
      },
    };
    const registry = createLocalHostRegistry({ localStorage, navigator: { locks: createLocks() } });
    await expect(registry.load()).rejects.toMatchObject({ code: "STORAGE_FAILED", action: expect.any(String) });
  });

  it("goes on after a failure [REGISTRY-8]", async () => {
    const registry = createMemoryHostRegistry();
    await expect(registry.update(() => Array.from({ length: 65 }, (_, i) => profileOf(i)))).rejects.toThrow();
    expect(await registry.update(() => [profileOf(1)])).toHaveLength(1);
  });
});
