import { clone, create, type MessageInitShape } from "@bufbuild/protobuf";
import { type TimelineItem, TimelineItemSchema } from "../../../gen/moorline/agent/v1/timeline_pb.ts";
import type { StoredItem } from "../../server/timeline/timeline-store.ts";
import { timestampOf } from "../../wire/timestamp.ts";
import { agentCodecs } from "../agent-codecs.ts";
import type { RunItem } from "../provider.ts";

/** An item as a log keeps it: a text that may grow lies beside the rest. */
export interface EncodedItem {
  readonly payload: Uint8Array;
  readonly text: string;
}

const decoder = new TextDecoder();
const codec = agentCodecs(TimelineItemSchema);

/** What a log is given to keep an item. */
export function encodeItem(content: RunItem): EncodedItem {
  const item = create(TimelineItemSchema, { content } as MessageInitShape<typeof TimelineItemSchema>);
  if (!isGrowing(content)) return { payload: codec.encode(item).slice(), text: "" };
  const rest = clone(TimelineItemSchema, item);
  if (isGrowing(rest.content)) rest.content.value.text = "";
  return { payload: codec.encode(rest).slice(), text: content.value.text };
}

/** An item as clients see it. */
export function decodeItem({ seq, revision, createdAtMs, payload, text }: StoredItem): TimelineItem {
  const item = codec.decode(payload);
  item.seq = BigInt(seq);
  item.revision = BigInt(revision);
  item.createdAt = timestampOf(createdAtMs);
  if (isGrowing(item.content)) item.content.value.text = decoder.decode(text);
  return item;
}

type GrowingItem = Extract<TimelineItem["content"], { case: "assistantMessage" | "reasoning" }>;

function isGrowing(content: TimelineItem["content"]): content is GrowingItem {
  return content.case === "assistantMessage" || content.case === "reasoning";
}
