import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";
import { type Daemon, openDaemon } from "../../../src/daemon/daemon.ts";
import type { ListenOptions } from "../../../src/server/index.ts";
import { MoorlineError, openSqliteDatabase } from "../../../src/server/index.ts";
import { createTestDirectory } from "../../support/open-daemon.ts";

const page = readFileSync(fileURLToPath(new URL("../../../docs/files.md", import.meta.url)), "utf8");
const failures = new Map(
  [...page.matchAll(/^\| `([A-Z_]+)` \| [^|]+ \| ([^|]+) \|$/gm)].map(([, code = "", action = ""]) => [code, action]),
);

/** A daemon on a directory, for the length of a test. */
async function open(stateDirectory: string): Promise<Daemon> {
  const daemon = await openDaemon({ stateDirectory, program: { name: "files", version: "1.0.0" } });
  onTestFinished(() => daemon.stop());
  return daemon;
}

/** Has a daemon begin a directory, and end. */
async function begin(stateDirectory: string): Promise<void> {
  await (await open(stateDirectory)).stop();
}

async function listen(stateDirectory: string, where: ListenOptions): Promise<void> {
  await (await open(stateDirectory)).listen(where);
}

async function makeNewer(path: string): Promise<void> {
  const database = await openSqliteDatabase(path);
  database.run(() => database.prepare("PRAGMA user_version = 1000").get());
  database.close();
}

/** What brings each failure about. */
const causes: Readonly<Record<string, (directory: string) => Promise<unknown>>> = {
  STATE_DIRECTORY_UNUSABLE: (directory) => {
    writeFileSync(join(directory, "file"), "");
    return open(join(directory, "file"));
  },
  DATABASE_LOCKED: async (directory) => {
    await open(directory);
    await open(directory);
  },
  DATABASE_NEWER: async (directory) => {
    await begin(directory);
    await makeNewer(join(directory, "moorline.db"));
    await open(directory);
  },
  DATABASE_CORRUPT: (directory) => {
    writeFileSync(join(directory, "moorline.db"), "no database at all".repeat(1000));
    return open(directory);
  },
  DATABASE_UNUSABLE: (directory) => {
    mkdirSync(join(directory, "moorline.db"));
    return open(directory);
  },
  IDENTITY_MISSING: async (directory) => {
    await begin(directory);
    rmSync(join(directory, "identity.pem"));
    await open(directory);
  },
  IDENTITY_CHANGED: async (directory) => {
    await begin(directory);
    await begin(join(directory, "other"));
    writeFileSync(join(directory, "identity.pem"), readFileSync(join(directory, "other", "identity.pem")));
    await open(directory);
  },
  IDENTITY_MALFORMED: (directory) => {
    writeFileSync(join(directory, "identity.pem"), "no key");
    return open(directory);
  },
  STORAGE_FAILED: (directory) => {
    writeFileSync(join(directory, "token"), "short");
    return open(directory);
  },
  PORT_IN_USE: async (directory) => {
    const { port } = await (await open(directory)).listen();
    await listen(join(directory, "other"), { port });
  },
  LISTEN_FAILED: (directory) => listen(directory, { port: 70_000 }),
  INSECURE_LISTEN: (directory) => listen(directory, { host: "0.0.0.0" }),
  OPTION_INVALID: (directory) => listen(directory, { tls: { key: "no key", cert: "no certificate" } }),
};

describe("docs/files.md: failures at start", () => {
  it("has a row for each", () => {
    expect([...failures.keys()].sort()).toEqual(Object.keys(causes).sort());
  });

  it.each(Object.entries(causes))("%s says what the table says [STORE-3] [AUTH-3]", async (code, cause) => {
    const error = await cause(createTestDirectory()).then(
      () => undefined,
      (thrown: unknown) => MoorlineError.from(thrown),
    );
    expect([error?.code, error?.action]).toEqual([code, failures.get(code)]);
  });
});

describe("docs/files.md: files", () => {
  it("have the modes and sizes of the table, and no others are there [STORE-1]", async () => {
    const directory = join(createTestDirectory(), "state");
    await open(directory);
    const rows = [...page.matchAll(/^\| `([a-z.-]+)` \| [^|]+ \| (0\d+) \| ([^|]+) \|/gm)];
    expect(rows.map(([, name]) => name)).toEqual(["identity.pem", "token", "moorline.db", "moorline.db-wal"]);
    for (const [, name = "", mode = "", size = ""] of rows) {
      const file = statSync(join(directory, name));
      expect([name, (file.mode & 0o777).toString(8).padStart(4, "0")]).toEqual([name, mode]);
      const [, bytes] = /^(\d+) bytes$/.exec(size) ?? [];
      if (bytes !== undefined) expect([name, file.size]).toEqual([name, Number(bytes)]);
    }
    expect(readdirSync(directory).sort()).toEqual(rows.map(([, name]) => name).sort());
    expect((statSync(directory).mode & 0o777).toString(8)).toBe("700");
  });
});
