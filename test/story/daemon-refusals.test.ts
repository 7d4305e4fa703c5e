import { fileURLToPath } from "node:url";
import { type DescMessage, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { Code, createContextValues } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { AgentService, type CreateAgentRequestSchema } from "../../gen/moorline/agent/v1/agent_service_pb.ts";
import {
  AgentDirectoryService,
  DirectoryCursorSchema,
  SnapshotReason,
} from "../../gen/moorline/agent/v1/directory_service_pb.ts";
import {
  AgentNotFoundSchema,
  CommandRefusal,
  CommandRefusedSchema,
  CursorRefusal,
  CursorRefusedSchema,
  InputClosedSchema,
  ProviderNotFoundSchema,
} from "../../gen/moorline/agent/v1/error_pb.ts";
import { TimelineService } from "../../gen/moorline/agent/v1/timeline_service_pb.ts";
import { IdempotencyKeyReusedSchema, Limit, LimitExceededSchema } from "../../gen/moorline/session/v1/error_pb.ts";
import { type DaemonClient, idempotencyKey } from "../../src/client/index.ts";
import { CommandProvider } from "../../src/daemon/command/command-provider.ts";
import { createTestDirectory, openTestDaemon } from "../support/open-daemon.ts";
import { statusOf } from "../support/refusal.ts";
import { outputItem, ScriptedProvider } from "../unit/daemon/support/scripted-provider.ts";

type Request = MessageInitShape<typeof CreateAgentRequestSchema>;

const { InvalidArgument, NotFound, PermissionDenied, FailedPrecondition, ResourceExhausted } = Code;
const CAT = command("cat");

function command(...argv: string[]) {
  return { case: "command" as const, value: { argv } };
}

function keyed(key: string) {
  return { contextValues: createContextValues().set(idempotencyKey, key) };
}

function createAgent(client: DaemonClient, request: Request = {}) {
  return client.service(AgentService).createAgent({ providerId: "command", task: CAT, ...request });
}

function entries(count: number, name: (index: number) => string): Record<string, string> {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [name(index), "x"]));
}

/** What cannot be created: the request, the status, and its detail. */
const REQUESTS: ReadonlyArray<[name: string, request: Request, code: Code, schema?: DescMessage, detail?: object]> = [
  ["of an unknown provider", { providerId: "nobody" }, NotFound, ProviderNotFoundSchema, { providerId: "nobody" }],
  ["without a task", { task: { case: undefined } }, InvalidArgument],
  ["with a task of another kind", { task: { case: "prompt", value: { text: "x" } } }, InvalidArgument],
  ["with a title of 201 characters", { title: "x".repeat(201) }, InvalidArgument],
  ["in a relative directory", { workingDirectory: "src" }, InvalidArgument],
  [
    "in a directory that is none",
    { workingDirectory: "/nowhere/at/all" },
    InvalidArgument,
    CommandRefusedSchema,
    { reason: CommandRefusal.BAD_DIRECTORY },
  ],
  ["with 17 labels", { labels: entries(17, (index) => `l${index}`) }, InvalidArgument],
  ["with an empty label", { labels: { "": "x" } }, InvalidArgument],
  ["with 65 variables", { environment: entries(65, (index) => `LC_${index}`) }, InvalidArgument],
  [
    "with a variable that clients may not set",
    { environment: { PATH: "/tmp" } },
    PermissionDenied,
    CommandRefusedSchema,
    { reason: CommandRefusal.VARIABLE_NOT_ALLOWED },
  ],
  ["without a program", { task: command() }, InvalidArgument],
  ["with a NUL in its arguments", { task: command("cat", "a\0b") }, InvalidArgument],
  ["with 1,025 arguments", { task: command(...Array.from({ length: 1_025 }, () => "x")) }, InvalidArgument],
  ["with 128 KiB of arguments", { task: command("cat", "x".repeat(131_072)) }, InvalidArgument],
  [
    "of a program that is not there",
    { task: command("no-such-program") },
    InvalidArgument,
    CommandRefusedSchema,
    { reason: CommandRefusal.NOT_FOUND, program: "no-such-program" },
  ],
  [
    "of a program that may not be run",
    { task: command(fileURLToPath(import.meta.url)) },
    InvalidArgument,
    CommandRefusedSchema,
    { reason: CommandRefusal.NOT_FOUND },
  ],
  [
    "that the policy denies",
    { task: command("/bin/rm", "x") },
    PermissionDenied,
    CommandRefusedSchema,
    { reason: CommandRefusal.NOT_ALLOWED, program: "/bin/rm" },
  ],
];

describe("an agent that cannot be created", () => {
  it.each(REQUESTS)(
    "%s is refused, and nothing has changed [AGENT-9, AGENT-20, DAEMON-3]",
    async (_, request, code, schema, detail) => {
      const policy = [{ argv: ["rm"], verdict: "deny" as const }];
      const client = (await openTestDaemon({ providers: [new CommandProvider({ policy })] })).client();
      const error = await statusOf(createAgent(client, request));
      expect(error).toMatchObject({ code });
      if (schema !== undefined) expect(error.findDetails(schema)).toMatchObject([detail]);
      expect((await client.service(AgentDirectoryService).listAgents({})).agents).toEqual([]);
      expect((await createAgent(client)).agent?.title).toBe("cat");
    },
  );
});

