import { createHash, type Hash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { AgentStatus } from "../../gen/moorline/agent/v1/agent_pb.ts";
import { AgentService } from "../../gen/moorline/agent/v1/agent_service_pb.ts";
import { TimelineService } from "../../gen/moorline/agent/v1/timeline_service_pb.ts";
import type { DaemonClient } from "../../src/client/index.ts";
import { CommandProvider } from "../../src/daemon/command/command-provider.ts";
import { startDaemonCommand } from "../support/daemon-command.ts";
import { createTestDirectory, openTestDaemon } from "../support/open-daemon.ts";

/** More than this a daemon does not grow by, however much a command writes. */
const MAX_GROWTH_BYTES = 400_000_000;
const MAX_ITEM_BYTES = 16_384;
const LONG_MS = 120_000;

async function create(client: DaemonClient, ...argv: string[]): Promise<string> {
  const task = { case: "command" as const, value: { argv, closeInput: true } };
  const { agent } = await client.service(AgentService).createAgent({ providerId: "command", task });
  return agent?.id ?? "";
}

function shell(script: string, ...args: string[]): string[] {
  return ["sh", "-c", script, "sh", ...args];
}

/** What a follower has heard of what a command wrote. */
interface Heard {
  readonly bytes: number;
  readonly hash: string;
  readonly largest: number;
}

/** Follows an agent to its end. Every item comes once, in order. @param look Called now and then. */
async function follow(client: DaemonClient, agentId: string, look: () => void = () => {}): Promise<Heard> {
  const hash: Hash = createHash("sha256");
  let [bytes, largest, last] = [0, 0, 0n];
  for await (const { event } of client.service(TimelineService).watchTimeline({ agentId })) {
    if (event.case !== "itemAppended") continue;
    const { seq, content } = event.value.item ?? {};
    if (seq !== last + 1n) throw new Error(`item ${seq} has come after item ${last}`);
    last = seq;
    if (content?.case === "processExit") break;
    if (content?.case !== "commandOutput") continue;
    hash.update(content.value.data);
    bytes += content.value.data.length;
    largest = Math.max(largest, content.value.data.length);
    if (seq % 1_000n === 0n) look();
  }
  return { bytes, largest, hash: hash.digest("hex") };
}

function hashOf(pieces: Iterable<string | Uint8Array>): string {
  const hash = createHash("sha256");
  for (const piece of pieces) hash.update(piece);
  return hash.digest("hex");
}

describe("a daemon whose command writes very much", () => {
  it(
    "has every byte of one line of 100 MB, in items of 16 KiB, and does not grow by it [AGENT-3, AGENT-4]",
    async () => {
      const daemon = await startDaemonCommand(createTestDirectory(), "--insecure-no-auth");
      const client = daemon.client();
      const before = daemon.memory();
      let most = before;
      const agentId = await create(client, ...shell("head -c 100000000 /dev/zero | tr '\\0' x"));
      const heard = await follow(client, agentId, () => {
        most = Math.max(most, daemon.memory());
      });
      const expected = hashOf(Array.from({ length: 100 }, () => "x".repeat(1_000_000)));
      expect(heard).toEqual({ bytes: 100_000_000, hash: expected, largest: MAX_ITEM_BYTES });
      expect(most - before).toBeLessThan(MAX_GROWTH_BYTES);
    },
    LONG_MS,
  );

  it(
    "has each of 600,000 lines once, in order, also for who comes later [AGENT-3, TIMELINE-6]",
    async () => {
      const client = (await openTestDaemon()).client();
      const agentId = await create(client, "seq", "1", "600000");
      const expected = hashOf(
        (function* () {
          for (let line = 1; line <= 600_000; line += 1) yield `${line}\n`;
        })(),
      );
      expect(await follow(client, agentId)).toMatchObject({ hash: expected });
      expect(await follow(client, agentId)).toMatchObject({ hash: expected });
    },
    LONG_MS,
  );

  it("has bytes that are no text as they were [AGENT-3]", async () => {
    const client = (await openTestDaemon()).client();
    const path = join(createTestDirectory(), "bytes");
    const agentId = await create(client, ...shell('head -c 1000000 /dev/urandom | tee "$1"', path));
    const { hash, largest } = await follow(client, agentId);
    expect(hash).toBe(hashOf([readFileSync(path)]));
    expect(largest).toBeLessThanOrEqual(MAX_ITEM_BYTES);
  });

  it(
    "goes on for others while one follower never reads, and holds nothing for it [CREDIT-4, TIMELINE-8]",
    async () => {
      const daemon = await startDaemonCommand(createTestDirectory(), "--insecure-no-auth");
      const [lazy, other] = [daemon.client(), daemon.client()];
      // The shell waits for the lazy one before it writes.
      const task = {
        case: "command" as const,
        value: { argv: shell(`read go; seq 1 100000 | sed 's/$/ ${"x".repeat(90)}/'`) },
      };
      const { agent } = await other.service(AgentService).createAgent({ providerId: "command", task });
      const agentId = agent?.id ?? "";
      const status = async () =>
        (await other.service(AgentService).waitForIdle({ agentId, timeout: {} })).agent?.status;
      await expect.poll(status).toBe(AgentStatus.RUNNING);
      const watch = lazy.service(TimelineService).watchTimeline({ agentId })[Symbol.asyncIterator]();
      await watch.next();
      const before = daemon.memory();
      let most = before;
      await other.service(AgentService).sendPrompt({ agentId, text: "go", closeInput: true });
      const lines = Array.from({ length: 100_000 }, (_, index) => `${index + 1} ${"x".repeat(90)}\n`);
      const expected = hashOf(lines);
      const heard = await follow(other, agentId, () => {
        most = Math.max(most, daemon.memory());
      });
      expect(heard.hash).toBe(expected);
      expect(Math.max(most, daemon.memory()) - before).toBeLessThan(MAX_GROWTH_BYTES);
      expect(await create(other, "true")).not.toBe("");
      // When it reads at last, nothing is missing.
      const hash = createHash("sha256");
      for (let next = await watch.next(); ; next = await watch.next()) {
        const { event } = next.value ?? {};
        const content = event?.case === "itemAppended" ? event.value.item?.content : undefined;
        if (content?.case === "commandOutput") hash.update(content.value.data);
        if (content?.case === "processExit" || next.done === true) break;
      }
      expect(hash.digest("hex")).toBe(expected);
    },
    LONG_MS,
  );
});

describe("a daemon whose command does not behave", () => {
  it("kills one that ignores SIGTERM when its grace is over, and says so [AGENT-5, AGENT-13]", async () => {
    const opened = await openTestDaemon({ providers: [new CommandProvider({ graceMs: 50 })] });
    const agents = opened.client().service(AgentService);
    const agentId = await create(opened.client(), ...shell("trap '' TERM; echo ready; while :; do sleep 0.1; done"));
    for await (const { event } of opened.client().service(TimelineService).watchTimeline({ agentId })) {
      if (event.case === "itemAppended") break;
    }
    await agents.cancelTurn({ agentId });
    const { agent } = await agents.waitForIdle({ agentId });
    expect(agent).toMatchObject({
      status: AgentStatus.ENDED,
      lastExit: { cause: { case: "signal", value: "SIGKILL" } },
    });
  });

  it("ends with it the children that it leaves running, and has what it wrote [AGENT-5]", async () => {
    const client = (await openTestDaemon()).client();
    const agentId = await create(client, ...shell("sleep 100 & echo $!; exit 3"));
    const { agent } = await client.service(AgentService).waitForIdle({ agentId });
    expect(agent?.lastExit?.cause).toEqual({ case: "code", value: 3 });
    const { items } = await client.service(TimelineService).listTimeline({ agentId });
    const [written] = items.flatMap(({ content }) => (content.case === "commandOutput" ? [content.value.data] : []));
    const child = Number(new TextDecoder().decode(written));
    expect(child).toBeGreaterThan(1);
    await expect.poll(() => isAlive(child)).toBe(false);
  });

  it("waits for one that has closed its output early [AGENT-5]", async () => {
    const client = (await openTestDaemon()).client();
    const agents = client.service(AgentService);
    const task = { case: "command" as const, value: { argv: shell("exec >&- 2>&-; read line; exit 9") } };
    const agentId = (await agents.createAgent({ providerId: "command", task })).agent?.id ?? "";
    const status = async () => (await agents.waitForIdle({ agentId, timeout: {} })).agent?.status;
    await expect.poll(status).toBe(AgentStatus.RUNNING);
    await agents.sendPrompt({ agentId, text: "go" });
    expect((await agents.waitForIdle({ agentId })).agent?.lastExit?.cause).toEqual({ case: "code", value: 9 });
  });
});

/** A process that has ended and that nobody has waited for counts as gone. */
function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}
