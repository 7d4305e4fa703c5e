import { setTimeout as wait } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { type JsonValue, toJson } from "@bufbuild/protobuf";
import { createContextValues } from "@connectrpc/connect";
import {
  type Agent,
  AgentFailureReasonSchema,
  AgentSchema,
  AgentStatusSchema,
} from "../../../gen/moorline/agent/v1/agent_pb.ts";
import { AgentService } from "../../../gen/moorline/agent/v1/agent_service_pb.ts";
import { TimelineService } from "../../../gen/moorline/agent/v1/timeline_service_pb.ts";
import type { DaemonClient } from "../../client/daemon-client.ts";
import { idempotencyKey } from "../../rpc/context-keys.ts";
import type { OwnedAgentDirectory } from "../../runtime/mirror/agent-directory.ts";
import { followTimeline } from "../follow-timeline.ts";
import { waitForIdle } from "../wait-for-idle.ts";
import { listAgents } from "./agent-mirror.ts";
import { demoCommands } from "./commands.ts";
import { type ClientMessage, type ClientOrder, COMMAND_LABEL, type ItemMark, type Progress } from "./messages.ts";
import { markItem, Tally } from "./tally.ts";

/** What the client of the demo works with. */
export interface ClientWork {
  readonly client: DaemonClient;
  /** The mirror of the directory. */
  readonly directory: OwnedAgentDirectory;
  /** Of the timelines that are followed. */
  readonly tallies: Tally[];
  /** The sum of the tallies. */
  progress(): Progress;
  /** Tells the demo. */
  say(message: ClientMessage): void;
}

type OrderOf<Kind extends ClientOrder["order"]> = Extract<ClientOrder, { order: Kind }>;

/** How long the mirror may take to show what the daemon lists. */
const SETTLE_MS = 5_000;

/** Has a command run as an agent, shows its timeline as it comes, and says what has come in all. */
export async function createAndFollow(work: ClientWork, { command, key }: OrderOf<"create">): Promise<void> {
  const { client, tallies, say } = work;
  const { name: title, argv } = demoCommands[command] ?? { name: "", argv: [] };
  const task = { case: "command" as const, value: { argv: [...argv], closeInput: true } };
  const request = { providerId: "command", title, labels: { [COMMAND_LABEL]: `${command}` }, task };
  const contextValues = createContextValues().set(idempotencyKey, key);
  const { agent: created } = await client.service(AgentService).createAgent(request, { contextValues });
  const agentId = created?.id ?? "";
  say({ type: "created", command, agentId, epoch: created?.timelineEpoch ?? "" });
  const tally = new Tally();
  tallies.push(tally);
  const idle = waitForIdle(client, agentId);
  for await (const item of followTimeline(client, agentId, idle)) {
    tally.take(item);
    say({ type: "shown", command, item: markItem(item), progress: work.progress() });
  }
  const { status, failure } = await idle;
  const end = {
    status: AgentStatusSchema.value[status]?.name ?? "",
    failure: failure === undefined ? "" : (AgentFailureReasonSchema.value[failure.reason]?.name ?? ""),
  };
  say({ type: "ended", command, result: { ...tally.printed, ...tally.progress, ...end } });
}

/** Reads a timeline from its beginning, page after page. */
export async function readTimeline({ client, say }: ClientWork, { command, agentId }: OrderOf<"read">): Promise<void> {
  const tally = new Tally();
  const items: ItemMark[] = [];
  for (let afterSeq = 0n; ; ) {
    const position = { case: "afterSeq" as const, value: afterSeq };
    const page = await client.service(TimelineService).listTimeline({ agentId, position, pageSize: 1000 });
    for (const item of page.items) {
      tally.take(item);
      items.push(markItem(item));
    }
    afterSeq = page.items.at(-1)?.seq ?? afterSeq;
    if (page.hasLater) continue;
    const { epoch = "", revision = 0n } = page.cursor ?? {};
    say({ type: "read", command, record: { epoch, revision: Number(revision), items, ...tally.printed } });
    return;
  }
}

/** Says what the mirror shows and what the daemon lists, when they agree or the time for that is over. */
export async function compareDirectory({ client, directory, say }: ClientWork): Promise<void> {
  let isOver = false;
  const over = wait(SETTLE_MS, undefined, { ref: false }).then(() => {
    isOver = true;
  });
  for (;;) {
    const changed = nextChange(directory);
    const listed = (await listAgents(client)).map(toPlain);
    const mirrored = directory.agents.getSnapshot().map(toPlain);
    if (directory.metrics.divergences > 0) throw new Error("the mirror of the directory has diverged from it");
    if (isOver || isDeepStrictEqual(listed, mirrored)) return say({ type: "listed", mirrored, listed });
    await Promise.race([changed, over]);
  }
}

function nextChange({ agents }: OwnedAgentDirectory): Promise<void> {
  return new Promise((resolve) => {
    const unsubscribe = agents.subscribe(() => {
      unsubscribe();
      resolve();
    });
  });
}

function toPlain(agent: Agent): JsonValue {
  return toJson(AgentSchema, agent);
}
