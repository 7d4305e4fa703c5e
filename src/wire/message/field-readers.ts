import type { UnknownField, WireReader } from "../codec.ts";
import { assume } from "../message-codec.ts";

/** A message that is being decoded. */
export interface Target {
  [property: string]: unknown;
  $unknown?: UnknownField[];
}

/** Reads one value without its tag. Throws for what is left to the general codec. @param depth Messages around it. */
export type ValueReader = (reader: WireReader, depth: number) => unknown;

/** Reads what stands behind a tag into a message. Throws for what is left to the general codec. @param depth With that. */
export type FieldReader = (message: Target, reader: WireReader, depth: number) => void;

/** What a property of a message is before anything is read: a value, or what makes one that no other message has. */
export type ZeroPart =
  | { readonly name: string; readonly kind: "shared"; readonly zero: unknown }
  | { readonly name: string; readonly kind: "oneof" | "list" | "map" | "bytes" };

/** As deep as the general codec goes. */
const MAX_NESTING = 100;
/** Tags below this are looked up in an array. */
const MAX_SHORT_TAG = 256;

/** Messages of one type. */
export class MessageReader {
  private readonly typeName: string;
  private readonly zeroParts: readonly ZeroPart[];
  private readonly numbers: ReadonlySet<number>;
  private readonly short: Array<FieldReader | undefined> = new Array(MAX_SHORT_TAG).fill(undefined);
  private readonly long = new Map<number, FieldReader>();

  /** @param typeName The name that its messages have. @param zeroParts What is always there. @param numbers Of all fields. */
  constructor(typeName: string, zeroParts: readonly ZeroPart[], numbers: ReadonlySet<number>) {
    this.typeName = typeName;
    this.zeroParts = zeroParts;
    this.numbers = numbers;
  }

  /** Says how a field is read. */
  add(tag: number, read: FieldReader): void {
    if (tag < MAX_SHORT_TAG) this.short[tag] = read;
    else this.long.set(tag, read);
  }

  /** Reads a message behind its length. */
  readonly read = (reader: WireReader, depth: number): Target => this.readTo(reader, reader.limit(), depth + 1);

  /** Reads a message up to a position. */
  readTo(reader: WireReader, end: number, depth: number): Target {
    assume(depth <= MAX_NESTING);
    const message = this.create();
    while (reader.pos < end) {
      const tag = reader.tag();
      const read = tag < MAX_SHORT_TAG ? this.short[tag] : this.long.get(tag);
      if (read === undefined) this.keep(message, reader, tag, depth);
      else read(message, reader, depth);
    }
    assume(reader.pos === end);
    return message;
  }

  private create(): Target {
    const message: Target = { $typeName: this.typeName };
    const { zeroParts } = this;
    for (let i = 0; i < zeroParts.length; i += 1) {
      const part = zeroParts[i] as ZeroPart;
      if (part.kind === "shared") message[part.name] = part.zero;
      else if (part.kind === "list") message[part.name] = [];
      else if (part.kind === "oneof") message[part.name] = { case: undefined };
      else message[part.name] = part.kind === "map" ? {} : new Uint8Array(0);
    }
    return message;
  }

  private keep(message: Target, reader: WireReader, tag: number, depth: number): void {
    // A field that comes in another form than the schema says is not one that this version does not know.
    assume(!this.numbers.has(tag >>> 3));
    message.$unknown ??= [];
    message.$unknown.push(reader.unknown(tag, depth));
  }
}

/** A field with one value, or none. */
export function singular(name: string, read: ValueReader): FieldReader {
  return (message, reader, depth) => {
    message[name] = read(reader, depth);
  };
}

/** A field with one message, or none. A second one would be merged with the first. */
export function child(name: string, read: ValueReader): FieldReader {
  return (message, reader, depth) => {
    assume(message[name] === undefined);
    message[name] = read(reader, depth);
  };
}

/** One case of a oneof. A second one would replace the first, or be merged with it. */
export function oneCase(group: string, name: string, read: ValueReader): FieldReader {
  return (message, reader, depth) => {
    const oneof = message[group] as { case: string | undefined; value?: unknown };
    assume(oneof.case === undefined);
    message[group] = { case: name, value: read(reader, depth) };
  };
}

/** One element of a list. */
export function element(name: string, read: ValueReader): FieldReader {
  return (message, reader, depth) => void (message[name] as unknown[]).push(read(reader, depth));
}

/** The elements of a packed list. */
export function packed(name: string, read: ValueReader): FieldReader {
  return (message, reader, depth) => {
    const list = message[name] as unknown[];
    const end = reader.limit();
    while (reader.pos < end) list.push(read(reader, depth));
    assume(reader.pos === end);
  };
}

const KEY_TAG = 0x0a;

/** One entry of a map with texts as keys. @param valueTag The tag of its value. */
export function entry(name: string, read: ValueReader, valueTag: number): FieldReader {
  return (message, reader, depth) => {
    const end = reader.limit();
    assume(reader.tag() === KEY_TAG);
    const key = reader.string();
    assume(key !== "__proto__" && reader.tag() === valueTag);
    (message[name] as Record<string, unknown>)[key] = read(reader, depth);
    assume(reader.pos === end);
  };
}
