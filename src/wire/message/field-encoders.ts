import { sizeDelimited, sizeUint64, sizeUnknown, type UnknownField, writeUnknown, writeVarint } from "../codec.ts";
import { assume, type ScalarEncoder } from "./scalar-encoder.ts";

/** The sizes of what stands in a message behind its length, in the order in which they are measured and written. */
export class Sizes {
  private readonly sizes: number[] = [];
  private next = 0;

  /** Keeps the place of a size that will be known later. */
  reserve(): number {
    return this.sizes.push(0) - 1;
  }

  /** Fills the place. @returns The bytes that something of that size takes with its length before it. */
  fill(place: number, size: number): number {
    this.sizes[place] = size;
    return sizeDelimited(size);
  }

  /** The next size, for writing. */
  take(): number {
    return this.sizes[this.next++] as number;
  }
}

/** Measures and writes an object, in whole or in part: what it writes takes as many bytes as it has measured. */
export interface PartEncoder {
  /** Bytes that it takes. Throws for what is left to the general codec. */
  size(source: object, sizes: Sizes): number;
  /** Writes it, and returns the position after it. */
  write(bytes: Uint8Array, offset: number, source: object, sizes: Sizes): number;
}

/** Measures and writes one value with its tag. */
export interface ValueEncoder {
  /** Bytes that it takes. Throws for what is left to the general codec. */
  size(value: unknown, sizes: Sizes): number;
  /** Writes it, and returns the position after it. */
  write(bytes: Uint8Array, offset: number, value: unknown, sizes: Sizes): number;
}

/** Messages of one type. */
export class MessageEncoder implements PartEncoder {
  /** Its fields, in the order of their numbers. Set once. */
  fields: readonly PartEncoder[] = [];
  private readonly typeName: string;

  /** @param typeName The name that a message of the type has. */
  constructor(typeName: string) {
    this.typeName = typeName;
  }

  size(message: { $typeName?: string; $unknown?: UnknownField[] }, sizes: Sizes): number {
    // Without a name it is what a caller gives, of which only the fields count.
    assume(message.$typeName === this.typeName || (message.$typeName === undefined && message.$unknown === undefined));
    let size = message.$unknown === undefined ? 0 : sizeUnknown(message.$unknown);
    for (let i = 0; i < this.fields.length; i += 1) size += (this.fields[i] as PartEncoder).size(message, sizes);
    return size;
  }

  write(bytes: Uint8Array, offset: number, message: { $unknown?: UnknownField[] }, sizes: Sizes): number {
    let position = offset;
    for (let i = 0; i < this.fields.length; i += 1) {
      position = (this.fields[i] as PartEncoder).write(bytes, position, message, sizes);
    }
    return message.$unknown === undefined ? position : writeUnknown(bytes, position, message.$unknown);
  }
}

/** A scalar behind its tag. */
export class ScalarValue implements ValueEncoder {
  private readonly tag: number;
  private readonly tagBytes: number;
  private readonly scalar: ScalarEncoder;

  constructor(no: number, scalar: ScalarEncoder) {
    this.tag = ((no << 3) | scalar.wireType) >>> 0;
    this.tagBytes = sizeUint64(this.tag);
    this.scalar = scalar;
  }

  size(value: unknown): number {
    return this.tagBytes + this.scalar.size(value);
  }

  write(bytes: Uint8Array, offset: number, value: unknown): number {
    return this.scalar.write(bytes, writeVarint(bytes, offset, this.tag), value as never);
  }
}

/** A message behind its tag and length; or the elements of a packed list. */
export class DelimitedValue implements ValueEncoder {
  private readonly tag: number;
  private readonly tagBytes: number;
  private readonly content: PartEncoder;

  constructor(no: number, content: PartEncoder) {
    this.tag = ((no << 3) | 2) >>> 0;
    this.tagBytes = sizeUint64(this.tag);
    this.content = content;
  }

  size(value: unknown, sizes: Sizes): number {
    assume(typeof value === "object" && value !== null);
    const place = sizes.reserve();
    return this.tagBytes + sizes.fill(place, this.content.size(value, sizes));
  }

  write(bytes: Uint8Array, offset: number, value: object, sizes: Sizes): number {
    const start = writeVarint(bytes, writeVarint(bytes, offset, this.tag), sizes.take());
    return this.content.write(bytes, start, value, sizes);
  }
}

/** The elements of a packed list, without tag and length. */
export class PackedElements implements PartEncoder {
  private readonly scalar: ScalarEncoder;

  constructor(scalar: ScalarEncoder) {
    this.scalar = scalar;
  }

  size(list: readonly unknown[]): number {
    let size = 0;
    for (let i = 0; i < list.length; i += 1) size += this.scalar.size(list[i]);
    return size;
  }

