import type { SqliteDatabase } from "../sqlite/sqlite-database.ts";
import { joinBytes } from "./log-draft.ts";
import { prepareReads, prepareWrites, type Row } from "./sqlite-statements.ts";
import type {
  ChangedItem,
  ItemChange,
  ItemSize,
  LogChange,
  LogHead,
  PagePosition,
  ReadLimit,
  TimelineBackend,
} from "./timeline-backend.ts";
import type { StoredItem } from "./timeline-store.ts";

const NONE = new Uint8Array(0);

/** Logs in a database. */
export class SqliteTimelines implements TimelineBackend {
  private readonly database: SqliteDatabase;
  private readonly reads: ReturnType<typeof prepareReads>;
  private readonly writes: ReturnType<typeof prepareWrites>;
  private lastId: number;

  /** @param database The database, with Moorline's tables. */
  constructor(database: SqliteDatabase) {
    this.database = database;
    this.reads = prepareReads(database);
    this.writes = prepareWrites(database);
    this.lastId = database.run(() => Number(this.reads.lastId.get()?.id ?? 0));
  }

  find(name: string): LogHead | undefined {
    const row = this.database.run(() => this.reads.find.get(name));
    return row === undefined ? undefined : rowToHead(row);
  }

  list(): LogHead[] {
    return this.database.run(() => this.reads.list.all().map(rowToHead));
  }

  nextId(): number {
    this.lastId += 1;
    return this.lastId;
  }

  sizeOf(log: number, seq: number): ItemSize {
    const row = this.database.run(() => this.reads.size.get(log, seq));
    return { payloadBytes: Number(row?.payload_bytes), textBytes: Number(row?.text_bytes) };
  }

  commit(changes: readonly LogChange[]): void {
    this.database.transact(() => {
      for (const change of changes) this.write(change);
    });
  }

  page(log: number, position: PagePosition, limit: ReadLimit): StoredItem[] {
    const { forward, backward } = this.reads;
    return this.database.run(() => {
      const rows =
        position.direction === "forward"
          ? forward.iterate(log, position.afterSeq, limit.maxRows)
          : backward.iterate(log, position.beforeSeq, limit.maxRows);
      return this.collect(rows, limit.maxBytes, (row) => this.toStored(log, row), bytesOfItem);
    });
  }

  changedSeqs(log: number, since: number, limit: number): number[] {
    return this.database.run(() => this.reads.changedSeqs.all(log, since, limit).map(({ seq }) => Number(seq)));
  }

  firstChangedSeq(log: number, since: number): number | undefined {
    const seq = this.database.run(() => this.reads.firstChangedSeq.get(log, since)?.seq);
    return typeof seq === "number" ? seq : undefined;
  }

  changedAfter(log: number, since: number, afterSeq: number, { maxRows, maxBytes }: ReadLimit): ChangedItem[] {
    return this.database.run(() => {
      const rows = this.reads.changedAfter.iterate(log, afterSeq, since, maxRows);
      return this.collect(rows, maxBytes, (row) => this.toChanged(log, since, row), bytesOfChange);
    });
  }

  changedItem(log: number, since: number, seq: number): ChangedItem | undefined {
    return this.database.run(() => {
      const row = this.reads.changedItem.get(log, seq, since);
      return row === undefined ? undefined : this.toChanged(log, since, row);
    });
  }

  private collect<T>(rows: Iterable<Row>, maxBytes: number, read: (row: Row) => T, bytesOf: (found: T) => number): T[] {
    const found: T[] = [];
    let bytes = 0;
    for (const row of rows) {
      const next = read(row);
      bytes += bytesOf(next);
      if (found.length > 0 && bytes > maxBytes) break;
      found.push(next);
    }
    return found;
  }

  private write({ head, fate, hasNewRecord, items }: LogChange): void {
    const { id, name, epoch, lastSeq, revision, record } = head;
    if (fate === "deleted") {
      for (const remove of this.writes.deleteLog) remove.run(id);
      return;
    }
    if (fate === "made") this.writes.makeLog.run(id, name, epoch, lastSeq, revision, record);
    else if (hasNewRecord) this.writes.changeLog.run(lastSeq, revision, record, id);
    else this.writes.moveLog.run(lastSeq, revision, id);
    for (const item of items) this.writeItem(id, item);
  }

  private writeItem(log: number, { seq, revision, base, textStart, text }: ItemChange): void {
    const { appendItem, replaceItem, growItem, deleteText, appendText } = this.writes;
    const textBytes = textStart + text.length;
    if (base === undefined) growItem.run(revision, textBytes, log, seq);
    else if (base.isNew) {
      appendItem.run(log, seq, revision, revision, revision, base.createdAtMs, textBytes, base.payload);
    } else {
      deleteText.run(log, seq);
      replaceItem.run(revision, revision, textBytes, base.payload, log, seq);
    }
    if (text.length > 0) appendText.run(log, seq, textStart, revision, text);
  }

  private toChanged(log: number, since: number, row: Row): ChangedItem {
    if (Number(row.base_revision) > since) {
      const news = Number(row.created_revision) > since ? "appended" : "replaced";
      return { item: this.toStored(log, row), news, textStart: 0 };
    }
    const text = this.readText(log, Number(row.seq), since);
    const textStart = Number(row.text_bytes) - text.length;
    return { item: { ...rowToItem(row, text), payload: NONE }, news: "text", textStart };
  }

  private toStored(log: number, row: Row): StoredItem {
    return rowToItem(row, Number(row.text_bytes) === 0 ? NONE : this.readText(log, Number(row.seq), 0));
  }

  /** The text that was added since. Pieces are read from the end, so that what is known is not read again. */
  private readText(log: number, seq: number, since: number): Uint8Array {
    const pieces: Uint8Array[] = [];
    for (const { revision, data } of this.reads.text.iterate(log, seq)) {
      if (Number(revision) <= since) break;
      pieces.push(data as Uint8Array);
    }
    return joinBytes(pieces.reverse());
  }
}

function rowToHead({ id, name, epoch, last_seq, revision, record }: Row): LogHead {
  return {
    id: Number(id),
    name: String(name),
    epoch: String(epoch),
    lastSeq: Number(last_seq),
    revision: Number(revision),
    record: record as Uint8Array,
  };
}

function rowToItem({ seq, revision, created_at_ms, payload }: Row, text: Uint8Array): StoredItem {
  const position = { seq: Number(seq), revision: Number(revision) };
  return { ...position, createdAtMs: Number(created_at_ms), payload: payload as Uint8Array, text };
}

function bytesOfItem({ payload, text }: StoredItem): number {
  return payload.length + text.length;
}

function bytesOfChange({ item }: ChangedItem): number {
  return bytesOfItem(item);
}
