import { type DescField, type DescMessage, fromBinary, type MessageShape, toBinary } from "@bufbuild/protobuf";
import {
  FieldDescriptorProto_Label as Label,
  StructSchema,
  FieldDescriptorProto_Type as Type,
} from "@bufbuild/protobuf/wkt";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compileDecoder } from "../../../../src/wire/message/compile-decoder.ts";
import { createWithUnknown, message } from "./sample-messages.ts";
import { describeSamples } from "./sample-schema.ts";

const { sample } = describeSamples();
const decode = compileDecoder(sample) as NonNullable<ReturnType<typeof compileDecoder>>;

/** What the general codec makes of bytes; undefined where it refuses them. */
function decodeGenerally(bytes: Uint8Array): MessageShape<DescMessage> | undefined {
  try {
    return fromBinary(sample, bytes);
  } catch {
    return undefined;
  }
}

function numberOf(name: string): number {
  return sample.fields.find((field: DescField) => field.localName === name)?.number ?? 0;
}

function varint(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(value >>> 7)];
}

function tagOf(name: string, wireType: number): number[] {
  return varint((numberOf(name) << 3) | wireType);
}

describe("compileDecoder", () => {
  it("gives the same message as the general codec, whatever it is", () => {
    fc.assert(
      fc.property(message, (init) => {
        const bytes = toBinary(sample, createWithUnknown(sample, init));
        expect(decode(bytes)).toStrictEqual(fromBinary(sample, bytes));
      }),
      { numRuns: 300 },
    );
  });

  it("gives the same message or none, whatever the bytes are", () => {
    const change = fc.tuple(fc.nat(), fc.nat(255));
    fc.assert(
      fc.property(message, fc.array(change, { maxLength: 3 }), fc.nat(4), (init, changes, cut) => {
        const bytes = toBinary(sample, createWithUnknown(sample, init));
        for (const [place, byte] of changes) bytes[place % Math.max(1, bytes.length)] = byte;
        const read = decode(bytes.subarray(0, Math.max(0, bytes.length - cut)));
        if (read !== undefined) {
          expect(read).toStrictEqual(decodeGenerally(bytes.subarray(0, Math.max(0, bytes.length - cut))));
        }
      }),
      { numRuns: 600 },
    );
  });

  it("makes parts for each message alone", () => {
    const [one, other] = [decode(new Uint8Array(0)), decode(new Uint8Array(0))] as Record<string, unknown>[];
    for (const part of ["listInt32", "mapString", "group", "oneBytes"]) expect(one?.[part]).not.toBe(other?.[part]);
  });

  it("takes bytes as views", () => {
    const bytes = Uint8Array.from([...tagOf("oneBytes", 2), 2, 7, 8]);
    const read = decode(bytes) as unknown as { readonly oneBytes: Uint8Array };
    bytes[bytes.length - 1] = 9;
    expect(read.oneBytes).toEqual(Uint8Array.of(7, 9));
  });

  it.each([
    ["a message that comes twice", [...tagOf("child", 2), 0, ...tagOf("child", 2), 0]],
    ["two cases of a oneof", [...tagOf("caseBool", 0), 1, ...tagOf("caseInt32", 0), 1]],
    ["a field of another wire type", [...tagOf("oneString", 0), 1]],
    ["a 64-bit integer below 0", [...tagOf("oneInt64", 0), ...new Array(9).fill(0xff), 1]],
    ["a map entry without its key", [...tagOf("mapInt32", 2), 2, 0x10, 1]],
    [
      "a map entry with __proto__ as its key",
      [...tagOf("mapInt32", 2), 13, 0x0a, 9, ...Buffer.from("__proto__"), 0x10, 1],
    ],
    ["a text that is not UTF-8", [...tagOf("oneString", 2), 1, 0xff]],
    ["a long text that is not UTF-8", [...tagOf("oneString", 2), 40, ...new Array(39).fill(0x61), 0xff]],
    ["a length beyond the end", [...tagOf("oneString", 2), 9]],
    ["a child that reaches beyond its end", [...tagOf("child", 2), 2, ...tagOf("oneInt32", 0), 0x80, 1]],
  ])("leaves %s to the general codec", (_, bytes) => {
    expect(decode(Uint8Array.from(bytes))).toBeUndefined();
  });

  it("reads U+FFFD where it was sent", () => {
    const text = "the tide \ufffd and the harbour";
    const bytes = Uint8Array.from([...tagOf("oneString", 2), Buffer.byteLength(text), ...Buffer.from(text)]);
    expect(decode(bytes)).toMatchObject({ oneString: text });
  });

  it("leaves messages that are nested deeper than 100 levels to the general codec", () => {
    let bytes: number[] = [];
    for (let i = 0; i < 120; i += 1) bytes = [...tagOf("child", 2), ...varint(bytes.length), ...bytes];
    expect(decode(Uint8Array.from(bytes))).toBeUndefined();
  });

  const field = { name: "rare", number: 1, label: Label.OPTIONAL };
  it.each([
    ["a float", { ...field, type: Type.FLOAT }],
    ["a 64-bit integer kept as a string", { ...field, type: Type.INT64, options: { jstype: 1 } }],
    [
      "a map whose keys are no texts",
      { ...field, label: Label.REPEATED, type: Type.MESSAGE, typeName: ".sample.Rare.RareEntry" },
    ],
  ])("leaves types with %s to the general codec", (_, ...rare) => {
    expect(compileDecoder(describeSamples(rare as never).rare)).toBeUndefined();
  });

  it("leaves what is not proto3, and most types of google.protobuf, to the general codec", () => {
    const proto2 = describeSamples([{ ...field, type: Type.INT32 }], "proto2");
    expect([compileDecoder(proto2.rare), compileDecoder(StructSchema)]).toEqual([undefined, undefined]);
  });
});
