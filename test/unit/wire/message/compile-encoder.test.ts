import { create, type DescField, type DescMessage, type MessageShape, toBinary } from "@bufbuild/protobuf";
import {
  FieldDescriptorProto_Label as Label,
  StructSchema,
  FieldDescriptorProto_Type as Type,
} from "@bufbuild/protobuf/wkt";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compileEncoder } from "../../../../src/wire/message/compile-encoder.ts";
import { describeSamples, SCALARS } from "./sample-schema.ts";

const { sample } = describeSamples();
const encode = compileEncoder(sample) as NonNullable<ReturnType<typeof compileEncoder>>;

const int32 = fc.oneof(fc.integer(), fc.integer({ min: -300, max: 300 }), fc.constantFrom(-0x80000000, 0x7fffffff));
const uint32 = fc.oneof(fc.integer({ min: 0, max: 0xffffffff }), fc.integer({ min: 0, max: 300 }));
const uint64 = fc.bigInt({ min: 0n, max: 2n ** 53n - 1n });

const values: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  bool: fc.boolean(),
  int32,
  sint32: int32,
  sfixed32: int32,
  uint32,
  fixed32: uint32,
  int64: uint64,
  uint64,
  fixed64: uint64,
  sfixed64: uint64,
  double: fc.oneof(fc.double(), fc.constantFrom(0, -0)),
  string: fc.string({ unit: "binary", maxLength: 50 }),
  bytes: fc.uint8Array({ maxLength: 200 }),
  enum: fc.constantFrom(0, 1, 7, -1),
};

const { message } = fc.letrec<{ message: unknown }>((tie) => ({
  message: fc.record(fieldsOf(fc.option(tie("message"), { nil: undefined, depthSize: "small", maxDepth: 2 }))),
}));

function fieldsOf(child: fc.Arbitrary<unknown>): Record<string, fc.Arbitrary<unknown>> {
  const fields: Record<string, fc.Arbitrary<unknown>> = {
    child,
    children: fc.array(child, { maxLength: 2 }).map((list) => list.filter((item) => item !== undefined)),
    group: fc.oneof(
      fc.constant({ case: undefined }),
      ...SCALARS.map((name) => fc.record({ case: fc.constant(`case${capital(name)}`), value: valuesOf(name) })),
      child.map((value) => (value === undefined ? { case: undefined } : { case: "caseChild", value })),
    ),
    $unknown: fc.option(
      fc.array(
        fc.record({
          no: fc.integer({ min: 4000, max: 2 ** 29 - 1 }),
          wireType: fc.constant(2),
          data: fc.constant(Uint8Array.of(1, 9)),
        }),
        { maxLength: 2 },
      ),
      { nil: undefined },
    ),
  };
  for (const name of SCALARS) {
    fields[`one${capital(name)}`] = fc.option(valuesOf(name), { nil: undefined });
    fields[`maybe${capital(name)}`] = fc.option(valuesOf(name), { nil: undefined });
    fields[`list${capital(name)}`] = fc.array(valuesOf(name), { maxLength: 3 });
    if (!["STRING", "BYTES"].includes(name))
      fields[`spread${capital(name)}`] = fc.array(valuesOf(name), { maxLength: 3 });
  }
  return fields;
}

function valuesOf(name: string): fc.Arbitrary<unknown> {
  return values[name.toLowerCase()] as fc.Arbitrary<unknown>;
}

function capital(name: string): string {
  return name.charAt(0) + name.slice(1).toLowerCase();
}

/** `create` drops unknown fields. */
function createWithUnknown(desc: DescMessage, init: unknown): MessageShape<DescMessage> {
  const made = create(desc, init as Record<string, unknown>) as MessageShape<DescMessage>;
  const { $unknown } = init as { $unknown?: NonNullable<typeof made.$unknown> };
  if ($unknown !== undefined) made.$unknown = $unknown;
  return made;
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
    ["a child that is null", { child: null }],
    ["a child of another type", { child: { $typeName: "sample.Other" } }],
    ["a message of another type", { $typeName: "sample.Other" }],
  ])("leaves %s to the general codec", (_, wrong) => {
    expect(encode(Object.assign(create(sample), wrong) as MessageShape<DescMessage>)).toBeUndefined();
  });

  it("leaves a message to the general codec that changes while it is read", () => {
    let text = "";
    const made = Object.defineProperty(create(sample), "oneString", {
      get() {
        text += "x";
        return text;
      },
    });
    expect(encode(made as MessageShape<DescMessage>)).toBeUndefined();
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
