import {
  create,
  type DescField,
  type DescMessage,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import {
  FieldDescriptorProto_Label as Label,
  StructSchema,
  FieldDescriptorProto_Type as Type,
} from "@bufbuild/protobuf/wkt";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compileEncoder } from "../../../../src/wire/message/compile-encoder.ts";
import { createWithUnknown, fieldsOf, message } from "./sample-messages.ts";
import { describeSamples } from "./sample-schema.ts";

const { sample } = describeSamples();
const encode = compileEncoder(sample) as NonNullable<ReturnType<typeof compileEncoder>>;

/** What a caller gives has no unknown fields, at no depth. */
function withoutUnknown(value: unknown): unknown {
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return value;
  if (Array.isArray(value)) return value.map(withoutUnknown);
  const fields = Object.entries(value).filter(([name]) => name !== "$unknown");
  return Object.fromEntries(fields.map(([name, field]) => [name, withoutUnknown(field)]));
}

describe("compileEncoder", () => {
  it("gives the same bytes as the general codec, whatever the message", () => {
    fc.assert(
      fc.property(message, (init) => {
        const made = createWithUnknown(sample, init);
        expect(encode(made)).toEqual(toBinary(sample, made));
      }),
      { numRuns: 500 },
    );
  });

  it("gives the same bytes for what a caller gives, which need not be whole", () => {
    fc.assert(
      fc.property(message, (init) => {
        const fields = withoutUnknown(init) as Record<string, unknown>;
        const bytes = encode(fields as MessageInitShape<DescMessage>);
        expect(bytes).toEqual(toBinary(sample, create(sample, fields)));
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    [
      "unknown fields, which are not the caller's to give",
      { $unknown: [{ no: 9, wireType: 0, data: Uint8Array.of(1) }] },
    ],
    ["a null", { oneInt32: null }],
    ["bytes in another form", { oneBytes: [1] }],
    ["a oneof that is null", { group: null }],
    ["a list that is null", { listString: null }],
  ])("leaves what a caller gives to the general codec where it has %s", (_, init) => {
    expect(encode(init as unknown as MessageInitShape<DescMessage>)).toBeUndefined();
  });

  it("gives the same bytes for lists wherever shared memory ends, and keeps them when others are encoded", () => {
    const lists = Array.from({ length: 100 }, (_, i) => ({
      listSint32: Array.from({ length: 20 * i }, (__, j) => j * i),
    }));
    const encoded = lists.map((list) => encode(list as MessageInitShape<DescMessage>));
    const general = lists.map((list) => toBinary(sample, create(sample, list)));
    const isSame = general.map((bytes, i) => Buffer.compare(bytes, encoded[i] ?? new Uint8Array(0)) === 0);
    expect(isSame).not.toContain(false);
  });

  it("keeps hardly more memory than a large message takes, and copies a small one out of it", () => {
    const large = encode({ oneBytes: new Uint8Array(65_536) } as MessageInitShape<DescMessage>);
    expect(large?.buffer.byteLength).toBeLessThan(65_600);
    const small = encode({ oneString: "t".repeat(9_000) } as MessageInitShape<DescMessage>);
    expect(small?.buffer.byteLength).toBe(small?.length);
  });

  it("leaves an integer of -0 out, and writes a double of -0, as the general codec does", () => {
    const made = Object.assign(create(sample), { oneInt32: -0, oneUint32: -0, oneDouble: -0 });
    expect(encode(made as MessageShape<DescMessage>)).toEqual(toBinary(sample, made as MessageShape<DescMessage>));
  });

  it.each([
    ["a negative 64-bit integer", { oneInt64: -1n }],
    ["a 64-bit integer over 2^53 - 1", { oneUint64: 2n ** 53n }],
    ["a 64-bit integer that is a number", { oneInt64: 5 }],
    ["an integer that is a string", { oneInt32: "5" }],
    ["an integer out of range", { oneUint32: -1 }],
    ["a fraction", { oneInt32: 0.5 }],
    ["a string that is none", { oneString: 5 }],
    ["bytes that are none", { oneBytes: [1] }],
    ["a list that is none", { listString: "ab" }],
    ["a map that is none", { mapString: null }],
    ["a time before 1970", { when: { $typeName: "google.protobuf.Timestamp", seconds: -1n, nanos: 0 } }],
    ["a child that is null", { child: null }],
    ["a child of another type", { child: { $typeName: "sample.Other" } }],
    ["a message of another type", { $typeName: "sample.Other" }],
  ])("leaves %s to the general codec", (_, wrong) => {
    expect(encode(Object.assign(create(sample), wrong) as MessageShape<DescMessage>)).toBeUndefined();
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
    expect(compileEncoder(describeSamples(rare as never).rare)).toBeUndefined();
  });

  it("leaves what is not proto3, and the types of google.protobuf, to the general codec", () => {
    const proto2 = describeSamples([{ ...field, type: Type.INT32 }], "proto2");
    expect([compileEncoder(proto2.rare), compileEncoder(StructSchema)]).toEqual([undefined, undefined]);
  });

  it("knows every field of the sample", () => {
    const names = Object.keys(fieldsOf(fc.constant(undefined)));
    const covered = sample.fields.map((each: DescField) => each.oneof?.localName ?? each.localName);
    expect(new Set(covered)).toEqual(new Set(names.filter((name) => name !== "$unknown")));
  });
});
