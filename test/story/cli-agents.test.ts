import { EventEmitter, once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { create } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Agent, AgentSchema, AgentStatus } from "../../gen/moorline/agent/v1/agent_pb.ts";
import { AgentService } from "../../gen/moorline/agent/v1/agent_service_pb.ts";
import { AgentDirectoryService } from "../../gen/moorline/agent/v1/directory_service_pb.ts";
import { AgentNotFoundSchema } from "../../gen/moorline/agent/v1/error_pb.ts";
import { OutputStream, type TimelineItem, TimelineItemSchema } from "../../gen/moorline/agent/v1/timeline_pb.ts";
import { TimelineService } from "../../gen/moorline/agent/v1/timeline_service_pb.ts";
import { ChannelLossReason } from "../../gen/moorline/session/v1/error_pb.ts";
import { createIdentity } from "../../src/server/identity.ts";
import {
  createDaemonServer,
  createMemoryJournalStore,
  type DaemonServer,
  type ServerEvent,
} from "../../src/server/index.ts";

const main = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));

const agents: readonly Agent[] = ["one", "two", "three"].map((id) =>
  create(AgentSchema, { id, title: `agent ${id}`, status: AgentStatus.IDLE, providerId: "command" }),
);

function item(seq: number, content: TimelineItem["content"]): TimelineItem {
  return create(TimelineItemSchema, { seq: BigInt(seq), revision: BigInt(seq), content });
}

function output(seq: number, stream: OutputStream, text: string): TimelineItem {
  const data = new TextEncoder().encode(text);
  return item(seq, { case: "commandOutput", value: { $typeName: "moorline.agent.v1.CommandOutput", stream, data } });
}

const LINE = { case: "userMessage", value: { text: "a line" } } as const;

/** What an agent wrote that ended with 7; or, where it is called `killed`, by a signal. */
function timelineOf(agentId: string): readonly TimelineItem[] {
  const cause =
    agentId === "killed" ? { case: "signal" as const, value: "SIGTERM" } : { case: "code" as const, value: 7 };
  return [
    output(1, OutputStream.STDOUT, "out\n"),
    output(2, OutputStream.STDERR, "err\n"),
    item(3, { case: "processExit", value: { $typeName: "moorline.agent.v1.ProcessExit", cause } }),
  ];
}

