import { create, type DescField, type DescMessage, type MessageShape, ScalarType } from "@bufbuild/protobuf";
import { reflect } from "@bufbuild/protobuf/reflect";
import fc from "fast-check";

/** Small numbers, so that generations, attempts and deadlines meet each other. */
const count = fc.integer({ min: 0, max: 4 });
const instant = fc.oneof(
  count,
  fc.constantFrom(1_000, 3_000, 60_000, 900_004),
  fc.double({ min: 0, max: 1e9, noNaN: true }),
);
const text = fc.constantFrom("", "reason");

/** Any message of a schema: each oneof member as likely as another, fields small enough to be meant for each other. */
export function arbitraryMessage<Desc extends DescMessage>(desc: Desc): fc.Arbitrary<MessageShape<Desc>> {
  const singles = desc.fields.filter((field) => field.oneof === undefined);
  const parts = [
    ...singles.map(arbitraryFields),
    ...desc.oneofs.map(({ fields }) => fc.oneof(...fields.map(someField))),
  ];
  return fc.tuple(...parts).map((settings) => {
    const message = create(desc);
    const target = reflect(desc, message);
    for (const { field, value } of settings.flat()) {
      if (field.fieldKind === "list") Object.assign(message, { [field.localName]: value });
      else target.set(field, value);
    }
    return message;
  });
}

interface Setting {
  readonly field: DescField;
  readonly value: unknown;
}

/** The field, or for one with presence sometimes none. */
function arbitraryFields(field: DescField): fc.Arbitrary<Setting[]> {
  const hasPresence = field.fieldKind === "message" || field.proto.proto3Optional;
  return hasPresence ? fc.oneof(someField(field), fc.constant<Setting[]>([])) : someField(field);
}

function someField(field: DescField): fc.Arbitrary<Setting[]> {
  return arbitraryValue(field).map((value) => [{ field, value }]);
}

function arbitraryValue(field: DescField): fc.Arbitrary<unknown> {
  if (field.fieldKind === "message") {
    return arbitraryMessage(field.message).map((message) => reflect(field.message, message));
  }
  if (field.fieldKind === "list" && field.listKind === "message") {
    return fc.array(arbitraryMessage(field.message), { maxLength: 3 });
  }
  if (field.fieldKind === "enum") {
    return fc.oneof(
      fc.constantFrom(...field.enum.values.map(({ number }) => number)),
      fc.constantFrom(77, 1_006, 4_444),
    );
  }
  if (field.fieldKind === "scalar") return scalarOf(field.scalar, field.name);
  throw new Error(`no values for ${field.parent.typeName}.${field.name}`);
}

function scalarOf(scalar: ScalarType, name: string): fc.Arbitrary<unknown> {
  switch (scalar) {
    case ScalarType.BOOL:
      return fc.boolean();
    case ScalarType.STRING:
      return text;
    case ScalarType.BYTES:
      return fc.uint8Array({ maxLength: 4 });
    case ScalarType.DOUBLE:
      return name === "unit_random" ? fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }) : instant;
    case ScalarType.UINT32:
      return name.endsWith("_ms") ? fc.constantFrom(0, 1, 25_000, 4_294_967_295) : count;
    default:
      throw new Error(`no values for ${name}`);
  }
}