  write(bytes: Uint8Array, offset: number, list: readonly unknown[]): number {
    let position = offset;
    for (let i = 0; i < list.length; i += 1) position = this.scalar.write(bytes, position, list[i] as never);
    return position;
  }
}

/** One entry of a map, without its tag and length. */
export class MapEntry implements PartEncoder {
  private readonly key: ValueEncoder;
  private readonly value: ValueEncoder;

  constructor(key: ValueEncoder, value: ValueEncoder) {
    this.key = key;
    this.value = value;
  }

  size(entry: readonly [key: string, value: unknown], sizes: Sizes): number {
    return this.key.size(entry[0], sizes) + this.value.size(entry[1], sizes);
  }

  write(bytes: Uint8Array, offset: number, entry: readonly [key: string, value: unknown], sizes: Sizes): number {
    return this.value.write(bytes, this.key.write(bytes, offset, entry[0], sizes), entry[1], sizes);
  }
}

/** A map with texts as keys. */
export class MapField implements PartEncoder {
  private readonly name: string;
  private readonly entry: ValueEncoder;

  /** @param name Its property. @param entry What encodes an entry. */
  constructor(name: string, entry: ValueEncoder) {
    this.name = name;
    this.entry = entry;
  }

  size(message: object, sizes: Sizes): number {
    const map = propertyOf(message, this.name);
    if (map === undefined) return 0;
    assume(typeof map === "object" && map !== null);
    let size = 0;
    for (const entry of Object.entries(map)) size += this.entry.size(entry, sizes);
    return size;
  }

  write(bytes: Uint8Array, offset: number, message: object, sizes: Sizes): number {
    let position = offset;
    for (const entry of Object.entries((propertyOf(message, this.name) ?? {}) as object)) {
      position = this.entry.write(bytes, position, entry, sizes);
    }
    return position;
  }
}

/** A field with one value, or none. */
export class SingularField implements PartEncoder {
  private readonly name: string;
  private readonly value: ValueEncoder;
  private readonly isAbsent: (value: unknown) => boolean;

  /** @param name Its property. @param value What encodes it. @param isAbsent Which values are not written. */
  constructor(name: string, value: ValueEncoder, isAbsent: (value: unknown) => boolean) {
    this.name = name;
    this.value = value;
    this.isAbsent = isAbsent;
  }

  size(message: object, sizes: Sizes): number {
    const value = propertyOf(message, this.name);
    return this.isAbsent(value) ? 0 : this.value.size(value, sizes);
  }

  write(bytes: Uint8Array, offset: number, message: object, sizes: Sizes): number {
    const value = propertyOf(message, this.name);
    return this.isAbsent(value) ? offset : this.value.write(bytes, offset, value, sizes);
  }
}

type Oneof = { readonly case?: string; readonly value?: unknown } | undefined;

/** One case of a oneof. */
export class OneofField implements PartEncoder {
  private readonly group: string;
  private readonly name: string;
  private readonly value: ValueEncoder;

  /** @param group The property of the oneof. @param name The case. @param value What encodes it. */
  constructor(group: string, name: string, value: ValueEncoder) {
    this.group = group;
    this.name = name;
    this.value = value;
  }

  size(message: object, sizes: Sizes): number {
    const oneof = propertyOf(message, this.group) as Oneof;
    return oneof !== undefined && oneof.case === this.name ? this.value.size(oneof.value, sizes) : 0;
  }

  write(bytes: Uint8Array, offset: number, message: object, sizes: Sizes): number {
    const oneof = propertyOf(message, this.group) as Oneof;
    return oneof !== undefined && oneof.case === this.name
      ? this.value.write(bytes, offset, oneof.value, sizes)
      : offset;
  }
}

/** A list whose elements each have a tag. */
export class ListField implements PartEncoder {
  private readonly name: string;
  private readonly value: ValueEncoder;

  /** @param name Its property. @param value What encodes an element. */
  constructor(name: string, value: ValueEncoder) {
    this.name = name;
    this.value = value;
  }

  size(message: object, sizes: Sizes): number {
    const list = propertyOf(message, this.name);
    if (list === undefined) return 0;
    assume(Array.isArray(list));
    let size = 0;
    for (let i = 0; i < list.length; i += 1) size += this.value.size(list[i], sizes);
    return size;
  }

  write(bytes: Uint8Array, offset: number, message: object, sizes: Sizes): number {
    const list = propertyOf(message, this.name) as readonly unknown[] | undefined;
    if (list === undefined) return offset;
    let position = offset;
    for (let i = 0; i < list.length; i += 1) position = this.value.write(bytes, position, list[i], sizes);
    return position;
  }
}

function propertyOf(message: object, name: string): unknown {
  return (message as Readonly<Record<string, unknown>>)[name];
}
