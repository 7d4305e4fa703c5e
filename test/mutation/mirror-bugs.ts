import type { PlantedBug, WorldCatch } from "./planted-bug.ts";

/** Bugs that the world `host` has to meet early. */
const byHost: WorldCatch = { world: "host", maxSeeds: 150 };
/** Bugs that the world `fleet` has to meet early. */
const byFleet: WorldCatch = { world: "fleet", maxSeeds: 100 };
const KEEPER = "src/runtime/mirror/mirror-keeper.ts";
const LIFE = "src/runtime/mirror/mirror-life.ts";
const PAGES = "src/runtime/mirror/earlier-pages.ts";
const FLEET = "src/runtime/fleet/create-host-fleet.ts";

/** Bugs of mirrors that are kept, of timelines, of credentials that end, and of fleets. */
export const mirrorBugs: readonly PlantedBug[] = [
  {
    name: "a cursor is kept without the data of its mark",
    file: KEEPER,
    find: "for (const [id, entry] of this.changes) this.marked.changes.set(id, entry);",
    replace: "",
    caughtBy: byHost,
    shows: /torn: /,
  },
  {
    name: "what has changed is kept upon what another program has kept",
    file: KEEPER,
    find: "return base !== undefined && stored !== undefined && areSameBytes(base, stored);",
    replace: "return true;",
    caughtBy: { test: "test/unit/runtime/mirror/sharing.test.ts" },
    shows: /MIRROR-(8|14)/,
  },
  {
    name: "a storage that fails stops the mirror",
    file: KEEPER,
    find: "this.fail(thrown);\n      return undefined;",
    replace: "this.fail(thrown);\n      return new Promise(() => {});",
    caughtBy: byHost,
    shows: /every mirror converges: it does not; .*its (mirror|timeline \S+) is idle/,
  },
  {
    name: "a storage that does not answer is waited for, and nobody hears of it",
    file: KEEPER,
    find: "run({ timeoutMs, createError }, work)",
    replace: "run({ timeoutMs: timeoutMs * 1_000, createError }, work)",
    caughtBy: byHost,
    shows: /storage: tab-\d has told nothing of \d+ failures/,
  },
  {
    name: "what a storage has is shown over what has come meanwhile",
    file: LIFE,
    find: "const stored = await keeper.load();\n    if (this.phase !== phase) return;",
    replace: "const stored = await keeper.load();",
    caughtBy: { test: "test/unit/runtime/mirror/keeping.test.ts" },
    shows: /SYNC-10/,
  },
  {
    name: "what a storage has is shown, and its cursor is not used",
    file: LIFE,
    find: "if (isShown) this.run(stored.cursor);",
    replace: "if (isShown) this.run();",
    caughtBy: byHost,
    shows: /restored: tab-\d has .* back, and is initialLoading/,
  },
  {
    name: "a page is shown that was asked for in another era",
    file: PAGES,
    find: "!signal.aborted && window.era === era && window.items[0]?.seq === before;",
    replace: "!signal.aborted;",
    caughtBy: byHost,
    shows: /timeline log-\d of tab-\d /,
  },
  {
    name: "a page is shown that is older than what was heard of meanwhile",
    file: PAGES,
    find: "if (!isPresent || window.revisionBefore > (page.cursor?.revision ?? 0n)) return false;",
    replace: "if (!isPresent) return false;",
    caughtBy: byHost,
    shows: /its timeline log-\d shows \d+ wrong|torn: item/,
  },
  {
    name: "an older revision of an item takes the place of a newer one",
    file: "src/runtime/mirror/timeline-window.ts",
    find: 'if (item.revision <= known.revision) return "same";',
    replace: "",
    caughtBy: { test: "test/unit/runtime/mirror/timeline-window.test.ts" },
    shows: /MIRROR-7/,
  },
  {
    name: "an older revision of an agent takes the place of a newer one",
    file: "src/runtime/mirror/mirror.ts",
    find: "if (before !== undefined && revision <= before.revision) return;\n    this.shown",
    replace: "this.shown",
    caughtBy: { test: "test/unit/runtime/mirror/mirror.test.ts" },
    shows: /MIRROR-3/,
  },
  {
    name: "another credential is never asked for",
    file: "src/machine/host/renewal-plan.ts",
    find: "if (untilMs >= expiresAtMs) return undefined;",
    replace: "if (untilMs >= 0) return undefined;",
    caughtBy: byHost,
    shows: /renewal: tab-\d (has asked for no other credential|has renewed 0 times|lets a credential expire)/,
  },
  {
    name: "another credential is there, and nobody says hello with it",
    file: "src/machine/host/renewal.ts",
    find: "if (!isPossible) return",
    replace: "if (!isPossible || nowMs > 0) return",
    caughtBy: byHost,
    shows: /renewal: tab-\d (has renewed 0 times|lets a credential expire)/,
  },
  {
    name: "a profile of a daemon that is there makes another host",
    file: FLEET,
    find: "const known = this.#slots.get(serverId);\n      // A host",
    replace: 'const known = this.#slots.get("");\n      // A host',
    caughtBy: byFleet,
    shows: /one host: app-\d makes another runtime/,
  },
  {
    name: "an agent that has changed goes to the end of the list of a fleet",
    file: "src/runtime/sorted-list.ts",
    find: "({ value, place: this.placeOf(values, value) })",
    replace: "({ value, place: values.length })",
    caughtBy: byFleet,
    shows: /aggregate: app-\d shows .* out of its place/,
  },
  {
    name: "another order sorts nothing",
    file: "src/runtime/fleet/fleet-agents.ts",
    find: "this.#order = rows;",
    replace: "",
    caughtBy: byFleet,
    shows: /aggregate: app-\d shows .* out of its place/,
  },
  {
    name: "the agents of a forgotten host stay in the list",
    file: FLEET,
    find: "this.agents.remove(serverId);",
    replace: "",
    caughtBy: byFleet,
    shows: /aggregate: app-\d shows \d+ agents, and its hosts have \d+/,
  },
  {
    name: "a forgotten host goes on",
    file: FLEET,
    find: "slot.dispose();\n    this.agents",
    replace: "this.agents",
    caughtBy: byFleet,
    shows: /one host: app-\d makes another runtime|forgotten: app-\d has a runtime/,
  },
  {
    name: "what is kept of a forgotten host stays",
    file: "src/runtime/fleet/forgettable-storage.ts",
    find: "await deleteAll(storage, serverId);",
    replace: "",
    caughtBy: byFleet,
    shows: /forgotten: something is kept of/,
  },
];
