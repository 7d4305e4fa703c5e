import { create, type DescMessage, type MessageShape } from "@bufbuild/protobuf";
import fc from "fast-check";
import { SCALARS } from "./sample-schema.ts";

const int32 = fc.oneof(fc.integer(), fc.integer({ min: -300, max: 300 }), fc.constantFrom(-0x80000000, 0x7fffffff));
const uint32 = fc.oneof(fc.integer({ min: 0, max: 0xffffffff }), fc.integer({ min: 0, max: 300 }));
const uint64 = fc.bigInt({ min: 0n, max: 2n ** 53n - 1n });

const texts = fc.string({ unit: "grapheme", maxLength: 8 }).filter((text) => text !== "__proto__");

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

/** What messages of `Sample` can be made of. */
export const { message } = fc.letrec<{ message: unknown }>((tie) => ({
  message: fc.record(fieldsOf(fc.option(tie("message"), { nil: undefined, depthSize: "small", maxDepth: 2 }))),
}));

/** Every property of `Sample`. @param child What its messages are made of. */
export function fieldsOf(child: fc.Arbitrary<unknown>): Record<string, fc.Arbitrary<unknown>> {
  const fields: Record<string, fc.Arbitrary<unknown>> = {
    child,
    children: fc.array(child, { maxLength: 2 }).map((list) => list.filter((item) => item !== undefined)),
    group: fc.oneof(
      fc.constant({ case: undefined }),
      ...SCALARS.map((name) => fc.record({ case: fc.constant(`case${capital(name)}`), value: valuesOf(name) })),
      child.map((value) => (value === undefined ? { case: undefined } : { case: "caseChild", value })),
    ),
    mapString: fc.dictionary(texts, valuesOf("STRING"), { maxKeys: 3 }),
    mapInt32: fc.dictionary(texts, valuesOf("INT32"), { maxKeys: 3 }),
    mapChild: fc.dictionary(
      texts,
      child.map((value) => value ?? {}),
      { maxKeys: 2 },
    ),
    when: fc.option(fc.record({ seconds: uint64, nanos: fc.integer({ min: 0, max: 999_999_999 }) }), {
      nil: undefined,
    }),
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

/** Makes a message: `create` drops unknown fields. */
export function createWithUnknown(desc: DescMessage, init: unknown): MessageShape<DescMessage> {
  const made = create(desc, init as Record<string, unknown>) as MessageShape<DescMessage>;
  const { $unknown } = init as { $unknown?: NonNullable<typeof made.$unknown> };
  if ($unknown !== undefined) made.$unknown = $unknown;
  return made;
}
