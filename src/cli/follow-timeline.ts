import { Code, ConnectError } from "@connectrpc/connect";
import type { TimelineItem } from "../../gen/moorline/agent/v1/timeline_pb.ts";
import {
  type TextAppended,
  type TimelineCursor,
  TimelineService,
  type WatchTimelineResponse,
} from "../../gen/moorline/agent/v1/timeline_service_pb.ts";
import type { DaemonClient } from "../client/daemon-client.ts";
import { GrowingTexts } from "../runtime/mirror/growing-texts.ts";
import { AskAgain } from "./ask-again.ts";

/** What is needed of a client to follow something over lost connections. */
export type FollowingClient = Pick<DaemonClient, "service" | "ensureConnected">;

/** Where a timeline stands that is followed. */
interface Standing {
  /** Items by their places: those that came after the last mark, and those whose text may grow. */
  readonly items: Map<bigint, TimelineItem>;
  readonly texts: GrowingTexts;
  cursor: TimelineCursor | undefined;
}

/**
 * Follows the timeline of an agent from its beginning: every item, and each again when it has changed. It goes on over lost
 * connections, lost channels and restarts of the daemon, without showing anything twice. What cannot be mended is thrown.
 * @param over Once it has settled, the timeline is read to the end that it has then, and that was all. Default: never.
 */
export async function* followTimeline(
  client: FollowingClient,
  agentId: string,
  over?: Promise<unknown>,
): AsyncGenerator<TimelineItem, void> {
  const standing: Standing = { items: new Map(), texts: new GrowingTexts(), cursor: undefined };
  const ending = new AbortController();
  const end = (): void => ending.abort();
  over?.then(end, end);
  const again = new AskAgain(client);
  for (;;) {
    const isLast = ending.signal.aborted;
    try {
      for await (const event of watchOnce(client, agentId, standing.cursor, isLast ? undefined : ending.signal)) {
        again.worked();
        const item = take(standing, event);
        if (item !== undefined) yield item;
        // The first mark of a watch comes after everything that was there when it began.
        if (isLast && event.case === "mark") return;
      }
    } catch (thrown) {
      const error = ConnectError.from(thrown);
      if (error.code === Code.Canceled && ending.signal.aborted && !isLast) continue;
      if (error.code !== Code.Unavailable) throw error;
    }
    await again.ready();
  }
}

type WatchEvent = WatchTimelineResponse["event"];

async function* watchOnce(
  client: FollowingClient,
  agentId: string,
  cursor: TimelineCursor | undefined,
  signal: AbortSignal | undefined,
): AsyncGenerator<WatchEvent> {
  const request = cursor === undefined ? { agentId } : { agentId, cursor };
  const options = signal === undefined ? {} : { signal };
  for await (const { event } of client.service(TimelineService).watchTimeline(request, options)) yield event;
}

/** Takes a piece of a watch over. @returns The item as it is now, where that is news. */
function take(standing: Standing, event: WatchEvent): TimelineItem | undefined {
  switch (event.case) {
    case "itemAppended":
    case "itemReplaced": {
      const { item } = event.value;
      return item !== undefined && isNews(standing, item) ? keep(standing, item) : undefined;
    }
    case "textAppended":
      return grow(standing, event.value);
    case "epochChanged":
      standing.items.clear();
      return undefined;
    case "mark":
      standing.cursor = event.value.cursor;
      forgetFinal(standing);
      return undefined;
    default:
      return undefined;
  }
}

/** What a mark covers does not come again: only what may grow, or is newer than the mark, has to be remembered. */
function forgetFinal({ items, cursor }: Standing): void {
  const known = cursor?.revision ?? 0n;
  for (const [seq, { content, revision }] of items) {
    if (content.case === undefined && revision <= known) items.delete(seq);
  }
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

function grow({ items, texts }: Standing, appended: TextAppended): TimelineItem | undefined {
  const item = items.get(appended.seq);
  if (item === undefined || appended.revision <= item.revision) return undefined;
  const grown = texts.grow(item, appended);
  if (grown !== undefined) items.set(grown.seq, grown);
  return grown;
}
