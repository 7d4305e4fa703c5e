import type { ClientReadableStream, ServiceError } from "@grpc/grpc-js";
import { Metadata, status } from "@grpc/grpc-js";
import { describe, expect, it, onTestFinished } from "vitest";
import { AgentStatus } from "../../gen/moorline/agent/v1/agent_pb.ts";
import { AgentService } from "../../gen/moorline/agent/v1/agent_service_pb.ts";
import { TimelineService } from "../../gen/moorline/agent/v1/timeline_service_pb.ts";
import type { Transition } from "../../gen/moorline/state/v1/transition_pb.ts";
import { CommandProvider } from "../../src/daemon/command/command-provider.ts";
import { openTestDaemon } from "../support/open-daemon.ts";
import { callStock, loadStockClient, readStockRejection } from "../support/stock-grpc.ts";

const HEADER = { "moorline-session-key": "key-of-a-tool-that-is-stock" };
const files = {
  AgentService: "moorline/agent/v1/agent_service.proto",
  AgentDirectoryService: "moorline/agent/v1/directory_service.proto",
  TimelineService: "moorline/agent/v1/timeline_service.proto",
} as const;

function stock(service: keyof typeof files, port: number) {
  const client = loadStockClient(files[service], `moorline.agent.v1.${service}`, port);
  onTestFinished(() => client.close());
  return client;
}

function stream(client: ReturnType<typeof stock>, method: string, request: object): ClientReadableStream<never> {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(HEADER)) metadata.set(name, value);
  const call = client[method]?.(request, metadata) as ClientReadableStream<never>;
  call.on("error", () => {});
  onTestFinished(() => call.cancel());
  return call;
}

describe("a stock gRPC client of the daemon, which knows only the .proto files", () => {
  it("creates an agent, finds it in the list, and follows directory and timeline [HTTP-3, DIR-2, TIMELINE-6]", async () => {
    const { port } = await openTestDaemon();
    const seen: Array<Record<string, never>> = [];
    const directory = stock("AgentDirectoryService", port);
    stream(directory, "WatchAgents", {}).on("data", (event) => seen.push(event));
    await expect.poll(() => seen.map((event) => Object.keys(event)[0])).toEqual(["snapshot_began", "mark"]);
    const request = { provider_id: "command", command: { argv: ["sh", "-c", "echo one; echo two >&2; exit 5"] } };
    const { agent } = (await callStock(stock("AgentService", port), "CreateAgent", request, HEADER)) as {
      agent: { id: string };
    };
    const last = () => JSON.stringify(seen.findLast((event) => "agents_changed" in event));
    await expect.poll(last).toMatch(/AGENT_STATUS_ENDED/);
    expect(await callStock(directory, "ListAgents", {}, HEADER)).toMatchObject({
      agents: [{ id: agent.id, status: "AGENT_STATUS_ENDED", last_exit: { code: 5 } }],
    });
    const items: string[] = [];
    const timeline = stream(stock("TimelineService", port), "WatchTimeline", { agent_id: agent.id });
    timeline.on("data", ({ item_appended: appended }: { item_appended?: { item: Record<string, never> } }) => {
      const { command_output: output, process_exit: exit } = appended?.item ?? {};
      if (output !== undefined) items.push(`${(output as { data: Buffer }).data}`);
      if (exit !== undefined) items.push(`exit ${(exit as { code: number }).code}`);
    });
    await expect.poll(() => items.join("")).toMatch(/exit 5$/);
    expect(items.slice(0, -1).sort()).toEqual(["one\n", "two\n"]);
  });

  it("gets the typed rejection without the key header, whatever it asks for [HTTP-5]", async () => {
    const { port } = await openTestDaemon();
    for (const [service, method] of [
      ["AgentService", "CreateAgent"],
      ["AgentDirectoryService", "ListAgents"],
      ["TimelineService", "ListTimeline"],
    ] as const) {
      const error = (await callStock(stock(service, port), method, {}).catch((thrown) => thrown)) as ServiceError;
      expect(error).toMatchObject({ code: status.INVALID_ARGUMENT });
      expect(readStockRejection(error)).toMatchObject({ rejection: { code: "CLOSE_CODE_SESSION_KEY_MISSING" } });
    }
  });
});

