import type { DescFile } from "@bufbuild/protobuf";
import type { GenFile } from "@bufbuild/protobuf/codegenv2";
import { protoCamelCase } from "@bufbuild/protobuf/reflect";
import type { FileDescriptorProto } from "@bufbuild/protobuf/wkt";
import { describeFile, valuePrefixOf } from "./describe-file.ts";

/** A message of google/protobuf/descriptor.proto. */
type Proto = Record<string, unknown>;

const LABEL_OPTIONAL = 1;
const LABEL_REPEATED = 3;

/** What is not set in such a message, as in every one of proto2. */
const UNSET = {
  extendee: "",
  typeName: "",
  defaultValue: "",
  oneofIndex: 0,
  proto3Optional: false,
  edition: 0,
  visibility: 0,
  clientStreaming: false,
  serverStreaming: false,
};
const FILE_LISTS = ["publicDependency", "weakDependency", "optionDependency", "extension"];
const MESSAGE_LISTS = ["extension", "extensionRange", "reservedRange", "reservedName"];
const ENUM_LISTS = ["reservedRange", "reservedName"];

/**
 * The descriptor of a proto3 file, from the text that `plugin/es` makes of it: what a generated file has in the place of
 * the encoded descriptor. Nothing of google/protobuf/descriptor.proto is needed to read it, and it packs to less.
 * Its records are divided by `|`, the words of a record by spaces:
 *
 * - `path package` comes first.
 * - `mName` begins a message, `pName` the entry of a map, `eName` an enum, `sName` a service; `.` ends what began last.
 * - `oname` is a oneof; `fname=number type` a field, and behind its type, with no space, `r` where it is repeated, the place of its oneof,
 *   behind `:`, and `?` where the oneof only says that the field may be absent. The third word is the name of its message or enum,
 *   behind a dot where it is one of another package.
 * - `vNAME=number` is a value of an enum. The name of the enum, which its name begins with, is left out; where it does not, a
 *   dot comes before it.
 * - `cName Input Output streams level` is a method: `streams` is 1 where requests are a stream, 2 where answers are, 3 for
 *   both; `level` its IdempotencyLevel.
 *
 * The number of a field or value is left out where it is the next one.
 *
 * @param imports The files that it imports.
 */
export function fileDesc(text: string, imports: readonly DescFile[] = []): GenFile {
  const paths = imports.map(({ proto }) => proto.name);
  return describeFile(readDescriptorText(text, paths), [...imports]);
}

/** The same, as a message, with the paths of its imports. */
export function readDescriptorText(text: string, dependency: string[]): FileDescriptorProto {
  const [head = "", ...records] = text.split("|");
  const [name, packageName] = head.split(" ");
  const file = make("File", { name, package: packageName, syntax: "proto3", dependency }, FILE_LISTS);
  Object.assign(file, { messageType: [], enumType: [], service: [] });
  const open = [file];
  for (const record of records) {
    const above = open.at(-1) as Proto;
    if (record === ".") open.pop();
    else open.push(...readRecord(record, above, `.${packageName}.`));
  }
  return file as unknown as FileDescriptorProto;
}

/** Adds what a record says to the descriptor around it. @returns What it begins. */
function readRecord(record: string, above: Proto, prefix: string): Proto[] {
  const [first = "", second = "", third = "", fourth = "", fifth = ""] = record.slice(1).split(" ");
  const [name = "", given] = first.split("=");
  const add = (list: string, proto: Proto): Proto[] => {
    (above[list] as Proto[]).push(proto);
    return [proto];
  };
  const number = (list: string, start: number): number =>
    Number(given ?? (((above[list] as Proto[]).at(-1)?.number as number | undefined) ?? start - 1) + 1);
  const absolute = (type: string): string => (type.startsWith(".") ? type : prefix + type);
  switch (record[0]) {
    case "p":
    case "m": {
      const message = make("", { name, field: [], nestedType: [], enumType: [], oneofDecl: [] }, MESSAGE_LISTS);
      if (record[0] === "p") message.options = makeOptions("Message", { mapEntry: true });
      return add("nestedType" in above ? "nestedType" : "messageType", message);
    }
    case "e":
      return add("enumType", make("Enum", { name, value: [] }, ENUM_LISTS));
    case "s":
      return add("service", make("Service", { name, method: [] }));
    case "o":
      add("oneofDecl", make("Oneof", { name }));
      break;
    case "f":
      add("field", readField(name, number("field", 1), second, third && absolute(third)));
      break;
    case "v": {
      const full = name.startsWith(".") ? name.slice(1) : valuePrefixOf(String(above.name)) + name;
      add("value", make("EnumValue", { name: full, number: number("value", 0) }));
      break;
    }
    case "c": {
      const method = make("Method", { name, inputType: absolute(second), outputType: absolute(third) });
      if (Number(fourth) & 1) method.clientStreaming = true;
      if (Number(fourth) & 2) method.serverStreaming = true;
      if (fifth !== "") method.options = makeOptions("Method", { idempotencyLevel: Number(fifth) });
      add("method", method);
    }
  }
  return [];
}

function readField(name: string, number: number, form: string, typeName: string): Proto {
  const [, type, repeated, oneof, optional] = /(\d+)(r?)(?::(\d+))?(\??)/.exec(form) ?? [];
  const field = make("Field", {
    name,
    number,
    label: repeated ? LABEL_REPEATED : LABEL_OPTIONAL,
    type: Number(type),
    jsonName: protoCamelCase(name),
  });
  if (typeName) field.typeName = typeName;
  if (oneof) field.oneofIndex = Number(oneof);
  if (optional) field.proto3Optional = true;
  return field;
}

function makeOptions(kind: string, set: Proto): Proto {
  return { $typeName: `google.protobuf.${kind}Options`, ...set, uninterpretedOption: [] };
}

function make(kind: string, set: Proto, lists: readonly string[] = []): Proto {
  const proto: Proto = Object.create(UNSET);
  for (const list of lists) proto[list] = [];
  return Object.assign(proto, { $typeName: `google.protobuf.${kind}DescriptorProto` }, set);
}

/** google/protobuf/duration.proto, the same as in `@bufbuild/protobuf/wkt`. */
export const file_google_protobuf_duration: GenFile = /*@__PURE__*/ fileDesc(
  "google/protobuf/duration.proto google.protobuf|mDuration|fseconds 3|fnanos 5",
);

/** google/protobuf/timestamp.proto, the same as in `@bufbuild/protobuf/wkt`. */
export const file_google_protobuf_timestamp: GenFile = /*@__PURE__*/ fileDesc(
  "google/protobuf/timestamp.proto google.protobuf|mTimestamp|fseconds 3|fnanos 5",
);
