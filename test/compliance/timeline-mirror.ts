import type { StoredItem, TimelineCursor, TimelineEvent, TimelineLog } from "../../src/server/index.ts";
import { textOf } from "./timeline-kit.ts";

interface MirrorItem {
  readonly revision: number;
  readonly payload: string;
  readonly text: Uint8Array;
}

/** What a client knows of a timeline, built from nothing but events. */
export class TimelineMirror {
  /** Where the next watch begins. */
  cursor: TimelineCursor | undefined;
  private readonly items = new Map<number, MirrorItem>();

  /** Takes an event in. @throws Error where it could not be followed. */
  take(event: TimelineEvent): void {
    if (event.kind === "mark") this.cursor = event.cursor;
    else if (event.kind === "epochChanged") this.items.clear();
    else if (event.kind === "textAppended") this.grow(event.seq, event);
    else this.put(event.item);
  }

  /** Everything it knows, a line for each item. */
  show(): string[] {
    const rising = [...this.items].sort(([a], [b]) => a - b);
    return rising.map(([seq, { revision, payload, text }]) => `${seq}@${revision} ${payload}|${textOf(text)}`);
  }

  private put({ seq, revision, payload, text }: StoredItem): void {
    if (revision >= (this.items.get(seq)?.revision ?? 0))
      this.items.set(seq, { revision, payload: textOf(payload), text });
  }

  private grow(seq: number, { offset, text, revision }: { offset: number; text: Uint8Array; revision: number }): void {
    const item = this.items.get(seq);
    if (item === undefined) throw new Error(`text for item ${seq}, which is not known`);
    if (offset > item.text.length) throw new Error(`text of item ${seq} is missing before ${offset}`);
    if (revision < item.revision) return;
    this.items.set(seq, { ...item, revision, text: new Uint8Array([...item.text.subarray(0, offset), ...text]) });
  }
}

/** What the log says itself, a line for each item. */
export function showLog(log: TimelineLog): string[] {
  const lines: string[] = [];
  for (let afterSeq = 0; ; ) {
    const { items, hasLater } = log.page({ afterSeq, maxRows: 1000 });
    for (const { seq, revision, payload, text } of items) {
      lines.push(`${seq}@${revision} ${textOf(payload)}|${textOf(text)}`);
      afterSeq = seq;
    }
    if (!hasLater) return lines;
  }
}
