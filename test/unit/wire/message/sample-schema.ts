import { create, createFileRegistry, type DescMessage } from "@bufbuild/protobuf";
import {
  type FieldDescriptorProto,
  FileDescriptorProtoSchema,
  file_google_protobuf_timestamp,
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as Type,
} from "@bufbuild/protobuf/wkt";

type FieldInit = Partial<Omit<FieldDescriptorProto, "$typeName" | "$unknown" | "options">> & {
  options?: { packed: boolean };
};

/** The scalar types that are not rare. */
export const SCALARS = [
  "BOOL",
  "INT32",
  "UINT32",
  "SINT32",
  "FIXED32",
  "SFIXED32",
  "INT64",
  "UINT64",
  "FIXED64",
  "SFIXED64",
  "DOUBLE",
  "STRING",
  "BYTES",
  "ENUM",
] as const;

const child = { type: Type.MESSAGE, typeName: ".sample.Sample" };

/** The maps of `Sample`. */
const MAPS = [
  { name: "map_string", entry: "MapStringEntry", value: { type: Type.STRING } },
  { name: "map_int32", entry: "MapInt32Entry", value: { type: Type.INT32 } },
  { name: "map_child", entry: "MapChildEntry", value: child },
] as const;

function describeEntry(name: string, keyType: Type, value: FieldInit) {
  const field = [
    { name: "key", number: 1, label: Label.OPTIONAL, type: keyType },
    { name: "value", number: 2, label: Label.OPTIONAL, ...value },
  ];
  return { name, field, options: { mapEntry: true } };
}

/** Makes a file of two messages: `Sample`, with fields of every kind, and `Rare`, with what `rare` adds to it. */
export function describeSamples(
  rare: readonly FieldInit[] = [],
  syntax = "proto3",
): { sample: DescMessage; rare: DescMessage } {
  const fields: FieldInit[] = [];
  const add = (field: FieldInit): void => void fields.push({ number: fields.length + 1, ...field });
  for (const scalar of SCALARS) {
    const typed = { type: Type[scalar], ...(scalar === "ENUM" && { typeName: ".sample.Colour" }) };
    const name = scalar.toLowerCase();
    add({ name: `one_${name}`, label: Label.OPTIONAL, ...typed });
    add({ name: `list_${name}`, label: Label.REPEATED, ...typed });
    if (!["STRING", "BYTES"].includes(scalar)) {
      add({ name: `spread_${name}`, label: Label.REPEATED, options: { packed: false }, ...typed });
    }
    add({ name: `case_${name}`, label: Label.OPTIONAL, oneofIndex: 0, ...typed });
  }
  const nested = { type: Type.MESSAGE, typeName: ".sample.Sample" };
  add({ name: "child", label: Label.OPTIONAL, number: 200, ...nested });
  add({ name: "children", label: Label.REPEATED, number: 3000, ...nested });
  add({ name: "case_child", label: Label.OPTIONAL, oneofIndex: 0, number: 201, ...nested });
  add({ name: "when", label: Label.OPTIONAL, number: 202, type: Type.MESSAGE, typeName: ".google.protobuf.Timestamp" });
  MAPS.forEach(({ name, entry }, i) => {
    const typed = { type: Type.MESSAGE, typeName: `.sample.Sample.${entry}` };
    add({ name, label: Label.REPEATED, number: 203 + i, ...typed });
  });
  SCALARS.forEach((scalar, i) => {
    const typed = { type: Type[scalar], ...(scalar === "ENUM" && { typeName: ".sample.Colour" }) };
    const name = `maybe_${scalar.toLowerCase()}`;
    add({ name, label: Label.OPTIONAL, number: 100 + i, oneofIndex: i + 1, proto3Optional: true, ...typed });
  });
  const file = create(FileDescriptorProtoSchema, {
    name: "sample.proto",
    package: "sample",
    syntax,
    dependency: ["google/protobuf/timestamp.proto"],
    enumType: [
      {
        name: "Colour",
        value: [
          { name: "COLOUR_UNSPECIFIED", number: 0 },
          { name: "COLOUR_RED", number: 1 },
        ],
      },
    ],
    messageType: [
      {
        name: "Sample",
        field: fields,
        nestedType: MAPS.map(({ entry, value }) => describeEntry(entry, Type.STRING, value)),
        oneofDecl: [{ name: "group" }, ...SCALARS.map((name) => ({ name: `_maybe_${name}` }))],
      },
      {
        name: "Rare",
        field: [...rare],
        nestedType: [describeEntry("RareEntry", Type.INT32, { type: Type.STRING })],
      },
    ],
  });
  const registry = createFileRegistry(file, (path) =>
    path === file_google_protobuf_timestamp.proto.name ? file_google_protobuf_timestamp : undefined,
  );
  return {
    sample: messageOf(registry.getMessage("sample.Sample")),
    rare: messageOf(registry.getMessage("sample.Rare")),
  };
}

function messageOf(desc: DescMessage | undefined): DescMessage {
  if (desc === undefined) throw new Error("the sample schema has lost a message");
  return desc;
}
