import { allocate } from "../core/allocate.ts";
import { bigintToNumber } from "./bigint.ts";
import { type UnknownField, writeInt32, writeUnknown, writeVarint } from "./codec.ts";
import { sizeVarint, writeText } from "./utf8.ts";

/** An object whose properties may be anything: a message, or what a caller gives in its place. */
export type Loose = Readonly<Record<string, unknown>>;

/** Writes a value, whatever it is, behind a tag. */
type PutValue = (writer: WireWriter, tag: number, value: unknown) => void;

/** Where a message begins. */
interface Place {
  readonly slab: ArrayBuffer;
  readonly start: number;
}

/** Memory that small messages share. */
const SLAB_BYTES = 16 * 1024;
/** With less than this left, the next message begins in new memory. */
const LEAST_BYTES = 1024;
/** The most that a tag and a varint take. */
const SCALAR_BYTES = 15;

/**
 * Writes the fields of messages, each once, from the first to the last; a message that was written gets its length
 * then. For code that is generated for a type. A value that is not of its field, or a rare one, makes it throw:
 * the general codec deals with it. Of each kind of field there are two methods: one that leaves the zero value and undefined out,
 * and one with `put`, for what is written whatever it is.
 */
export class WireWriter {
  // The buffer itself: to ask an array for its buffer costs as much as making a view.
  private slab = new ArrayBuffer(SLAB_BYTES);
  private bytes = new Uint8Array(this.slab);
  private start = 0;
  private pos = 0;
  /** The shared memory, while a message that does not fit it has its own. */
  private shared: Place | undefined = undefined;

  /** What was written since the last time. Small messages share memory. */
  finish(): Uint8Array {
    const { start, pos } = this;
    if (this.shared !== undefined) return this.finishAlone(this.shared);
    this.start = pos;
    const message = new Uint8Array(this.slab, start, pos - start);
    if (pos > SLAB_BYTES - LEAST_BYTES) this.renew();
    return message;
  }

  /** Forgets what was written since the last time that something was finished. */
  reset(): void {
    if (this.shared !== undefined) this.goBack(this.shared);
    else this.pos = this.start;
  }

  /** What takes up most of its memory is that; else it is copied, so that not much more is kept than it takes. */
  private finishAlone(shared: Place): Uint8Array {
    const made = this.bytes.subarray(this.start, this.pos);
    const isSmall = 2 * made.length < this.bytes.length;
    this.goBack(shared);
    if (!isSmall) return made;
    const message = allocate(made.length);
    message.set(made);
    return message;
  }

  private goBack({ slab, start }: Place): void {
    this.slab = slab;
    this.bytes = new Uint8Array(slab);
    this.start = start;
    this.pos = start;
    this.shared = undefined;
  }

  private renew(): void {
    this.goBack({ slab: new ArrayBuffer(SLAB_BYTES), start: 0 });
  }

  /** Begins a message. Without a name it is what a caller gives, of which only the fields count. */
  begin(message: Loose, typeName: string): void {
    const name = message.$typeName;
    check(name === typeName || (name === undefined && message.$unknown === undefined));
  }

  /** Ends a message: writes the fields that the schema does not have. */
  unknown(message: Loose): void {
    const fields = message.$unknown as readonly UnknownField[] | undefined;
    if (fields === undefined) return;
    let size = 0;
    for (const { data } of fields) size += data.length + SCALAR_BYTES;
    this.reserve(size);
    this.pos = writeUnknown(this.bytes, this.pos, fields);
  }

  /** A string. */
  string(tag: number, value: unknown): void {
    if (value !== "" && value !== undefined) this.putString(tag, value);
  }

  /** A string, whatever it is. */
  putString(tag: number, value: unknown): void {
    check(typeof value === "string");
    this.reserve(3 * value.length + SCALAR_BYTES);
    this.pos = writeText(this.bytes, writeVarint(this.bytes, this.pos, tag), value);
  }

  /** Bytes. */
  data(tag: number, value: unknown): void {
    if (value === undefined) return;
    check(value instanceof Uint8Array);
    if (value.length > 0) this.putData(tag, value);
  }

  /** Bytes, whatever they are. */
  putData(tag: number, value: unknown): void {
    check(value instanceof Uint8Array);
    this.reserve(value.length + SCALAR_BYTES);
    const start = writeVarint(this.bytes, writeVarint(this.bytes, this.pos, tag), value.length);
    this.bytes.set(value, start);
    this.pos = start + value.length;
  }

  /** A bool. */
  bool(tag: number, value: unknown): void {
    if (value !== false && value !== undefined) this.putBool(tag, value);
  }

  /** A bool, whatever it is. */
  putBool(tag: number, value: unknown): void {
    check(typeof value === "boolean");
    this.scalar(tag, value ? 1 : 0);
  }

  /** An int32, or an enum. */
  int32(tag: number, value: unknown): void {
    if (value !== 0 && value !== undefined) this.putInt32(tag, value);
  }

  /** An int32, or an enum, whatever it is. */
  putInt32(tag: number, value: unknown): void {
    check(typeof value === "number" && (value | 0) === value);
    this.reserve(SCALAR_BYTES);
    this.pos = writeInt32(this.bytes, writeVarint(this.bytes, this.pos, tag), value);
  }

  /** A uint32. */
  uint32(tag: number, value: unknown): void {
    if (value !== 0 && value !== undefined) this.putUint32(tag, value);
  }

  /** A uint32, whatever it is. */
  putUint32(tag: number, value: unknown): void {
    check(typeof value === "number" && value >>> 0 === value);
    this.scalar(tag, value);
  }

  /** An int64 or a uint64. */
  varint64(tag: number, value: unknown): void {
    if (value !== 0n && value !== undefined) this.putVarint64(tag, value);
  }

