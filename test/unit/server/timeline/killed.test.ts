import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { createSqliteTimelineStore } from "../../../../src/server/index.ts";
import { SimulatedRandom } from "../../../../src/testing/index.ts";
import { errorOf } from "../../../compliance/timeline-kit.ts";
import { createDirectory, openDatabase } from "../sqlite/place.ts";

const CHILD = fileURLToPath(new URL("killed-child.ts", import.meta.url));
const KILLS = 3;

/** What was shown of an item last. */
type Shown = ReadonlyMap<number, { readonly revision: number; readonly textBytes: number }>;

/** Runs the child until it has shown so much, and kills it. */
async function runAndKill(path: string, lines: number): Promise<Shown> {
  const args = ["--conditions=moorline-source", CHILD, path];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(child, "close");
  const shown = new Map<number, { revision: number; textBytes: number }>();
  let count = 0;
  for await (const line of createInterface(child.stdout)) {
    const [seq = 0, revision = 0, textBytes = 0] = line.split(" ").map(Number);
    // What a watch shows again may be older than what it has shown.
    if (revision > (shown.get(seq)?.revision ?? 0)) shown.set(seq, { revision, textBytes });
    count += 1;
    if (count === 1) await expect(openDatabase(path, { busyTimeoutMs: 1 })).rejects.toEqual(errorOf("DATABASE_LOCKED"));
    if (count === lines) child.kill("SIGKILL");
  }
  await ended;
  return shown;
}

it("has everything that was shown when its process is killed, and gives no place twice [STORE-1, STORE-3, TIMELINE-2, TIMELINE-3]", async () => {
  const path = join(createDirectory(), "state.db");
  const random = new SimulatedRandom(1);
  let lastShown = 0;
  for (let kill = 0; kill < KILLS; kill += 1) {
    const shown = await runAndKill(path, 1 + Math.floor(random.unit() * 300));
    expect(Math.min(...shown.keys())).toBeGreaterThanOrEqual(lastShown);
    const database = await openDatabase(path);
    const store = createSqliteTimelineStore(database);
    const log = store.find("log");
    for (const [seq, { revision, textBytes }] of shown) {
      const [item] = log?.page({ afterSeq: seq - 1, maxRows: 1 }).items ?? [];
      expect(item?.seq).toBe(seq);
      expect(item?.revision).toBeGreaterThanOrEqual(revision);
      expect(item?.text.length).toBeGreaterThanOrEqual(textBytes);
    }
    lastShown = Math.max(...shown.keys());
    expect(log?.page({ maxRows: 1 }).items[0]?.seq).toBe(log?.lastSeq);
    store.close();
    database.close();
  }
});
