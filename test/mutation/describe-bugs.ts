import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { runWithBug, whyNotCaught } from "./catch-bug.ts";
import { type PlantedBug, plant } from "./planted-bug.ts";

const LIMIT_MS = 120_000;

/** Defines one test for each bug: that it still applies, and that it is caught. */
export function describeBugs(what: string, bugs: readonly PlantedBug[]): void {
  describe(`planted bugs: ${what}`, () => {
    it.each(bugs)("catches: $name", { timeout: LIMIT_MS }, async (bug) => {
      const source = readFileSync(new URL(`../../${bug.file}`, import.meta.url), "utf8");
      expect(plant(source, bug)).not.toBe(source);
      expect(whyNotCaught(bug, await runWithBug(bug))).toBeUndefined();
    });
  });
}
