import { type DescField, type DescMessage, type MessageShape, ScalarType } from "@bufbuild/protobuf";
import { allocate } from "../../core/allocate.ts";
import { sizeDelimited, sizeUint64, sizeUnknown, type UnknownField, writeUnknown, writeVarint } from "../codec.ts";
import { assume, type ScalarEncoder, scalarEncoders } from "./scalar-encoder.ts";

/** Encodes a message of one type. Undefined where something in it is rare: then the general codec has to do it. */
export type MessageEncoder<D extends DescMessage> = (message: MessageShape<D>) => Uint8Array | undefined;

/**
 * Makes an encoder of a message type that gives the same bytes as the general one of @bufbuild/protobuf, several times
 * faster: sizes first, then one allocation, nothing copied twice.
 * @returns undefined for types with something rare in them: not proto3, maps, floats, groups, JSON and wrapper types.
 */
export function compileEncoder<D extends DescMessage>(desc: D): MessageEncoder<D> | undefined {
  const type = compileType(desc, new Map());
  if (type === undefined) return undefined;
  return (message) => {
    const sizes = new Sizes();
    try {
      const size = type.size(message, sizes);
      const bytes = allocate(size);
      return type.write(bytes, 0, message, sizes) === size ? bytes : undefined;
    } catch {
      return undefined;
    }
  };
}

/** The sizes of what is inside of a message, in the order in which they are needed for writing. */
class Sizes {
  private readonly sizes: number[] = [];
  private next = 0;

  /** Keeps the place of a size that is not known yet. */
  reserve(): number {
    return this.sizes.push(0) - 1;
  }

  set(place: number, size: number): number {
    this.sizes[place] = size;
    return size;
  }

  take(): number {
    return this.sizes[this.next++] as number;
  }
}

/** Encodes a message, or one of its fields. */
interface PartEncoder {
  size(message: object, sizes: Sizes): number;
  write(bytes: Uint8Array, offset: number, message: object, sizes: Sizes): number;
}

/** Encodes a value of a field, with its tag. */
interface ValueEncoder {
  size(value: unknown, sizes: Sizes): number;
  write(bytes: Uint8Array, offset: number, value: unknown, sizes: Sizes): number;
}

const PROTO3 = 999;
const LEGACY_REQUIRED = 3;
const IMPLICIT = 2;

class TypeEncoder implements PartEncoder {
  fields: readonly PartEncoder[] = [];
  private readonly typeName: string;

  constructor(typeName: string) {
    this.typeName = typeName;
  }

  size(message: object, sizes: Sizes): number {
    const { $typeName, $unknown } = message as { $typeName?: string; $unknown?: UnknownField[] };
    assume($typeName === this.typeName);
    let size = $unknown === undefined ? 0 : sizeUnknown($unknown);
    for (let i = 0; i < this.fields.length; i += 1) size += (this.fields[i] as PartEncoder).size(message, sizes);
    return size;
  }

  write(bytes: Uint8Array, offset: number, message: object, sizes: Sizes): number {
    let position = offset;
    for (let i = 0; i < this.fields.length; i += 1) {
      position = (this.fields[i] as PartEncoder).write(bytes, position, message, sizes);
    }
    const { $unknown } = message as { $unknown?: UnknownField[] };
    return $unknown === undefined ? position : writeUnknown(bytes, position, $unknown);
  }
}

/** @param types Types that are compiled already, or are just being compiled: a type may contain itself. */
function compileType(desc: DescMessage, types: Map<DescMessage, TypeEncoder>): TypeEncoder | undefined {
  const known = types.get(desc);
  if (known !== undefined) return known;
  if ((desc.file.edition as number) !== PROTO3 || desc.typeName.startsWith("google.protobuf.")) return undefined;
  const type = new TypeEncoder(desc.typeName);
  types.set(desc, type);
  const fields: PartEncoder[] = [];
  for (const field of [...desc.fields].sort((a, b) => a.number - b.number)) {
    const encoder = compileField(field, types);
    if (encoder === undefined) return undefined;
    fields.push(encoder);
  }
  type.fields = fields;
  return type;
}

function compileField(field: DescField, types: Map<DescMessage, TypeEncoder>): PartEncoder | undefined {
  if (field.presence === LEGACY_REQUIRED || field.fieldKind === "map") return undefined;
  const message = field.message === undefined ? undefined : compileType(field.message, types);
  const scalar = scalarEncoders[scalarTypeOf(field) ?? ScalarType.GROUP];
}
