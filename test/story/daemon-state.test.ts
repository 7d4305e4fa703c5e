import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Code } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { AgentFailureReason } from "../../gen/moorline/agent/v1/agent_pb.ts";
import { AgentService } from "../../gen/moorline/agent/v1/agent_service_pb.ts";
import { AgentDirectoryService } from "../../gen/moorline/agent/v1/directory_service_pb.ts";
import { TimelineService } from "../../gen/moorline/agent/v1/timeline_service_pb.ts";
import { openDaemon } from "../../src/daemon/daemon.ts";
import { loadOrCreateIdentity, loadOrCreateTokenFile } from "../../src/server/index.ts";
import { createTestDirectory, openTestDaemon } from "../support/open-daemon.ts";
import { statusOf } from "../support/refusal.ts";

const program = { name: "test", version: "1.0.0" };

/** A directory that a daemon has been opened on, with an agent and a token, and closed. */
async function createState(): Promise<{ directory: string; serverId: string }> {
  const directory = createTestDirectory();
  const { daemon, client } = await openTestDaemon({ stateDirectory: directory });
  const task = { case: "command" as const, value: { argv: ["true"] } };
  await client().service(AgentService).createAgent({ providerId: "command", title: "kept", task });
  await daemon.stop();
  await loadOrCreateTokenFile(join(directory, "token"));
  return { directory, serverId: daemon.serverId };
}

/** Every file of a directory, with what is in it and who may read it. */
function readAll(directory: string): Record<string, string> {
  return Object.fromEntries(
    readdirSync(directory).map((name) => {
      const path = join(directory, name);
      return [name, `${statSync(path).mode.toString(8)} ${readFileSync(path).toString("base64")}`];
    }),
  );
}

/** Opening a daemon fails with this code, and has changed nothing; nothing of it is left that holds the directory. */
async function expectRefusal(directory: string, code: string): Promise<void> {
  const before = readAll(directory);
  const open = () => openDaemon({ stateDirectory: directory, program, logger: { warn() {}, error() {} } });
  await expect(open()).rejects.toMatchObject({ code });
  await expect(open()).rejects.toMatchObject({ code, action: expect.stringMatching(/\.$/) });
  expect(readAll(directory)).toEqual(before);
}

async function expectKept(directory: string, serverId: string): Promise<void> {
  const { daemon, client } = await openTestDaemon({ stateDirectory: directory });
  expect(daemon.serverId).toBe(serverId);
  const { agents } = await client().service(AgentDirectoryService).listAgents({});
  expect(agents.map(({ title }) => title)).toEqual(["kept"]);
}

describe("the state directory of a daemon", () => {
  it("is made, with everything in it, for this user alone [DAEMON-1]", async () => {
    const directory = join(createTestDirectory(), "made", "here");
    const daemon = await openDaemon({ stateDirectory: directory, program });
    expect(statSync(directory).mode & 0o777).toBe(0o700);
    const names = readdirSync(directory).sort();
    expect(names).toEqual(expect.arrayContaining(["identity.pem", "moorline.db", "token"]));
    for (const name of names) expect([name, statSync(join(directory, name)).mode & 0o777]).toEqual([name, 0o600]);
    await daemon.stop();
    expect(readdirSync(directory).sort()).toEqual(["identity.pem", "moorline.db", "token"]);
  });

  it("is refused where it is a file, or below one [DAEMON-1]", async () => {
    const file = join(createTestDirectory(), "file");
    writeFileSync(file, "of somebody");
    for (const stateDirectory of [file, join(file, "below")]) {
      await expect(openDaemon({ stateDirectory, program })).rejects.toMatchObject({ code: "STATE_DIRECTORY_UNUSABLE" });
    }
    expect(readFileSync(file, "utf8")).toBe("of somebody");
  });

  it.skipIf(process.getuid?.() === 0)("is refused where it cannot be written [DAEMON-1]", async () => {
    const directory = createTestDirectory();
    chmodSync(directory, 0o500);
    await expect(openDaemon({ stateDirectory: directory, program })).rejects.toMatchObject({
      code: "DATABASE_UNUSABLE",
    });
  });

  it("belongs to one daemon at a time; the token of the one that runs stays [DAEMON-1]", async () => {
    const directory = createTestDirectory();
    const first = await openDaemon({ stateDirectory: directory, program });
    const token = readFileSync(join(directory, "token"), "utf8");
    await expect(openDaemon({ stateDirectory: directory, program })).rejects.toMatchObject({ code: "DATABASE_LOCKED" });
    expect(readFileSync(join(directory, "token"), "utf8")).toBe(token);
    await first.stop();
    await (await openDaemon({ stateDirectory: directory, program })).stop();
  });

  it("with a token that is none is refused, and free again at once [DAEMON-1, AUTH-3]", async () => {
    const { directory, serverId } = await createState();
    writeFileSync(join(directory, "token"), "short", { mode: 0o600 });
    await expectRefusal(directory, "STORAGE_FAILED");
    await expectKept(directory, serverId);
  });
});

