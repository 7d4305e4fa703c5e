import { Code, type ConnectError, createContextValues } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { AgentFailureReason, AgentStatus } from "../../gen/moorline/agent/v1/agent_pb.ts";
import { AgentService } from "../../gen/moorline/agent/v1/agent_service_pb.ts";
import { AgentDirectoryService } from "../../gen/moorline/agent/v1/directory_service_pb.ts";
import type { TimelineItem } from "../../gen/moorline/agent/v1/timeline_pb.ts";
import { TimelineService } from "../../gen/moorline/agent/v1/timeline_service_pb.ts";
import { CallOutcome, type DaemonClient, idempotencyKey, JournalUnavailableSchema } from "../../src/client/index.ts";
import type { DaemonOptions } from "../../src/daemon/daemon.ts";
import { createTestDirectory, openTestDaemon } from "../support/open-daemon.ts";
import { statusOf } from "../support/refusal.ts";

const MAX_BYTES = 512 * 1024;
const TEXT = "x".repeat(20_000);

/** A daemon whose database has so much room. What it cannot keep goes to its log. */
function open(stateDirectory: string, maxDatabaseBytes = MAX_BYTES) {
  const logger: DaemonOptions["logger"] = { warn() {}, error() {} };
  return openTestDaemon({ stateDirectory, maxDatabaseBytes, logger });
}

async function create(client: DaemonClient, ...argv: string[]): Promise<string> {
  const task = { case: "command" as const, value: { argv } };
  const { agent } = await client
    .service(AgentService)
    .createAgent({ providerId: "command", title: argv[0] ?? "", task });
  return agent?.id ?? "";
}

async function createCat(client: DaemonClient): Promise<string> {
  // It reads and writes nothing, so that only prompts take room.
  const agentId = await create(client, "sh", "-c", "cat > /dev/null");
  const status = async () => (await client.service(AgentService).waitForIdle({ agentId, timeout: {} })).agent?.status;
  await expect.poll(status).toBe(AgentStatus.RUNNING);
  return agentId;
}

/** Gives prompts until there is no room for one more. @returns The refusal, and how many were taken. */
async function fill(
  client: DaemonClient,
  agentId: string,
  text = TEXT,
): Promise<{ refusal: ConnectError; taken: number }> {
  const agents = client.service(AgentService);
  for (let taken = 0; ; taken += 1) {
    const refusal = await agents.sendPrompt({ agentId, text }).then(
      () => undefined,
      (thrown: ConnectError) => thrown,
    );
    if (refusal !== undefined) return { refusal, taken };
  }
}

async function readItems(client: DaemonClient, agentId: string): Promise<TimelineItem[]> {
  const items: TimelineItem[] = [];
  for (let isMore = true; isMore; ) {
    const position = { case: "afterSeq" as const, value: items.at(-1)?.seq ?? 0n };
    const page = await client.service(TimelineService).listTimeline({ agentId, position });
    items.push(...page.items);
    isMore = page.hasLater;
  }
  return items;
}

describe("a daemon whose disk is full", () => {
  it("refuses prompts and agents, keeps everything that was shown, and goes on when agents are deleted [AGENT-25, DAEMON-3, TIMELINE-11]", async () => {
    const client = (await open(createTestDirectory())).client();
    const agents = client.service(AgentService);
    const [idle, talked] = [await createCat(client), await createCat(client)];
    const { refusal, taken } = await fill(client, talked);
    expect(refusal).toMatchObject({ code: Code.ResourceExhausted });
    expect(taken).toBeGreaterThan(5);
    const shown = await readItems(client, talked);
    expect(shown).toHaveLength(taken);
    const title = "x".repeat(200);
    const labels = Object.fromEntries(Array.from({ length: 16 }, (_, index) => [`${index}`, "x".repeat(64)]));
    const task = { case: "command" as const, value: { argv: ["echo", "x".repeat(100_000)] } };
    const refused = await statusOf(agents.createAgent({ providerId: "command", title, labels, task }));
    expect(refused).toMatchObject({ code: Code.ResourceExhausted });
    const { agents: listed } = await client.service(AgentDirectoryService).listAgents({});
    expect(listed.map(({ id, status }) => [id, status]).sort()).toEqual(
      [idle, talked].map((id) => [id, AgentStatus.RUNNING]).sort(),
    );
    expect(await readItems(client, talked)).toEqual(shown);
    await agents.deleteAgent({ agentId: talked });
    expect((await agents.sendPrompt({ agentId: idle, text: TEXT })).seq).toBe(1n);
    await create(client, "true");
  });

  it("ends a command whose output it cannot keep, says so, and has the output up to there, also with more room [AGENT-4, AGENT-25, DAEMON-3]", async () => {
    const stateDirectory = createTestDirectory();
    const first = await open(stateDirectory);
    const client = first.client();
    const agentId = await create(client, "yes", "a line of something that does not end");
    const { agent } = await client.service(AgentService).waitForIdle({ agentId });
    expect(agent).toMatchObject({ status: AgentStatus.ERROR, failure: { reason: AgentFailureReason.STORAGE_FAILED } });
    const shown = await readItems(client, agentId);
    expect(shown.length).toBeGreaterThan(1);
    await first.daemon.stop();
    const later = (await open(stateDirectory, 4 * MAX_BYTES)).client();
    const kept = await readItems(later, agentId);
    expect(kept.slice(0, shown.length)).toEqual(shown);
    const { agents } = await later.service(AgentDirectoryService).listAgents({});
    expect(agents).toMatchObject([{ id: agentId, status: AgentStatus.ERROR }]);
    await createCat(later);
  });

  it("to the last page lets clients in and reads, runs no keyed call, and can be made empty [JOURNAL-11, AGENT-25, DAEMON-3]", async () => {
    const opened = await open(createTestDirectory());
    const client = opened.client();
    const agentId = await createCat(client);
    for (const text of [TEXT, TEXT.slice(0, 1_000), "x"]) await fill(client, agentId, text);
    const shown = await readItems(client, agentId);
    const keyed = { contextValues: createContextValues().set(idempotencyKey, "key") };
    const request = { agentId, text: "keyed" };
    const refused = await statusOf(client.service(AgentService).sendPrompt(request, keyed));
    expect([Code.ResourceExhausted, Code.Unavailable]).toContain(refused.code);
    if (refused.code === Code.Unavailable) {
      expect(refused.findDetails(JournalUnavailableSchema)).toMatchObject([{ outcome: CallOutcome.NOT_SENT }]);
    }
    const other = opened.client();
    expect(await readItems(other, agentId)).toEqual(shown);
    await other.service(AgentService).deleteAgent({ agentId });
    const again = await createCat(other);
    expect((await other.service(AgentService).sendPrompt({ agentId: again, text: "keyed" }, keyed)).seq).toBe(1n);
  });

  it("stops in good order, and opens again [AGENT-22, DAEMON-5]", async () => {
    const stateDirectory = createTestDirectory();
    const first = await open(stateDirectory);
    const client = first.client();
    const agentId = await createCat(client);
    const { taken } = await fill(client, agentId);
    await first.daemon.stop();
    const later = (await open(stateDirectory)).client();
    const { agents } = await later.service(AgentDirectoryService).listAgents({});
    expect(agents).toMatchObject([
      { id: agentId, status: AgentStatus.ERROR, failure: { reason: AgentFailureReason.DAEMON_RESTARTED } },
    ]);
    const messages = (await readItems(later, agentId)).filter(({ content }) => content.case === "userMessage");
    expect(messages).toHaveLength(taken);
  });
});
