import type { PlantedBug, WorldCatch } from "./planted-bug.ts";

/** Bugs that the world `daemon` has to meet early. */
const byWorld: WorldCatch = { world: "daemon", maxSeeds: 100 };
const WATCH = "src/server/collection/collection-watch.ts";
const COLLECTION = "src/server/collection/versioned-collection.ts";

/** Bugs of collections and of the watches that follow them. */
export const directoryBugs: readonly PlantedBug[] = [
  {
    name: "a mark goes before what its snapshot has in it",
    file: WATCH,
    find: "return this.takeOfSnapshot() ?? this.giveMark();",
    replace: "return this.goal >= 0 && this.waiting ? this.giveMark() : this.takeOfSnapshot();",
    caughtBy: byWorld,
    shows: /is missing after a snapshot/,
  },
  {
    name: "a batch that is full loses the entry that did not fit",
    file: WATCH,
    find: "if (!isAdded) break;",
    replace: "if (!isAdded) {\n        this.waiting = entry.after;\n        break;\n      }",
    caughtBy: { test: "test/unit/server/collection/changes.test.ts" },
    shows: /DIR-6/,
  },
  {
    name: "a cursor may be older than a forgotten tombstone",
    file: COLLECTION,
    find: "this.counts.forgottenRevision = entry.revision;",
    replace: "this.counts.forgottenRevision = 0;",
    caughtBy: byWorld,
    shows: /what is shown has|at the mark \d+, agent-\d+ is shown at/,
  },
  {
    name: "a deletion leaves no tombstone",
    file: WATCH,
    find: "for (let entry = this.waiting; entry !== undefined; entry = entry.after) {\n      const isAdded",
    replace:
      "for (let entry = this.waiting; entry !== undefined; entry = entry.after) {\n      if (entry.value === undefined) {\n        this.waiting = entry.after;\n        continue;\n      }\n      const isAdded",
    caughtBy: byWorld,
    shows: /what is shown has|at the mark \d+, agent-\d+ is shown at/,
  },
  {
    name: "it is not sent that an agent has left the filter",
    file: WATCH,
    find: ": batch.remove(entry);",
    replace: ": entry.value !== undefined || batch.remove(entry);",
    caughtBy: byWorld,
    shows: /what is shown has|at the mark \d+, agent-\d+ is shown at/,
  },
  {
    name: "an id is in both lists of a batch",
    file: WATCH,
    find: "? this.addMatching(batch, entry) :",
    replace: "? batch.remove(entry) && this.addMatching(batch, entry) :",
    caughtBy: byWorld,
    shows: /an id is in a batch twice/,
  },
  {
    name: "a digest goes with a mark while something waits",
    file: WATCH,
    find: "digest: waiting === undefined ? start.view.digest : undefined",
    replace: "digest: start.view.digest",
    caughtBy: byWorld,
    shows: /the digest is \d+ and what is shown has/,
  },
  {
    name: "a cursor is above what waits",
    file: WATCH,
    find: "source.revision : waiting.revision - 1;",
    replace: "source.revision : source.revision;",
    caughtBy: byWorld,
    shows: /at the mark \d+, agent-\d+ is shown at/,
  },
  {
    name: "a watch goes on although a removal was forgotten that waits in it",
    file: WATCH,
    find: 'this.cause ??= "cursorExpired";',
    replace: "this.cause ??= undefined;",
    caughtBy: byWorld,
    shows: /what is shown has|at the mark \d+, agent-\d+ is shown at/,
  },
  {
    name: "updates of an agent wait beside each other",
    file: COLLECTION,
    find: "this.entries.get(id) ?? this.create(id);",
    replace: "this.create(id);",
    caughtBy: byWorld,
    shows: /entries wait, of|an id is in a batch twice|goes back to/,
  },
  {
    name: "a snapshot leaves out what changes before it gets there",
    file: WATCH,
    find: "this.owed.add(entry);",
    replace: "this.owed.delete(entry);",
    caughtBy: byWorld,
    shows: /is missing after a snapshot/,
  },
  {
    name: "a watch loses its place when the entry moves at which it stands",
    file: WATCH,
    find: "this.owed.add(entry);\n    if (waiting === entry) this.waiting = entry.after;",
    replace: "this.owed.add(entry);",
    caughtBy: byWorld,
    shows: /what is shown has|at the mark \d+, agent-\d+ is shown at|is missing after a snapshot/,
  },
  {
    name: "a cursor of another filter is used",
    file: COLLECTION,
    find: 'if (cursor.filterHash !== filter.hash) return "filterChanged";',
    replace: "",
    caughtBy: byWorld,
    shows: /what is shown has|at the mark \d+, agent-\d+ is shown at/,
  },
  {
    name: "a cursor of an ended process is used",
    file: COLLECTION,
    find: 'if (cursor.epoch !== this.epoch) return "epochChanged";',
    replace: "",
    caughtBy: byWorld,
    shows: /what is shown has|at the mark \d+, agent-\d+ is shown at/,
  },
  {
    name: "a digest is kept up for what comes and not for what goes",
    file: "src/server/collection/filtered-view.ts",
    find: "this.sum.subtract(entry.hash);",
    replace: "",
    caughtBy: byWorld,
    shows: /the digest is \d+ and what is shown has/,
  },
];
