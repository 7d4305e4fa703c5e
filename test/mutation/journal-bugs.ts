import type { PlantedBug, TestCatch } from "./planted-bug.ts";

const journal = "src/server/journal/session-journal.ts";
const byCalls: TestCatch = { test: "test/unit/server/journal/keyed-calls.test.ts" };
const byLeaving: TestCatch = { test: "test/unit/server/journal/leaving.test.ts" };
const byLimits: TestCatch = { test: "test/unit/server/journal/limits.test.ts" };
const byFailing: TestCatch = { test: "test/unit/server/journal/failing-store.test.ts" };
const byCrash: TestCatch = { test: "test/unit/server/journal/crash.test.ts" };

/** Bugs of the journal. */
export const journalBugs: readonly PlantedBug[] = [
  {
    name: "the journal is written after the handler",
    file: journal,
    find: "      await this.write(slot.key, request, acceptedAtMs);\n",
    replace: "      setTimeout(() => void this.write(slot.key, request, acceptedAtMs), 5);\n",
    caughtBy: byCalls,
    shows: /is written down before its handler starts/,
  },
  {
    name: "the journal is written while the handler runs already",
    file: journal,
    find: "      await this.write(slot.key, request, acceptedAtMs);\n",
    replace: "      void this.write(slot.key, request, acceptedAtMs);\n",
    caughtBy: byCrash,
    shows: /2 effects/,
  },
  {
    name: "an outcome is told before it is written",
    file: journal,
    find: "      (await this.openRoom()).fill(slot.key, bytes.length);\n",
    replace: "      slot.end(outcome);\n      (await this.openRoom()).fill(slot.key, bytes.length);\n",
    caughtBy: byCalls,
    shows: /is written down before its handler starts/,
  },
  {
    name: "an outcome is kept although it is UNAVAILABLE",
    file: "src/server/journal/outcome.ts",
    find: "new Set([Code.Unavailable, ",
    replace: "new Set([",
    caughtBy: byLeaving,
    shows: /are not kept: code 14/,
  },
  {
    name: "the request is not compared",
    file: "src/server/journal/keyed-slot.ts",
    find: "return a.method === b.method && a.requestHash === b.requestHash;",
    replace: "return a.method === b.method;",
    caughtBy: byCalls,
    shows: /is refused, while the first one runs/,
  },
  {
    name: "the method is not compared",
    file: "src/server/journal/keyed-slot.ts",
    find: "return a.method === b.method && a.requestHash === b.requestHash;",
    replace: "return a.requestHash === b.requestHash;",
    caughtBy: byCalls,
    shows: /is refused, while the first one runs/,
  },
  {
    name: "a run is cancelled with its channel",
    file: "src/server/journal/keyed-slot.ts",
    find: 'if (why === "lost") this.pledge = "held";',
    replace: "",
    caughtBy: byLeaving,
    shows: /does not cancel the run by losing its connection or its channel/,
  },
  {
    name: "a run is cancelled although somebody waits",
    file: "src/server/journal/keyed-slot.ts",
    find: 'if (this.phase === "running" && this.isDeserted) this',
    replace: 'if (this.phase === "running" && this.pledge === "none") this',
    caughtBy: byLeaving,
    shows: /leaves the run to those who still wait/,
  },
  {
    name: "a run that nobody waits for is not cancelled",
    file: "src/server/journal/keyed-slot.ts",
    find: 'if (this.phase === "running" && this.isDeserted) this.runner?.run.cancel(error);',
    replace: "",
    caughtBy: byLeaving,
    shows: /cancels the run as the last one/,
  },
  {
    name: "a full journal makes room by the oldest key",
    file: "src/server/journal/journal-room.ts",
    find: "if (this.held.size >= maxKeys) return createFullError(Limit.JOURNAL_KEYS, maxKeys);",
    replace: "for (const [oldest] of this.held) if (this.held.size >= maxKeys) this.release(oldest);",
    caughtBy: byLimits,
    shows: /refuses one key more than it holds/,
  },
  {
    name: "a key is forgotten early",
    file: "src/server/journal/journal-room.ts",
    find: "if (acceptedAtMs + this.limits.keepMs > nowMs) break;",
    replace: "if (acceptedAtMs + this.limits.keepMs / 2 > nowMs) break;",
    caughtBy: byLimits,
    shows: /keeps a key for 24 h/,
  },
  {
    name: "a key whose handler runs is forgotten",
    file: journal,
    find: "if (slot?.isRunning === true) continue;",
    replace: "if (slot?.isRunning === true) this.slots.delete(key);",
    caughtBy: byLimits,
    shows: /does not forget a key whose handler runs/,
  },
  {
    name: "no room is reserved for outcomes",
    file: "src/server/journal/journal-room.ts",
    find: "if (this.bytes + maxOutcomeBytes > maxBytes)",
    replace: "if (this.bytes > maxBytes)",
    caughtBy: byLimits,
    shows: /reserves room for the outcome of each call/,
  },
  {
    name: "a crash is answered as if nothing had run",
    file: journal,
    find: "    return createRunCutError();\n",
    replace: "    return undefined;\n",
    caughtBy: byCrash,
    shows: /2 effects/,
  },
  {
    name: "a call runs although its key could not be written",
    file: journal,
    find: "      room.release(slot.key);\n      throw error;\n",
    replace: "      this.context.failed(error);\n",
    caughtBy: byFailing,
    shows: /the call does not run, accept/,
  },
  {
    name: "a keyed call is repeated although its session has ended",
    file: "src/rpc/unary-retry.ts",
    find: "(isForgotten && !isRepeatable)",
    replace: "(isForgotten && isRepeatable)",
    caughtBy: byCrash,
    shows: /has one effect also where its session/,
  },
  {
    name: "a drain does not wait for runs without a channel",
    file: "src/server/drain.ts",
    find: "quiet.then(() => journal?.quiet());",
    replace: "quiet;",
    caughtBy: byLeaving,
    shows: /waits for them as for others/,
  },
];
