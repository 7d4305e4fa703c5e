import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { Code, ConnectError, type HandlerContext, type ServiceImpl } from "@connectrpc/connect";
import { CursorRefusal, CursorRefusedSchema } from "../../../gen/moorline/agent/v1/error_pb.ts";
import {
  type ListTimelineRequest,
  type ListTimelineResponse,
  ListTimelineResponseSchema,
  type TimelineCursor,
  type TimelineService,
  type WatchTimelineRequest,
  type WatchTimelineResponse,
  WatchTimelineResponseSchema,
} from "../../../gen/moorline/agent/v1/timeline_service_pb.ts";
import type { PageRequest, TimelineEvent, TimelineLog } from "../../server/timeline/timeline-store.ts";
import { storageToStatus } from "../storage-status.ts";
import { decodeItem } from "./timeline-item.ts";

/** Finds the log of an agent. @throws ConnectError NOT_FOUND with AgentNotFound. */
export type FindTimeline = (agentId: string) => TimelineLog;

/** The timelines of a daemon's agents, over their logs. Spec: TIMELINE-14 to TIMELINE-16. */
export function createTimelineService(find: FindTimeline): ServiceImpl<typeof TimelineService> {
  return {
    listTimeline: (request) => listTimeline(find(request.agentId), request),
    watchTimeline: (request, context) => watchTimeline(find(request.agentId), request, context),
  };
}

function listTimeline(log: TimelineLog, request: ListTimelineRequest): ListTimelineResponse {
  if (request.epoch !== "" && request.epoch !== log.epoch) throw refuseEpoch();
  const { items, cursor, hasEarlier, hasLater } = readPage(log, toPageRequest(request));
  return create(ListTimelineResponseSchema, {
    items: items.map(decodeItem),
    cursor: toWireCursor(cursor),
    hasEarlier,
    hasLater,
  });
}

function readPage(log: TimelineLog, request: PageRequest): ReturnType<TimelineLog["page"]> {
  try {
    return log.page(request);
  } catch (thrown) {
    throw storageToStatus(thrown, log.name);
  }
}

function toPageRequest({ pageSize, position }: ListTimelineRequest): PageRequest {
  if (position.case === "afterSeq") return { maxRows: pageSize, afterSeq: toSeq(position.value) };
  if (position.case === "beforeSeq") return { maxRows: pageSize, beforeSeq: toSeq(position.value) };
  return { maxRows: pageSize };
}

/** Nothing has a higher seq than the highest safe integer, so that a position beyond it says the same. */
function toSeq(position: bigint): number {
  return position > BigInt(Number.MAX_SAFE_INTEGER) ? Number.MAX_SAFE_INTEGER : Number(position);
}

function refuseEpoch(): ConnectError {
  const detail = { desc: CursorRefusedSchema, value: { reason: CursorRefusal.FOREIGN } };
  return new ConnectError("the position is of another timeline", Code.InvalidArgument, undefined, [detail]);
}

async function* watchTimeline(
  log: TimelineLog,
  { cursor }: WatchTimelineRequest,
  { signal }: HandlerContext,
): AsyncGenerator<WatchTimelineResponse, void> {
  try {
    const watch = log.watch(cursor && { epoch: cursor.epoch, revision: toSeq(cursor.revision) });
    const leave = (): void => void watch.return?.();
    signal.addEventListener("abort", leave, { once: true });
    if (signal.aborted) leave();
    try {
      for await (const event of watch) yield toResponse(event);
    } finally {
      signal.removeEventListener("abort", leave);
    }
  } catch (thrown) {
    throw storageToStatus(thrown, log.name);
  }
}

function toResponse(event: TimelineEvent): WatchTimelineResponse {
  return create(WatchTimelineResponseSchema, { event: toWireEvent(event) });
}

const decoder = new TextDecoder();

type WireEvent = NonNullable<MessageInitShape<typeof WatchTimelineResponseSchema>["event"]>;

function toWireEvent(event: TimelineEvent): WireEvent {
  switch (event.kind) {
    case "itemAppended":
      return { case: "itemAppended", value: { item: decodeItem(event.item) } };
    case "itemReplaced":
      return { case: "itemReplaced", value: { item: decodeItem(event.item) } };
    case "textAppended": {
      const { seq, offset, text, revision } = event;
      const place = { seq: BigInt(seq), offset: BigInt(offset), revision: BigInt(revision) };
      return { case: "textAppended", value: { ...place, text: decoder.decode(text) } };
    }
    case "epochChanged":
      return { case: "epochChanged", value: { epoch: event.epoch } };
    case "mark":
      return { case: "mark", value: { cursor: toWireCursor(event.cursor) } };
  }
}

function toWireCursor({
  epoch,
  revision,
}: {
  readonly epoch: string;
  readonly revision: number;
}): Pick<TimelineCursor, "epoch" | "revision"> {
  return { epoch, revision: BigInt(revision) };
}
