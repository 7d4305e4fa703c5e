import type { KeyStorage } from "moorline";
import { createHostRegistry, type HostRegistry } from "moorline/runtime";

/** What the example needs of the platform's secure storage, as `expo-secure-store` has it. */
export interface SecureStore {
  getItemAsync(key: string): Promise<string | null>;
  setItemAsync(key: string, value: string): Promise<void>;
}

/** What the example needs of a storage of texts, as `@react-native-async-storage/async-storage` has it. */
export interface TextStore {
  getItem(key: string): Promise<string | null>;
  setItem(key: string, value: string): Promise<unknown>;
}

/** Keeps the install secret. An app is one program, so that taking turns is enough: all who ask get the same. */
export function createSecureKeyStorage(store: SecureStore): KeyStorage {
  let last: Promise<unknown> = Promise.resolve();
  const putIfAbsent = async (key: string, value: string): Promise<string> => {
    const stored = await store.getItemAsync(key);
    if (stored === null) await store.setItemAsync(key, value);
    return stored ?? value;
  };
  return {
    name: "the secure storage",
    putIfAbsent(key, value) {
      const turn = last.then(() => putIfAbsent(key, value));
      last = turn.catch(() => undefined);
      return turn;
    },
  };
}

/** Keeps the hosts. There is no secret in them. */
export function createTextHostRegistry(store: TextStore): HostRegistry {
  return createHostRegistry({
    name: "the storage of texts",
    read: async () => (await store.getItem("hosts")) ?? undefined,
    write: async (text) => void (await store.setItem("hosts", text)),
    keepCopy: async (text, number) => {
      const kept = await store.getItem(`hosts-damaged-${number}`);
      if (kept === null) await store.setItem(`hosts-damaged-${number}`, text);
      return kept === null || kept === text;
    },
  });
}
