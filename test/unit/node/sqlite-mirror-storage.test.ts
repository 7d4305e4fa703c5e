import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, it, onTestFinished } from "vitest";
import { createSqliteMirrorStorage, type SqliteMirrorStorage } from "../../../src/node/sqlite-mirror-storage.ts";
import { describeMirrorStorage } from "../../../src/testing/index.ts";
import { storedEntry, wholeSave } from "../../support/mirror-saves.ts";

function createPath(): string {
  const folder = mkdtempSync(join(tmpdir(), "moorline-mirrors-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, "state", "mirrors.db");
}

function openStorage(path: string): SqliteMirrorStorage {
  const storage = createSqliteMirrorStorage(path);
  onTestFinished(() => storage.close());
  return storage;
}

const first = wholeSave("1", [storedEntry("x", 1)]);

describeMirrorStorage({ describe, it }, "createSqliteMirrorStorage", () => {
  const path = createPath();
  return { open: () => openStorage(path) };
});

describe("createSqliteMirrorStorage", () => {
  it("makes a file that only this user can read [MIRROR-8]", async () => {
    const path = createPath();
    await openStorage(path).save("a", first);
    for (const file of [path, `${path}-wal`]) expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it("writes nothing of a save that cannot be written wholly [MIRROR-8]", async () => {
    const storage = openStorage(createPath());
    await storage.save("a", first);
    const bad = { ...storedEntry("y", 2), bytes: {} as Uint8Array };
    const save = { ...wholeSave("2", [storedEntry("x", 2), bad]), isWhole: false };
    await expect(storage.save("a", save)).rejects.toMatchObject({ code: "STORAGE_FAILED" });
    const { cursor, entries } = (await storage.load("a")) ?? {};
    expect([cursor, entries?.map(({ id, revision }) => [id, revision])]).toEqual([first.cursor, [["x", 1]]]);
  });

  it("leaves a file alone that is no database, or another program's [MIRROR-10]", async () => {
    const path = join(createPath(), "..", "..", "other.db");
    writeFileSync(path, "this is no database, however long it is looked at. ".repeat(100));
    const storage = openStorage(path);
    await expect(storage.load("a")).rejects.toMatchObject({ code: "STORAGE_CORRUPT" });
    rmSync(path);
    const other = new DatabaseSync(path);
    other.exec("CREATE TABLE mine (x)");
    other.close();
    await expect(storage.load("a")).rejects.toMatchObject({ code: "DATABASE_UNUSABLE" });
  });

  it("rejects what is asked for after its end [MIRROR-10]", async () => {
    const storage = openStorage(createPath());
    await storage.save("a", first);
    await storage.close();
    await storage.close();
    await expect(storage.load("a")).rejects.toMatchObject({ code: "STORAGE_CLOSED" });
  });
});
