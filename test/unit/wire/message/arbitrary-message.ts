import { type DescField, type DescMessage, ScalarType } from "@bufbuild/protobuf";
import fc from "fast-check";

/** As deep as arbitrary messages are. */
const MAX_DEPTH = 4;

const text = fc.oneof(
  fc.string({ maxLength: 20 }),
  fc.string({ unit: "binary", maxLength: 20 }),
  fc.string({ minLength: 60, maxLength: 300 }),
  fc.constantFrom("", "the tide \ufffd and the harbour", "é".repeat(50), "x".repeat(128)),
);
/** Above 2^53 - 1 and below 0 they are rare, and left to the general codec. */
const unsigned64 = fc.oneof(
  { arbitrary: fc.bigInt({ min: 0n, max: 2n ** 53n - 1n }), weight: 19 },
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
);
const signed64 = fc.oneof(
  { arbitrary: fc.bigInt({ min: 0n, max: 2n ** 53n - 1n }), weight: 19 },
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
);

const SCALARS: ReadonlyMap<ScalarType, fc.Arbitrary<unknown>> = new Map<ScalarType, fc.Arbitrary<unknown>>([
  [ScalarType.STRING, text],
  [ScalarType.BYTES, fc.uint8Array({ maxLength: 40 })],
  [ScalarType.BOOL, fc.boolean()],
  [ScalarType.INT32, fc.integer()],
  [ScalarType.UINT32, fc.nat(2 ** 32 - 1)],
  [ScalarType.INT64, signed64],
  [ScalarType.UINT64, unsigned64],
  [ScalarType.FIXED64, unsigned64],
  [ScalarType.DOUBLE, fc.double()],
]);

const unknownFields = fc.array(
  fc.record({
    no: fc.integer({ min: 500, max: 600 }),
    wireType: fc.constant(0),
    data: fc.nat(127).map((byte) => Uint8Array.of(byte)),
  }),
  { minLength: 1, maxLength: 2 },
);

/**
 * What a message of a type may be made of, with fields that its schema does not have among it, at any depth.
 * @param depth How many messages there are around it.
 */
export function arbitraryInit(desc: DescMessage, depth = 0): fc.Arbitrary<Record<string, unknown>> {
  const members = desc.members.flatMap((member): [string, fc.Arbitrary<unknown>][] => {
    if (member.kind === "field") return toProperty(member.localName, arbitraryField(member, depth));
    const cases = member.fields.flatMap((field) => {
      const value = arbitraryField(field, depth);
      return value === undefined ? [] : [fc.record({ case: fc.constant(field.localName), value })];
    });
    return cases.length === 0 ? [] : [[member.localName, fc.oneof(...cases)]];
  });
  const unknown = { arbitrary: unknownFields, weight: 1 };
  return fc.record(
    { ...Object.fromEntries(members), $unknown: fc.oneof({ arbitrary: fc.constant(undefined), weight: 9 }, unknown) },
    { requiredKeys: [] },
  );
}

function toProperty(name: string, value: fc.Arbitrary<unknown> | undefined): [string, fc.Arbitrary<unknown>][] {
  return value === undefined ? [] : [[name, value]];
}

/** Undefined where it would go too deep. */
function arbitraryField(field: DescField, depth: number): fc.Arbitrary<unknown> | undefined {
  const value = arbitraryValue(field, depth);
  if (value === undefined) return undefined;
  if (field.fieldKind === "list") return fc.array(value, { maxLength: 3 });
  if (field.fieldKind === "map") return fc.dictionary(fc.string({ maxLength: 12 }), value, { maxKeys: 3 });
  return value;
}

function arbitraryValue(field: DescField, depth: number): fc.Arbitrary<unknown> | undefined {
  if (field.message !== undefined) return depth < MAX_DEPTH ? arbitraryInit(field.message, depth + 1) : undefined;
  if (field.enum !== undefined) return fc.oneof(fc.nat(6), fc.integer());
  const scalar = SCALARS.get(field.scalar as ScalarType);
  if (scalar === undefined) throw new Error(`no arbitrary for ${field.name}`);
  return scalar;
}
