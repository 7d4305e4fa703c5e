import { createMemoryJournalStore } from "../../src/server/index.ts";
import { testJournalStore } from "./journal-store.ts";

testJournalStore("the journal in memory", () => {
  const store = createMemoryJournalStore();
  return { open: () => store };
});
