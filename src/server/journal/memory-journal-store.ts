import type { JournalEntry, JournalStore } from "./journal-store.ts";

/** A journal that lasts as long as the process, or as whoever holds it. */
export function createMemoryJournalStore(): JournalStore {
  const sessions = new Map<string, Map<string, JournalEntry>>();
  const entriesOf = (sessionHash: string): Map<string, JournalEntry> => {
    const entries = sessions.get(sessionHash) ?? new Map<string, JournalEntry>();
    sessions.set(sessionHash, entries);
    return entries;
  };
  const remove = (sessionHash: string, key: string): void => {
    const entries = sessions.get(sessionHash);
    entries?.delete(key);
    if (entries?.size === 0) sessions.delete(sessionHash);
  };
  return {
    find: (sessionHash, key) => sessions.get(sessionHash)?.get(key),
    sessions: () =>
      [...sessions].map(([sessionHash, entries]) => {
        const times = [...entries.values()].map(({ acceptedAtMs }) => acceptedAtMs);
        return { sessionHash, lastAcceptedAtMs: Math.max(...times) };
      }),
    list(sessionHash) {
      const entries = [...(sessions.get(sessionHash)?.values() ?? [])].sort((a, b) => a.acceptedAtMs - b.acceptedAtMs);
      return entries.map(({ key, acceptedAtMs, outcome }) => ({ key, acceptedAtMs, outcomeBytes: outcome?.length }));
    },
    accept(entry) {
      entriesOf(entry.sessionHash).set(entry.key, entry);
    },
    complete(sessionHash, key, outcome) {
      const entry = sessions.get(sessionHash)?.get(key);
      if (entry !== undefined) entriesOf(sessionHash).set(key, { ...entry, outcome: outcome.slice() });
    },
    delete: remove,
    deleteSession(sessionHash) {
      sessions.delete(sessionHash);
    },
    purge(acceptedBeforeMs) {
      for (const { sessionHash, key, acceptedAtMs } of [...sessions.values()].flatMap((entries) => [
        ...entries.values(),
      ])) {
        if (acceptedAtMs < acceptedBeforeMs) remove(sessionHash, key);
      }
    },
  };
}