describe("the identity of a daemon", () => {
  it("that is missing beside its state is not made anew [DAEMON-2]", async () => {
    const { directory, serverId } = await createState();
    const path = join(directory, "identity.pem");
    const identity = readFileSync(path);
    rmSync(path);
    await expectRefusal(directory, "IDENTITY_MISSING");
    expect(existsSync(path)).toBe(false);
    writeFileSync(path, identity, { mode: 0o600 });
    await expectKept(directory, serverId);
  });

  it("that is another daemon's is refused [DAEMON-2]", async () => {
    const { directory, serverId } = await createState();
    const path = join(directory, "identity.pem");
    const identity = readFileSync(path);
    rmSync(path);
    await loadOrCreateIdentity(path, program);
    await expectRefusal(directory, "IDENTITY_CHANGED");
    writeFileSync(path, identity, { mode: 0o600 });
    await expectKept(directory, serverId);
  });

  it.each(["", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "nonsense"])(
    "that is malformed is refused, with and without state: %j [DAEMON-2]",
    async (text) => {
      const { directory, serverId } = await createState();
      const path = join(directory, "identity.pem");
      const identity = readFileSync(path);
      writeFileSync(path, text, { mode: 0o600 });
      await expectRefusal(directory, "IDENTITY_MALFORMED");
      writeFileSync(path, identity, { mode: 0o600 });
      await expectKept(directory, serverId);
      const empty = createTestDirectory();
      writeFileSync(join(empty, "identity.pem"), text, { mode: 0o600 });
      await expect(openDaemon({ stateDirectory: empty, program })).rejects.toMatchObject({
        code: "IDENTITY_MALFORMED",
      });
      expect(readFileSync(join(empty, "identity.pem"), "utf8")).toBe(text);
    },
  );

  it("stays where the database is gone: everything else begins anew [DAEMON-2]", async () => {
    const { directory, serverId } = await createState();
    rmSync(join(directory, "moorline.db"));
    const { daemon, client } = await openTestDaemon({ stateDirectory: directory });
    expect(daemon.serverId).toBe(serverId);
    expect((await client().service(AgentDirectoryService).listAgents({})).agents).toEqual([]);
  });
});

describe("the database of a daemon", () => {
  const spoil = async (change: (path: string) => void, code: string): Promise<void> => {
    const { directory, serverId } = await createState();
    const path = join(directory, "moorline.db");
    const good = readFileSync(path);
    change(path);
    await expectRefusal(directory, code);
    writeFileSync(path, good);
    await expectKept(directory, serverId);
  };
  const alter = (sql: string) => (path: string) => {
    const database = new DatabaseSync(path);
    database.exec(sql);
    database.close();
  };

  it("that is none is refused, and left as it is [DAEMON-3]", async () => {
    await spoil((path) => writeFileSync(path, "x".repeat(10_000)), "DATABASE_CORRUPT");
  });

  it("of a newer version is refused, and left as it is [DAEMON-3]", async () => {
    await spoil(alter("PRAGMA user_version = 99"), "DATABASE_NEWER");
    await spoil(alter("UPDATE component SET version = 99 WHERE name = 'daemon'"), "DATABASE_NEWER");
  });

  it("of another program is refused, and left as it is [DAEMON-3]", async () => {
    await spoil(alter("PRAGMA application_id = 7"), "DATABASE_UNUSABLE");
  });

  it("with an agent that cannot be read is refused, and left as it is [DAEMON-3]", async () => {
    await spoil(alter("UPDATE timeline_log SET record = x'ffff'"), "DATABASE_CORRUPT");
  });

  it("that is damaged where timelines lie serves everything else, and says so [DAEMON-3, AGENT-25]", async () => {
    const { directory } = await createState();
    const path = join(directory, "moorline.db");
    const database = new DatabaseSync(path);
    const { rootpage } =
      database.prepare("SELECT rootpage FROM sqlite_schema WHERE name = 'timeline_item'").get() ?? {};
    database.close();
    const bytes = readFileSync(path);
    const pageBytes = bytes.readUInt16BE(16);
    bytes.fill(0xff, (Number(rootpage) - 1) * pageBytes, Number(rootpage) * pageBytes);
    writeFileSync(path, bytes);
    const logger = { warn() {}, error() {} };
    const client = (await openTestDaemon({ stateDirectory: directory, logger })).client();
    const { agents } = await client.service(AgentDirectoryService).listAgents({});
    const agentId = agents[0]?.id ?? "";
    expect(agents[0]?.title).toBe("kept");
    const timelines = client.service(TimelineService);
    expect(await statusOf(timelines.listTimeline({ agentId }))).toMatchObject({ code: Code.Internal });
    const watch = timelines.watchTimeline({ agentId })[Symbol.asyncIterator]();
    expect(await statusOf(watch.next())).toMatchObject({ code: Code.Internal });
    const task = { case: "command" as const, value: { argv: ["echo", "lost"] } };
    const created = await client.service(AgentService).createAgent({ providerId: "command", task });
    const { agent } = await client.service(AgentService).waitForIdle({ agentId: created.agent?.id ?? "" });
    expect(agent?.failure?.reason).toBe(AgentFailureReason.STORAGE_FAILED);
  });
});
