import { createMemoryJournalStore, createSqliteJournalStore } from "../../../../src/server/index.ts";
import { openDatabase } from "../sqlite/place.ts";
import type { OpenJournal } from "./crashing-daemon.ts";

/** What a daemon may keep its journal on: a name, and what makes an empty one. */
export const disks: readonly (readonly [string, () => Promise<OpenJournal>])[] = [
  [
    "a journal in memory",
    async () => {
      const store = createMemoryJournalStore();
      return () => store;
    },
  ],
  [
    "a journal in SQLite",
    async () => {
      const database = await openDatabase(":memory:");
      return (clock) => createSqliteJournalStore(database, { clock });
    },
  ],
];
