import { MoorlineError } from "../../wire/moorline-error.ts";
import { MemoryLog } from "./memory-log.ts";
import type {
  ChangedItem,
  ItemSize,
  LogChange,
  LogHead,
  PagePosition,
  ReadLimit,
  TimelineBackend,
} from "./timeline-backend.ts";
import type { StoredItem } from "./timeline-store.ts";

/** Logs in memory. */
export class MemoryTimelines implements TimelineBackend {
  private readonly maxBytes: () => number;
  private readonly logs = new Map<number, MemoryLog>();
  private readonly ids = new Map<string, number>();
  private lastId = 0;

  /** @param maxBytes The most bytes of payloads and texts, of all logs; asked for with each commit. */
  constructor(maxBytes: () => number) {
    this.maxBytes = maxBytes;
  }

  find(name: string): LogHead | undefined {
    const id = this.ids.get(name);
    return id === undefined ? undefined : this.log(id).head;
  }

  list(): LogHead[] {
    return [...this.logs.values()].map(({ head }) => head);
  }

  nextId(): number {
    this.lastId += 1;
    return this.lastId;
  }

  sizeOf(log: number, seq: number): ItemSize {
    return this.log(log).sizeOf(seq);
  }

  commit(changes: readonly LogChange[]): void {
    const bytes = changes.reduce((sum, change) => sum + this.growthOf(change), 0);
    const most = this.maxBytes();
    if (bytes > 0 && bytes + this.bytes() > most) {
      throw new MoorlineError("STORAGE_FULL", `The timelines would have more than ${most} bytes.`);
    }
    for (const change of changes) this.apply(change);
  }

  page(log: number, position: PagePosition, limit: ReadLimit): StoredItem[] {
    return this.log(log).page(position, limit);
  }

  changedSeqs(log: number, since: number, limit: number): number[] {
    return this.log(log).changedSeqs(since, limit);
  }

  firstChangedSeq(log: number, since: number): number | undefined {
    const seqs = this.log(log).changedSeqs(since, Number.POSITIVE_INFINITY);
    return seqs.length === 0 ? undefined : seqs.reduce((least, seq) => Math.min(least, seq));
  }

  changedAfter(log: number, since: number, afterSeq: number, limit: ReadLimit): ChangedItem[] {
    return this.log(log).changedAfter(since, afterSeq, limit);
  }

  changedItem(log: number, since: number, seq: number): ChangedItem | undefined {
    return this.log(log).changedItem(since, seq);
  }

  private apply({ head, fate, items }: LogChange): void {
    if (fate === "deleted") {
      this.logs.delete(head.id);
      this.ids.delete(head.name);
      return;
    }
    if (fate === "made") {
      this.logs.set(head.id, new MemoryLog(head));
      this.ids.set(head.name, head.id);
    }
    this.log(head.id).apply(head, items);
  }

  private growthOf({ head, fate, items }: LogChange): number {
    const before = this.logs.get(head.id);
    if (fate === "deleted") return -(before?.bytes ?? 0);
    const recordGrowth = head.record.length - (before?.head.record.length ?? 0);
    return items.reduce((sum, item) => {
      const added = (item.base?.payload.length ?? 0) + item.text.length;
      return sum + added - (item.base?.isNew === false ? (before?.bytesOf(item.seq) ?? 0) : 0);
    }, recordGrowth);
  }

  private bytes(): number {
    let sum = 0;
    for (const { bytes } of this.logs.values()) sum += bytes;
    return sum;
  }

  private log(id: number): MemoryLog {
    const log = this.logs.get(id);
    if (log === undefined) throw new Error(`there is no log ${id}`);
    return log;
  }
}
