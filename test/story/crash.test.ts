import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { crash } from "./crash/crash-world.ts";

/** `MOORLINE_CRASH_SEED=n` plays other kills. */
const FIRST_SEED = Number(process.env.MOORLINE_CRASH_SEED ?? 1);
const SEEDS = [0, 1, 2, 3].map((offset) => FIRST_SEED + offset);
const KILLS = 25;

const directory = mkdtempSync(join(tmpdir(), "moorline-crash-script-"));
const script = join(directory, "daemon.mjs");

/** One file starts in a fifth of the time. */
beforeAll(async () => {
  await build({
    entryPoints: [fileURLToPath(new URL("crash/daemon-child.ts", import.meta.url))],
    outfile: script,
    bundle: true,
    platform: "node",
    format: "esm",
    conditions: ["moorline-source"],
    banner: { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' },
    logLevel: "silent",
  });
});

afterAll(() => rmSync(directory, { recursive: true }));

describe.concurrent("a daemon that is killed at any write or call", () => {
  it.each(SEEDS)(
    "keeps what it has shown, does each keyed call once or says that nobody knows, and says what was cut; seed %d [AGENT-15, AGENT-18, JOURNAL-1, JOURNAL-5, JOURNAL-12, TIMELINE-2, TIMELINE-3]",
    async (seed) => {
      const report = await crash({ script, seed, kills: KILLS });
      // Each once: what is wrong in a state directory is found again after every later kill.
      const violations = [...new Set(report.violations)].join("\n");
      expect(violations, `seed ${seed}, killed at: ${report.kills.join(", ")}\n${violations}`).toBe("");
      expect(report.calls.none).toBeUndefined();
      expect(Math.min(report.calls.done ?? 0, report.calls.unknown ?? 0, report.agents, report.items)).toBeGreaterThan(
        0,
      );
    },
    240_000,
  );
});