describe("moorline: commands for agents", () => {
  let server: DaemonServer;
  let endpoint: string;
  const created: unknown[] = [];
  const events: ServerEvent[] = [];
  /** Has endless timelines go on. */
  const more = new EventEmitter();

  beforeAll(async () => {
    server = createDaemonServer({
      identity: createIdentity({ name: "fake", version: "1.0.0" }),
      insecureNoAuth: true,
      journal: createMemoryJournalStore(),
      logger: { warn() {}, error() {} },
      onEvent: (event) => events.push(event),
      routes: (router) => {
        router.service(AgentDirectoryService, {
          listAgents: ({ pageToken }) =>
            pageToken === "" ? { agents: agents.slice(0, 2), nextPageToken: "more" } : { agents: agents.slice(2) },
          async *watchAgents() {
            yield { event: { case: "snapshotBegan", value: { epoch: "e", total: 3n } } };
            yield { event: { case: "agentsChanged", value: { removedIds: ["four"] } } };
            throw new ConnectError("enough", Code.Aborted);
          },
        });
        router.service(AgentService, {
          createAgent(request) {
            created.push(request.task.value);
            return { agent: { id: request.title || "plain" } };
          },
          waitForIdle: () => new Promise(() => undefined),
          cancelTurn({ agentId }) {
            const detail = { desc: AgentNotFoundSchema, value: { agentId } };
            throw new ConnectError(`no agent ${agentId}`, Code.NotFound, undefined, [detail]);
          },
        });
        router.service(TimelineService, {
          async *watchTimeline({ agentId, cursor }, { signal }) {
            for (let seq = 1n; agentId === "endless"; seq += 1n) {
              yield { event: { case: "itemAppended", value: { item: { seq, revision: seq, content: LINE } } } };
              await once(more, "line", { signal });
            }
            for (const next of timelineOf(agentId)) {
              if (next.revision <= (cursor?.revision ?? 0n)) continue;
              yield { event: { case: "itemAppended", value: { item: next } } };
              yield { event: { case: "mark", value: { cursor: { epoch: "e", revision: next.revision } } } };
              // A daemon that goes away after each item: whoever follows goes on where it was.
              if (cursor === undefined) throw new ConnectError("gone for a moment", Code.Unavailable);
            }
          },
        });
      },
    });
    endpoint = (await server.listen({ port: 0 })).endpoint;
  });

  afterAll(() => server.close());

  const moorline = (...args: string[]) =>
    execa(process.execPath, ["--conditions=moorline-source", main, "--endpoint", endpoint, ...args], { reject: false });

  it("lists every page of agents, for people and as the JSON of the schema", async () => {
    const plain = await moorline("agents");
    expect(plain.stdout.split("\n").map((line) => line.split(/\s+/).slice(0, 2))).toEqual([
      ["one", "idle"],
      ["two", "idle"],
      ["three", "idle"],
    ]);
    const { stdout, exitCode } = await moorline("agents", "--json");
    const lines = stdout.split("\n").map((line) => JSON.parse(line));
    expect([exitCode, lines.map(({ id }) => id), lines[0].status]).toEqual([
      0,
      ["one", "two", "three"],
      "AGENT_STATUS_IDLE",
    ]);
  });

  it("follows agents until the daemon ends it, and says why", async () => {
    const { stdout, exitCode } = await moorline("agents", "--watch", "--json");
    const lines = stdout.split("\n").map((line) => JSON.parse(line));
    expect(lines.slice(0, 2)).toMatchObject([
      { snapshotBegan: { total: "3" } },
      { agentsChanged: { removedIds: ["four"] } },
    ]);
    expect([lines[2].error.code, exitCode]).toEqual(["ABORTED", 121]);
  });

  it("runs a command: passes on both streams, goes on over interruptions, ends with its exit code", async () => {
    const { stdout, stderr, exitCode } = await moorline("run", "--", "make", "-j2", "--json");
    expect([stdout, stderr, exitCode]).toEqual(["out", "err", 7]);
    expect(created.at(-1)).toMatchObject({ argv: ["make", "-j2", "--json"] });
  });

  it("ends a run as shells do where a signal ended the command", async () => {
    expect((await moorline("run", "--title", "killed", "--", "sleep", "9")).exitCode).toBe(143);
  });

  it("ends with 122 where there is no such agent, with the typed reason and what to do", async () => {
    const { stdout, exitCode } = await moorline("cancel", "nobody", "--json");
    expect([JSON.parse(stdout).error, exitCode]).toEqual([
      {
        code: "NOT_FOUND",
        reason: "AgentNotFound",
        message: "no agent nobody",
        action: "List the agents by `moorline agents`.",
      },
      122,
    ]);
  });

  it("calls any method with the JSON of its request", async () => {
    const { stdout, exitCode } = await moorline(
      "call",
      "AgentDirectoryService/ListAgents",
      '{"pageToken":"more"}',
      "--json",
    );
    expect([JSON.parse(stdout).agents.map(({ id }: Agent) => id), exitCode]).toEqual([["three"], 0]);
  });

  it("ends its session where it has a key of its own, and keeps it where it has a key file [CLI-4]", async () => {
    const home = mkdtempSync(join(tmpdir(), "moorline-cli-"));
    await expect.poll(() => server.sessions.list()).toEqual([]);
    await moorline("agents", "--session-key-file", join(home, "key"));
    rmSync(home, { recursive: true });
    await moorline("agents");
    await expect.poll(() => server.sessions.list()).toHaveLength(1);
    for (const { ref } of server.sessions.list()) server.sessions.end(ref);
  });

  it.each([
    ["a signal", (child: ReturnType<typeof moorline>) => child.kill("SIGINT"), { signal: "SIGINT" }],
    [
      "a reader that is gone",
      (child: ReturnType<typeof moorline>) => {
        child.stdout.destroy();
        more.emit("line");
      },
      { exitCode: 141 },
    ],
  ])("ends at once and without a word by %s, and tells the daemon [CLI-5]", async (_, interrupt, ended) => {
    events.length = 0;
    const child = moorline("tail", "endless");
    await once(child.stdout, "data");
    interrupt(child);
    expect(await child).toMatchObject({ stderr: "", ...ended });
    const ends = () => events.filter(({ kind }) => kind === "channel_lost" || kind === "detached");
    await expect.poll(ends).toMatchObject([{ kind: "channel_lost", reason: ChannelLossReason.CHANNEL_DONE }]);
  });

  it.each([
    [["call", "AgentService/Nothing"], "OPTION_INVALID"],
    [["call", "AgentService/ListProviders", "{"], "OPTION_INVALID"],
    [["call", "SessionService/Attach"], "OPTION_INVALID"],
    [["agents", "--unknown"], "USAGE"],
    [["tail"], "USAGE"],
    [["tail", "one", "--from", "0"], "USAGE"],
    [["nonsense"], "USAGE"],
  ])("ends with 2 where it is called wrongly: %j", async (args, code) => {
    const { stdout, exitCode } = await moorline(...args, "--json");
    expect([JSON.parse(stdout).error.code, exitCode]).toEqual([code, 2]);
  });
});
