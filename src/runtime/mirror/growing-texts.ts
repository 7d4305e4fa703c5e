import type { TimelineItem } from "../../../gen/moorline/agent/v1/timeline_pb.ts";
import type { TextAppended } from "../../../gen/moorline/agent/v1/timeline_service_pb.ts";

/** So many texts grow at once without being measured again and again. */
const MAX_MEASURED = 64;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/**
 * Lets the texts of items grow. Items are not changed: each time a new one is made. How long a text is in UTF-8 is
 * remembered, so that a text which grows in many pieces is not gone through for each. Spec: TIMELINE-8, MIRROR-7.
 */
export class GrowingTexts {
  private readonly bytes = new Map<TimelineItem, number>();

  /** @returns The item with the text. Undefined where it has no text that grows, or part of it is missing. */
  grow(item: TimelineItem, { offset, text, revision }: TextAppended): TimelineItem | undefined {
    const { content } = item;
    if (content.case !== "assistantMessage" && content.case !== "reasoning") return undefined;
    const known = content.value.text;
    const length = this.bytes.get(item) ?? encoder.encode(known).length;
    const start = Number(offset);
    if (start > length) return undefined;
    const begin = start === length ? known : decoder.decode(encoder.encode(known).subarray(0, start));
    const grown: TimelineItem = { ...item, revision, content: withText(content, begin + text) };
    this.bytes.delete(item);
    this.remember(grown, start + encoder.encode(text).length);
    return grown;
  }

  private remember(item: TimelineItem, length: number): void {
    const [oldest] = this.bytes.size < MAX_MEASURED ? [] : this.bytes.keys();
    if (oldest !== undefined) this.bytes.delete(oldest);
    this.bytes.set(item, length);
  }
}

type Growing = Extract<TimelineItem["content"], { case: "assistantMessage" | "reasoning" }>;

function withText(content: Growing, text: string): TimelineItem["content"] {
  if (content.case === "reasoning") return { case: content.case, value: { ...content.value, text } };
  return { case: content.case, value: { ...content.value, text } };
}