  /** An int64 or a uint64, whatever it is. */
  putVarint64(tag: number, value: unknown): void {
    this.scalar(tag, toSafe(value));
  }

  /** A fixed64. */
  fixed64(tag: number, value: unknown): void {
    if (value !== 0n && value !== undefined) this.putFixed64(tag, value);
  }

  /** A fixed64, whatever it is. */
  putFixed64(tag: number, value: unknown): void {
    check(typeof value === "bigint" && BigInt.asUintN(64, value) === value);
    this.view(tag, 8).setBigUint64(0, value, true);
  }

  /** An sfixed64, whatever it is. */
  putSfixed64(tag: number, value: unknown): void {
    check(typeof value === "bigint" && BigInt.asIntN(64, value) === value);
    this.view(tag, 8).setBigInt64(0, value, true);
  }

  /** A fixed32, whatever it is. */
  putFixed32(tag: number, value: unknown): void {
    check(typeof value === "number" && value >>> 0 === value);
    this.view(tag, 4).setUint32(0, value, true);
  }

  /** An sfixed32, whatever it is. */
  putSfixed32(tag: number, value: unknown): void {
    check(typeof value === "number" && (value | 0) === value);
    this.view(tag, 4).setInt32(0, value, true);
  }

  /** An sint32, whatever it is. */
  putSint32(tag: number, value: unknown): void {
    check(typeof value === "number" && (value | 0) === value);
    this.scalar(tag, ((value << 1) ^ (value >> 31)) >>> 0);
  }

  /** A double. */
  double(tag: number, value: unknown): void {
    if (!Object.is(value, 0) && value !== undefined) this.putDouble(tag, value);
  }

  /** A double, whatever it is. */
  putDouble(tag: number, value: unknown): void {
    check(typeof value === "number");
    this.view(tag, 8).setFloat64(0, value, true);
  }

  /** A message. */
  message(tag: number, value: unknown, write: (writer: WireWriter, message: Loose) => void): void {
    if (value !== undefined) this.putMessage(tag, value, write);
  }

  /** A message that is there. */
  putMessage(tag: number, value: unknown, write: (writer: WireWriter, message: Loose) => void): void {
    check(typeof value === "object" && value !== null);
    const start = this.open(tag);
    write(this, value as Loose);
    this.close(start);
  }

  /** The elements of a list that is to be written one by one. */
  items(values: unknown): readonly unknown[] {
    if (values === undefined) return [];
    check(Array.isArray(values));
    return values;
  }

  /** A packed list. @param put Writes an element with a tag of one byte, which is taken out again. */
  packed(tag: number, values: unknown, put: PutValue): void {
    const items = this.items(values);
    if (items.length === 0) return;
    const start = this.open(tag);
    for (const value of items) {
      const before = this.pos - this.start;
      put(this, 0, value);
      const begin = this.start + before;
      this.bytes.copyWithin(begin, begin + 1, this.pos);
      this.pos -= 1;
    }
    this.close(start);
  }

  /** A map with texts as keys. @param put Writes a value. */
  map(tag: number, values: unknown, valueTag: number, put: PutValue): void {
    if (values === undefined) return;
    check(typeof values === "object" && values !== null);
    for (const key of Object.keys(values)) {
      const start = this.open(tag);
      this.putString(KEY_TAG, key);
      put(this, valueTag, (values as Loose)[key]);
      this.close(start);
    }
  }

  /** The place of a value of a known size, behind its tag. */
  private view(tag: number, size: number): DataView {
    this.reserve(SCALAR_BYTES);
    const start = writeVarint(this.bytes, this.pos, tag);
    this.pos = start + size;
    return new DataView(this.slab, start, size);
  }

  private scalar(tag: number, value: number): void {
    this.reserve(SCALAR_BYTES);
    this.pos = writeVarint(this.bytes, writeVarint(this.bytes, this.pos, tag), value);
  }

  /** Begins what has a length, and leaves one byte for that. @returns Where it begins in the message. */
  private open(tag: number): number {
    this.reserve(SCALAR_BYTES);
    this.pos = writeVarint(this.bytes, this.pos, tag) + 1;
    return this.pos - this.start;
  }

  /** Ends it: writes its length, and makes room where that takes more bytes. */
  private close(start: number): void {
    const length = this.pos - this.start - start;
    const more = sizeVarint(length) - 1;
    if (more > 0) {
      this.reserve(more);
      const begin = this.start + start;
      this.bytes.copyWithin(begin + more, begin, this.pos);
      this.pos += more;
    }
    writeVarint(this.bytes, this.start + start - 1, length);
  }

  private reserve(size: number): void {
    if (this.pos + size > this.bytes.length) this.move(size);
  }

  /** Takes the message that is being written to where there is room for so much more. */
  private move(size: number): void {
    const written = this.bytes.subarray(this.start, this.pos);
    const needed = written.length + size;
    if (needed <= SLAB_BYTES) this.renew();
    else {
      this.shared ??= { slab: this.slab, start: this.start };
      this.bytes = allocate(Math.max(needed, 2 * this.bytes.length));
      this.slab = this.bytes.buffer;
      this.start = 0;
    }
    this.bytes.set(written);
    this.pos = written.length;
  }
}

const KEY_TAG = 0x0a;

/** 64-bit integers below 0 and above 2^53 - 1 are rare. */
function toSafe(value: unknown): number {
  check(typeof value === "bigint");
  const number = bigintToNumber(value);
  check(number <= Number.MAX_SAFE_INTEGER);
  return number;
}

function check(isUsual: boolean): asserts isUsual {
  if (!isUsual) throw unusual;
}

const unusual: Error = /*@__PURE__*/ new Error("left to the general codec");