describe("a prompt that cannot be given", () => {
  it("is refused by what is wrong with it, and is not in the timeline [AGENT-6, AGENT-20, DAEMON-3]", async () => {
    const client = (await openTestDaemon()).client();
    const agents = client.service(AgentService);
    const agentId = (await createAgent(client)).agent?.id ?? "";
    const started = async () => (await agents.waitForIdle({ agentId, timeout: {} })).agent?.status;
    await expect.poll(started).toBe(2);
    expect(await statusOf(agents.sendPrompt({ agentId, text: "x".repeat(262_145) }))).toMatchObject({
      code: InvalidArgument,
    });
    const unknown = await statusOf(agents.sendPrompt({ agentId: "nobody", text: "x" }));
    expect(unknown.findDetails(AgentNotFoundSchema)).toMatchObject([{ agentId: "nobody" }]);
    expect((await agents.sendPrompt({ agentId, text: "x".repeat(262_144), closeInput: true })).seq).toBe(1n);
    const late = await statusOf(agents.sendPrompt({ agentId, text: "too late" }));
    expect(late.code).toBe(FailedPrecondition);
    await agents.waitForIdle({ agentId });
    const { items } = await client
      .service(TimelineService)
      .listTimeline({ agentId, position: { case: "afterSeq", value: 0n } });
    expect(items.filter(({ content }) => content.case === "userMessage")).toHaveLength(1);
  });

  it("says so where the input is closed [AGENT-6]", async () => {
    const client = (await openTestDaemon()).client();
    const agents = client.service(AgentService);
    const task = { case: "command" as const, value: { argv: ["sleep", "60"], closeInput: true } };
    const agentId = (await createAgent(client, { task })).agent?.id ?? "";
    await expect.poll(async () => (await agents.waitForIdle({ agentId, timeout: {} })).agent?.status).toBe(2);
    const error = await statusOf(agents.sendPrompt({ agentId, text: "x" }));
    expect(error.findDetails(InputClosedSchema)).toMatchObject([{ agentId }]);
  });
});

describe("an idempotency key", () => {
  it("that belongs to another request is refused, and creates nothing [JOURNAL-3, DAEMON-3]", async () => {
    const client = (await openTestDaemon()).client();
    await createAgent(client, { title: "a" });
    const { agent } = await client.service(AgentService).createAgent(keyedRequest("b"), keyed("k"));
    const reused = await statusOf(client.service(AgentService).createAgent(keyedRequest("c"), keyed("k")));
    expect(reused).toMatchObject({ code: InvalidArgument });
    expect(reused.findDetails(IdempotencyKeyReusedSchema)).toMatchObject([
      { method: "moorline.agent.v1.AgentService/CreateAgent" },
    ]);
    const other = await statusOf(
      client.service(AgentService).sendPrompt({ agentId: agent?.id ?? "", text: "x" }, keyed("k")),
    );
    expect(other.findDetails(IdempotencyKeyReusedSchema)).toHaveLength(1);
    const { agents } = await client.service(AgentDirectoryService).listAgents({});
    expect(agents.map(({ title }) => title).sort()).toEqual(["a", "b"]);
  });

  it("beyond what the journal holds is refused; calls without one go on, also after a restart [JOURNAL-7, DAEMON-3]", async () => {
    const stateDirectory = createTestDirectory();
    const limits = { journal: { maxKeys: 2 } };
    const { daemon, client } = await openTestDaemon({ stateDirectory, limits });
    const caller = client();
    for (const key of ["a", "b"]) await caller.service(AgentService).createAgent(keyedRequest(key), keyed(key));
    const full = await statusOf(caller.service(AgentService).createAgent(keyedRequest("c"), keyed("c")));
    expect(full).toMatchObject({ code: ResourceExhausted });
    expect(full.findDetails(LimitExceededSchema)).toMatchObject([{ limit: Limit.JOURNAL_KEYS, max: 2n }]);
    await createAgent(caller, { title: "d" });
    const known = await caller.service(AgentService).createAgent(keyedRequest("a"), keyed("a"));
    expect(known.agent?.title).toBe("a");
    await daemon.stop();
    const { agents } = await (await openTestDaemon({ stateDirectory, limits }))
      .client()
      .service(AgentDirectoryService)
      .listAgents({});
    expect(agents.map(({ title }) => title).sort()).toEqual(["a", "b", "d"]);
  });
});

function keyedRequest(title: string) {
  return { providerId: "command", title, task: CAT };
}

