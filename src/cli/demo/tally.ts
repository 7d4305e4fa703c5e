import { createHash } from "node:crypto";
import { toBinary } from "@bufbuild/protobuf";
import { OutputStream, type TimelineItem, TimelineItemSchema } from "../../../gen/moorline/agent/v1/timeline_pb.ts";
import type { ItemMark, Printed, Progress } from "./messages.ts";

const LINE_FEED = 0x0a;

/** Counts the items of a timeline as they come, and puts together what its command has printed. */
export class Tally {
  private readonly hash = createHash("sha256");
  private readonly counts = { lines: 0, duplicates: 0, gaps: 0, bytes: 0 };
  private lastSeq = 0;
  private exitCode: number | undefined;

  /** Takes the next item. */
  take({ seq, content }: TimelineItem): void {
    const place = Number(seq);
    if (place <= this.lastSeq) {
      this.counts.duplicates += 1;
      return;
    }
    this.counts.gaps += place - this.lastSeq - 1;
    this.lastSeq = place;
    if (content.case === "commandOutput" && content.value.stream === OutputStream.STDOUT) this.add(content.value.data);
    if (content.case === "processExit" && content.value.cause.case === "code") {
      this.exitCode = content.value.cause.value;
    }
  }

  /** How far it has come. */
  get progress(): Progress {
    const { lines, duplicates, gaps } = this.counts;
    return { lines, duplicates, gaps };
  }

  /** What was printed so far. */
  get printed(): Printed {
    const { lines, bytes } = this.counts;
    const exit = this.exitCode === undefined ? {} : { exitCode: this.exitCode };
    return { lines, bytes, sha256: this.hash.copy().digest("hex"), ...exit };
  }

  private add(data: Uint8Array): void {
    this.hash.update(data);
    this.counts.bytes += data.length;
    for (let at = data.indexOf(LINE_FEED); at >= 0; at = data.indexOf(LINE_FEED, at + 1)) this.counts.lines += 1;
  }
}

/** What an item is now, to be compared with what it is later. */
export function markItem(item: TimelineItem): ItemMark {
  const sha256 = createHash("sha256").update(toBinary(TimelineItemSchema, item)).digest("hex");
  return { seq: Number(item.seq), revision: Number(item.revision), sha256 };
}

/** The sum of what several timelines have come to. */
export function sumProgress(all: Iterable<Progress>): Progress {
  const sum = { lines: 0, duplicates: 0, gaps: 0 };
  for (const { lines, duplicates, gaps } of all) {
    sum.lines += lines;
    sum.duplicates += duplicates;
    sum.gaps += gaps;
  }
  return sum;
}
