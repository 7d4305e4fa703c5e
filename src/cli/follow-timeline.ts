import { Code, ConnectError } from "@connectrpc/connect";
import type { TimelineItem } from "../../gen/moorline/agent/v1/timeline_pb.ts";
import { type TimelineCursor, TimelineService } from "../../gen/moorline/agent/v1/timeline_service_pb.ts";
import type { DaemonClient } from "../client/daemon-client.ts";

/** Where a timeline stands that is followed. */
interface Standing {
  /** Items by their places: those that came after the last mark, and those whose text may grow. */
  readonly items: Map<bigint, TimelineItem>;
  cursor: TimelineCursor | undefined;
}

/**
 * Follows the timeline of an agent from its beginning: every item, and each again when it has changed. It goes on over lost
 * connections, lost channels and restarts of the daemon, without showing anything twice. Ends only by what cannot be mended.
 */
export async function* followTimeline(client: DaemonClient, agentId: string): AsyncGenerator<TimelineItem, never> {
  const standing: Standing = { items: new Map(), cursor: undefined };
  for (;;) {
    try {
      yield* watchOnce(client, agentId, standing);
    } catch (thrown) {
      const error = ConnectError.from(thrown);
      if (error.code !== Code.Unavailable) throw error;
    }
    await client.ensureConnected();
  }
}

async function* watchOnce(client: DaemonClient, agentId: string, standing: Standing): AsyncGenerator<TimelineItem> {
  const { cursor } = standing;
  const request = cursor === undefined ? { agentId } : { agentId, cursor };
  for await (const { event } of client.service(TimelineService).watchTimeline(request)) {
    switch (event.case) {
      case "itemAppended":
      case "itemReplaced": {
        const { item } = event.value;
        if (item !== undefined && isNews(standing, item)) yield keep(standing, item);
        break;
      }
      case "textAppended": {
        const item = grow(standing, event.value);
        if (item !== undefined) yield item;
        break;
      }
      case "epochChanged":
        standing.items.clear();
        break;
      case "mark":
        standing.cursor = event.value.cursor;
        forgetFinal(standing);
        break;
      default:
        break;
    }
  }
}

/** What came before a mark does not come again: only what may grow has to be remembered. */
function forgetFinal({ items }: Standing): void {
  for (const [seq, { content }] of items) if (content.case === undefined) items.delete(seq);
}

/** For each place the highest revision counts. */
function isNews({ items }: Standing, { seq, revision }: TimelineItem): boolean {
  return revision > (items.get(seq)?.revision ?? 0n);
}

/** Only items whose text may grow have to be remembered whole; of the others their revision is enough. */
function keep({ items }: Standing, item: TimelineItem): TimelineItem {
  const { case: kind } = item.content;
  const grows = kind === "assistantMessage" || kind === "reasoning";
  items.set(item.seq, grows ? item : { ...item, content: { case: undefined } });
  return item;
}

function grow(
  { items }: Standing,
  { seq, offset, text, revision }: { seq: bigint; offset: bigint; text: string; revision: bigint },
): TimelineItem | undefined {
  const item = items.get(seq);
  const { content } = item ?? {};
  if (item === undefined || revision <= item.revision) return undefined;
  if (content?.case !== "assistantMessage" && content?.case !== "reasoning") return undefined;
  const known = new TextEncoder().encode(content.value.text).subarray(0, Number(offset));
  const grown = { ...content.value, text: new TextDecoder().decode(known) + text };
  const next: TimelineItem = { ...item, revision, content: { ...content, value: grown } as TimelineItem["content"] };
  items.set(seq, next);
  return next;
}