describe("a daemon and its clients", () => {
  it("asks somebody where its policy says so; the command runs when it is allowed [AGENT-8, AGENT-12]", async () => {
    const policy = [{ argv: ["sh"], verdict: "ask" as const }];
    const opened = await openTestDaemon({ providers: [new CommandProvider({ policy })] });
    const agents = opened.client().service(AgentService);
    const task = { case: "command" as const, value: { argv: ["sh", "-c", "echo ran"], closeInput: true } };
    const { agent } = await agents.createAgent({ providerId: "command", task });
    const agentId = agent?.id ?? "";
    const items: string[] = [];
    for await (const { event } of opened.client().service(TimelineService).watchTimeline({ agentId })) {
      if (event.case === "itemAppended") items.push(event.value.item?.content.case ?? "");
      // The mark comes when everything so far was sent: now it waits.
      if (event.case === "mark" && items.length === 0) {
        await expect
          .poll(async () => (await agents.waitForIdle({ agentId, timeout: {} })).agent?.status)
          .toBe(AgentStatus.WAITING_FOR_PERMISSION);
        await agents.resolvePermission({ agentId, permissionId: "command", optionId: "allow" });
      }
      if (items.at(-1) === "processExit") break;
    }
    expect(items).toEqual(["permissionResolution", "commandOutput", "processExit"]);
    expect((await agents.waitForIdle({ agentId })).agent).toMatchObject({ status: AgentStatus.ENDED });
  });

  it("gives a command its prompts as lines, and ends its input with the last [AGENT-6]", async () => {
    const opened = await openTestDaemon();
    const agents = opened.client().service(AgentService);
    const task = { case: "command" as const, value: { argv: ["cat"] } };
    const agentId = (await agents.createAgent({ providerId: "command", task })).agent?.id ?? "";
    const started = async () => (await agents.waitForIdle({ agentId, timeout: {} })).agent?.status;
    await expect.poll(started).toBe(AgentStatus.RUNNING);
    await agents.sendPrompt({ agentId, text: "one" });
    await agents.sendPrompt({ agentId, text: "two", closeInput: true });
    expect((await agents.waitForIdle({ agentId })).agent?.lastExit?.cause).toEqual({ case: "code", value: 0 });
    const { items } = await opened.client().service(TimelineService).listTimeline({ agentId });
    const written = items.flatMap(({ content }) => (content.case === "commandOutput" ? [content.value.data] : []));
    expect(Buffer.concat(written).toString()).toBe("one\ntwo\n");
  });

  it("counts its agents, their watches and commits for Prometheus, and logs what becomes of each [OBS-5, LOG-4]", async () => {
    const records: Transition[] = [];
    const metrics = { isOpenOnLoopback: true };
    const opened = await openTestDaemon({ metrics, onTransition: (transition) => records.push(transition) });
    const agents = opened.client().service(AgentService);
    const task = { case: "command" as const, value: { argv: ["true"] } };
    const agentId = (await agents.createAgent({ providerId: "command", task })).agent?.id ?? "";
    await agents.waitForIdle({ agentId });
    const page = await (await fetch(`http://127.0.0.1:${opened.port}/metrics`)).text();
    expect(page).toContain('moorline_agents{status="ended"} 1');
    expect(page).toContain('moorline_collection_entries{collection="agents"} 1');
    expect(page).toMatch(/^moorline_timeline_commits_total [1-9]/m);
    const moves = () => records.filter(({ subject }) => subject === agentId).map(({ from, to }) => `${from} ${to}`);
    await expect.poll(moves).toEqual(["starting running", "running ended"]);
  });
});
