import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { createFileStorage } from "../../../src/node/file-storage.ts";
import { systemRandom } from "../../../src/transport/system-random.ts";
import { INSTALL_SECRET_NAME } from "../../../src/wire/install-secret.ts";
import { loadOrCreateSessionKey } from "../../../src/wire/load-session-key.ts";
import { testKeyStorage } from "../../compliance/key-storage.ts";

const root = mkdtempSync(join(tmpdir(), "moorline-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

let count = 0;
const newDirectory = (): string => join(root, `${++count}`, "deep");
const serverId = "Yw3NKWbEM2aRElRIu7JbT_QSpJxzLbLIq8G4WBvXEN0";

testKeyStorage("createFileStorage", () => {
  const directory = newDirectory();
  return { open: () => createFileStorage(directory) };
});

describe("createFileStorage", () => {
  it.skipIf(process.platform === "win32")("makes files that only their user can read [KEY-6]", async () => {
    const directory = newDirectory();
    await createFileStorage(directory).putIfAbsent("a", "1");
    expect(statSync(join(directory, "a")).mode & 0o777).toBe(0o600);
    expect(statSync(directory).mode & 0o777).toBe(0o700);
  });

  it("leaves nothing but the values behind, whoever won [KEY-6]", async () => {
    const directory = newDirectory();
    const racing = Array.from({ length: 50 }, (_, i) => createFileStorage(directory).putIfAbsent("a", `${i}`));
    const [stored] = await Promise.all(racing);
    expect(readdirSync(directory)).toEqual(["a"]);
    expect(readFileSync(join(directory, "a"), "utf8")).toBe(stored);
  });

  it("keeps a damaged secret and says which file it is [KEY-7]", async () => {
    const directory = newDirectory();
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, INSTALL_SECRET_NAME), "half a secr");
    const loading = loadOrCreateSessionKey(createFileStorage(directory), serverId, { random: systemRandom });
    await expect(loading).rejects.toMatchObject({
      code: "INSTALL_SECRET_MALFORMED",
      text: expect.stringContaining(`${directory} holds as "${INSTALL_SECRET_NAME}"`),
    });
    expect(readFileSync(join(directory, INSTALL_SECRET_NAME), "utf8")).toBe("half a secr");
  });

  it("rejects where the file cannot be read or made [KEY-7]", async () => {
    const directory = newDirectory();
    mkdirSync(join(directory, INSTALL_SECRET_NAME), { recursive: true });
    const loading = loadOrCreateSessionKey(createFileStorage(directory), serverId, { random: systemRandom });
    await expect(loading).rejects.toMatchObject({ code: "STORAGE_FAILED", cause: { code: "EISDIR" } });
    const underFile = join(root, "file");
    writeFileSync(underFile, "");
    await expect(createFileStorage(join(underFile, "x")).putIfAbsent("a", "1")).rejects.toMatchObject({
      code: "ENOTDIR",
    });
  });

  it.skipIf(process.getuid?.() === 0)("rejects where the directory is not ours to write [KEY-7]", async () => {
    const directory = newDirectory();
    mkdirSync(directory, { recursive: true });
    chmodSync(directory, 0o500);
    await expect(createFileStorage(directory).putIfAbsent("a", "1")).rejects.toMatchObject({ code: "EACCES" });
  });

  it.each(["", ".", "..", "a/b", "../a", "A", "a.tmp", "a".repeat(65)])("refuses the key %j [KEY-7]", async (key) => {
    const directory = newDirectory();
    await expect(createFileStorage(directory).putIfAbsent(key, "1")).rejects.toMatchObject({ code: "STORAGE_FAILED" });
  });
});

describe("createFileStorage: racing processes", () => {
  const processes = 4;
  const callers = 20;

  it("get one value, and no reader ever sees a part of it [KEY-6]", async () => {
    for (let round = 0; round < 3; round++) {
      const directory = newDirectory();
      const children = await Promise.all(Array.from({ length: processes }, () => startChild(directory)));
      const seen = watchFile(join(directory, "race"));
      for (const child of children) child.start();
      const stored = (await Promise.all(children.map((child) => child.result))).flat();
      expect(new Set(stored).size).toBe(1);
      expect(stored[0]).toHaveLength(10_000);
      expect([...seen.stop()]).toEqual([stored[0]]);
      expect(readdirSync(directory)).toEqual(["race"]);
    }
  });

  async function startChild(directory: string) {
    const script = fileURLToPath(new URL("./file-storage-child.ts", import.meta.url));
    const child: ChildProcessByStdio<Writable, Readable, null> = spawn(
      process.execPath,
      [script, directory, `${callers}`],
      { stdio: ["pipe", "pipe", "inherit"] },
    );
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    expect((await lines.next()).value).toBe("ready");
    const result = lines.next().then(({ value }) => JSON.parse(value as string) as string[]);
    return { start: () => child.stdin.end("!"), result: result.finally(() => once(child, "exit").catch(() => {})) };
  }

  /** Reads a file in every turn of the event loop and collects what is ever in it. */
  function watchFile(path: string): { stop(): Set<string> } {
    const seen = new Set<string>();
    const read = (): void => {
      try {
        seen.add(readFileSync(path, "utf8"));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
      }
    };
    let next = setImmediate(function look() {
      read();
      next = setImmediate(look);
    });
    return {
      stop() {
        clearImmediate(next);
        read();
        return seen;
      },
    };
  }
});