describe("a position that cannot be used", () => {
  it("is a page token of another process, another filter, the future, or nobody [DIR-20]", async () => {
    const stateDirectory = createTestDirectory();
    const first = await openTestDaemon({ stateDirectory });
    const before = first.client();
    for (const title of ["a", "b", "c"]) await createAgent(before, { title });
    const old = await before.service(AgentDirectoryService).listAgents({ pageSize: 1 });
    await first.daemon.stop();
    const directory = (await openTestDaemon({ stateDirectory })).client().service(AgentDirectoryService);
    const { nextPageToken } = await directory.listAgents({ pageSize: 1 });
    const cursor = fromBinary(DirectoryCursorSchema, Buffer.from(nextPageToken, "base64url"));
    const ahead = toBinary(DirectoryCursorSchema, { ...cursor, revision: 1_000n });
    const refused = async (pageToken: string, filter = {}) => {
      const error = await statusOf(directory.listAgents({ pageToken, filter }));
      expect(error).toMatchObject({ code: InvalidArgument });
      return error.findDetails(CursorRefusedSchema)[0]?.reason;
    };
    expect(await refused(old.nextPageToken)).toBe(CursorRefusal.EXPIRED);
    expect(await refused(nextPageToken, { onlyAttention: true })).toBe(CursorRefusal.FOREIGN);
    expect(await refused(Buffer.from(ahead).toString("base64url"))).toBe(CursorRefusal.AHEAD);
    expect(await refused("nonsense!")).toBe(CursorRefusal.MALFORMED);
    expect(await refused("x".repeat(100_000))).toBe(CursorRefusal.MALFORMED);
    const next = await directory.listAgents({ pageToken: nextPageToken });
    expect(next.agents).toHaveLength(2);
  });

  it("is a cursor of a directory that is ahead or foreign: the watch begins with a snapshot that says why [DIR-3]", async () => {
    const client = (await openTestDaemon()).client();
    const directory = client.service(AgentDirectoryService);
    await createAgent(client, { title: "a" });
    const begin = async (change: object, filter = {}) => {
      const cursor = { epoch: "x".repeat(22), filterHash: "x", revision: 0n, ...change };
      for await (const { event } of directory.watchAgents({ cursor, filter })) {
        return event.case === "snapshotBegan" ? event.value.reason : event.case;
      }
      return undefined;
    };
    expect(await begin({})).toBe(SnapshotReason.EPOCH_CHANGED);
    const mark = await (async () => {
      for await (const { event } of directory.watchAgents({})) if (event.case === "mark") return event.value.cursor;
      return undefined;
    })();
    expect(await begin({ ...mark, revision: 2n ** 63n })).toBe(SnapshotReason.CURSOR_EXPIRED);
    expect(await begin({ ...mark }, { onlyAttention: true })).toBe(SnapshotReason.FILTER_CHANGED);
  });

  it("is a cursor of a timeline that is ahead or foreign: the epoch is told, then everything [TIMELINE-9, TIMELINE-15]", async () => {
    const client = (await openTestDaemon()).client();
    const timelines = client.service(TimelineService);
    const { agent } = await createAgent(client, { task: command("echo", "one") });
    const { id: agentId = "", timelineEpoch: epoch = "" } = agent ?? {};
    await client.service(AgentService).waitForIdle({ agentId });
    for (const cursor of [
      { epoch, revision: 1_000n },
      { epoch, revision: 2n ** 64n - 1n },
      { epoch: "another", revision: 1n },
    ]) {
      const seen: unknown[] = [];
      for await (const { event } of timelines.watchTimeline({ agentId, cursor })) {
        seen.push(event.case === "epochChanged" ? event.value.epoch : event.case);
        if (event.case === "mark") break;
      }
      expect(seen).toEqual([epoch, "itemAppended", "itemAppended", "mark"]);
    }
    const foreign = await statusOf(timelines.listTimeline({ agentId, epoch: "another" }));
    expect(foreign.findDetails(CursorRefusedSchema)).toMatchObject([{ reason: CursorRefusal.FOREIGN }]);
    for (const position of [
      { case: "afterSeq" as const, value: 2n ** 64n - 1n },
      { case: "beforeSeq" as const, value: 0n },
    ]) {
      expect((await timelines.listTimeline({ agentId, position })).items).toEqual([]);
    }
  });

  it("is none where a page is too large or of nothing: it has 1,000 items at most, 100 where nobody says [TIMELINE-5]", async () => {
    const provider = new ScriptedProvider();
    const client = (await openTestDaemon({ providers: [provider] })).client();
    const task = { case: "prompt" as const, value: { text: "do it" } };
    const agentId = (await createAgent(client, { providerId: "scripted", task })).agent?.id ?? "";
    await provider.run.listener.itemsAdded(Array.from({ length: 1_200 }, (_, index) => outputItem(`${index}\n`)));
    const sizes = [0, 1, 1_000, 1_000_000, 2 ** 32 - 1].map(async (pageSize) => {
      const { items, hasEarlier } = await client.service(TimelineService).listTimeline({ agentId, pageSize });
      return [items.length, Number(items.at(-1)?.seq), hasEarlier];
    });
    expect(await Promise.all(sizes)).toEqual([
      [100, 1_201, true],
      [1, 1_201, true],
      [1_000, 1_201, true],
      [1_000, 1_201, true],
      [1_000, 1_201, true],
    ]);
  });
});
