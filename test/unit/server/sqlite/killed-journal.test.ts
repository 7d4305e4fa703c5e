import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { createSqliteJournalStore } from "../../../../src/server/index.ts";
import { SimulatedRandom } from "../../../../src/testing/index.ts";
import { journalOutcome } from "./journal-outcome.ts";
import { createDirectory, openDatabase } from "./place.ts";

const CHILD = fileURLToPath(new URL("killed-journal-child.ts", import.meta.url));
const KILLS = 3;

/** Runs the child until it has said so much, and kills it. @returns How far it has said to be with each call. */
async function runAndKill(path: string, first: number, lines: number): Promise<Map<number, string>> {
  const args = ["--conditions=moorline-source", CHILD, path, `${first}`];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(child, "close");
  const said = new Map<number, string>();
  let count = 0;
  for await (const line of createInterface(child.stdout)) {
    const [what = "", number] = line.split(" ");
    said.set(Number(number), what);
    count += 1;
    if (count === lines) child.kill("SIGKILL");
  }
  await ended;
  return said;
}

it("has every acceptance and outcome that was waited for when its process is killed [STORE-1, STORE-5, JOURNAL-1]", async () => {
  const path = join(createDirectory(), "state.db");
  const random = new SimulatedRandom(1);
  const said = new Map<number, string>();
  for (let kill = 0; kill < KILLS; kill += 1) {
    const first = 1 + kill * 1_000_000;
    for (const one of await runAndKill(path, first, 1 + Math.floor(random.unit() * 300))) said.set(...one);
    const database = await openDatabase(path);
    const store = createSqliteJournalStore(database);
    for (const [number, what] of said) {
      const entry = await store.find("session", `${number}`);
      expect(entry).toMatchObject({ requestHash: `hash ${number}`, acceptedAtMs: number });
      if (what === "completed") expect(entry?.outcome).toEqual(journalOutcome(number));
    }
    const uses = await store.list("session");
    expect(uses.length).toBeGreaterThanOrEqual(said.size);
    for (const { acceptedAtMs, outcomeBytes } of uses) {
      expect([undefined, journalOutcome(acceptedAtMs).length]).toContain(outcomeBytes);
    }
    database.close();
  }
});
