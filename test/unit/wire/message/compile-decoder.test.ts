import { create, type DescMessage, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  FieldDescriptorProto_Label as Label,
  StructSchema,
  FieldDescriptorProto_Type as Type,
} from "@bufbuild/protobuf/wkt";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compileDecoder } from "../../../../src/wire/message/compile-decoder.ts";
import { message, withUnknown } from "./sample-messages.ts";
import { describeSamples } from "./sample-schema.ts";

const { sample } = describeSamples();
const decode = compileDecoder(sample) as NonNullable<ReturnType<typeof compileDecoder>>;

function encode(init: object): Uint8Array {
  return toBinary(sample, create(sample, init as Record<string, unknown>));
}

function numberOf(localName: string): number {
  return (sample.fields.find((field) => field.localName === localName) as DescMessage["fields"][number]).number;
}

/** A field as it is on the wire: its tag, and what stands behind it. */
function rawField(localName: string, wireType: number, ...rest: number[]): Uint8Array {
  const tag = (numberOf(localName) << 3) | wireType;
  const varint: number[] = [];
  for (let left = tag; left > 0; left >>>= 7) varint.push(left > 0x7f ? (left & 0x7f) | 0x80 : left);
  return Uint8Array.of(...varint, ...rest);
}

describe("compileDecoder", () => {
  it("gives the same message as the general codec, whatever it is", () => {
    fc.assert(
      fc.property(message, (init) => {
        const bytes = encode(init as object);
        expect(decode(bytes)).toStrictEqual(fromBinary(sample, bytes));
      }),
      { numRuns: 500 },
    );
  });

  it("merges what comes twice as the general codec does: children, oneofs, lists", () => {
    fc.assert(
      fc.property(message, message, (first, second) => {
        const bytes = Buffer.concat([encode(first as object), encode(second as object)]);
        expect(decode(new Uint8Array(bytes))).toStrictEqual(fromBinary(sample, new Uint8Array(bytes)));
      }),
      { numRuns: 200 },
    );
  });

  it("never takes bytes that the general codec refuses, and understands them in no other way", () => {
    fc.assert(
      fc.property(message, fc.nat(), fc.integer({ min: 0, max: 255 }), fc.boolean(), (init, place, byte, isCut) => {
        const bytes = encode(init as object);
        const at = bytes.length === 0 ? 0 : place % bytes.length;
        if (!isCut && bytes.length > 0) bytes[at] = byte;
        const damaged = isCut ? bytes.subarray(0, at) : bytes;
        const decoded = decode(damaged);
        if (decoded !== undefined) expect(decoded).toStrictEqual(fromBinary(sample, damaged));
      }),
      { numRuns: 1000 },
    );
  });

  it("reads lists of numbers packed and one by one, whatever the schema says", () => {
    const single = rawField("listInt32", 0, 5);
    const packed = rawField("spreadInt32", 2, 2, 5, 6);
    for (const bytes of [single, packed]) expect(decode(bytes)).toStrictEqual(fromBinary(sample, bytes));
    expect(decode(packed)).toBeDefined();
  });

  it("gives bytes as views", () => {
    const bytes = encode({ oneBytes: Uint8Array.of(1, 2, 3) });
    const { oneBytes } = decode(bytes) as unknown as { oneBytes: Uint8Array };
    expect(oneBytes.buffer).toBe(bytes.buffer);
  });

  it("leaves fields that are not known to the general codec, which keeps them", () => {
    const made = withUnknown(sample, { $unknown: [{ no: 4000, wireType: 2, data: Uint8Array.of(1, 9) }] });
    expect(decode(toBinary(sample, made))).toBeUndefined();
  });

  it.each([
    ["a negative 64-bit integer", encode({ oneInt64: -1n })],
    ["a 64-bit integer over 2^53 - 1", encode({ oneFixed64: 2n ** 53n })],
    ["a field with another wire type", rawField("oneString", 0, 1)],
    ["text that is not UTF-8", rawField("oneString", 2, 1, 0xff)],
    ["a length past the end", rawField("oneBytes", 2, 5, 1)],
    ["a number that is cut off", rawField("oneFixed32", 5, 1, 2)],
  ])("leaves %s to the general codec", (_, bytes) => {
    expect(decode(bytes)).toBeUndefined();
  });

  it("leaves messages that are nested too deep to the general codec", () => {
    let init: object = {};
    for (let depth = 1; depth < 100; depth += 1) init = { child: init };
    expect(decode(encode(init))).toBeDefined();
    expect(decode(encode({ child: init }))).toBeUndefined();
  });

  const field = { name: "rare", number: 1, label: Label.OPTIONAL };
  it.each([
    ["a float", { ...field, type: Type.FLOAT }],
    ["a 64-bit integer kept as a string", { ...field, type: Type.INT64, options: { jstype: 1 } }],
    [
      "a message with something rare",
      { ...field, type: Type.MESSAGE, typeName: ".sample.Rare" },
      { ...field, number: 2, name: "f", type: Type.FLOAT },
    ],
  ])("leaves types with %s to the general codec", (_, ...rare) => {
    expect(compileDecoder(describeSamples(rare as never).rare)).toBeUndefined();
  });

  it("leaves what is not proto3, and the types of google.protobuf, to the general codec", () => {
    const proto2 = describeSamples([{ ...field, type: Type.INT32 }], "proto2");
    expect([compileDecoder(proto2.rare), compileDecoder(StructSchema)]).toEqual([undefined, undefined]);
  });
});
