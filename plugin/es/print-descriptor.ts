import { equals } from "@bufbuild/protobuf";
import { protoCamelCase } from "@bufbuild/protobuf/reflect";
import {
  type DescriptorProto,
  type EnumDescriptorProto,
  type FieldDescriptorProto,
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
  type MethodDescriptorProto,
} from "@bufbuild/protobuf/wkt";
import { valuePrefixOf } from "../../src/wire/describe-file.ts";
import { readDescriptorText } from "../../src/wire/descriptor.ts";

const LABEL_REPEATED = 3;

/**
 * The text that `fileDesc` of `src/wire/descriptor.ts` reads. Reserved numbers and names are left out.
 * @param file As protoc-gen-es embeds it. What it reserves is taken out.
 * @throws Error where the file has something else that the text cannot say.
 */
export function printDescriptor(file: FileDescriptorProto): string {
  const text = print(file);
  file.messageType.forEach(normalize);
  for (const { reservedRange, reservedName } of file.enumType) reservedRange.length = reservedName.length = 0;
  if (equals(FileDescriptorProtoSchema, file, readDescriptorText(text, file.dependency))) return text;
  throw new Error(`${file.name} has something that the text of a descriptor cannot say`);
}

/** Takes out what is reserved, and puts the JSON names in that protoc-gen-es has left out. */
function normalize(message: DescriptorProto): void {
  for (const { reservedRange, reservedName } of [message, ...message.enumType]) {
    reservedRange.length = reservedName.length = 0;
  }
  for (const field of message.field) field.jsonName ||= protoCamelCase(field.name);
  message.nestedType.forEach(normalize);
}

function print(file: FileDescriptorProto): string {
  const prefix = `.${file.package}.`;
  const records = [
    `${file.name} ${file.package}`,
    ...file.messageType.flatMap((message) => printMessage(message, prefix)),
    ...file.enumType.flatMap(printEnum),
    ...file.service.flatMap(({ name, method }) => [
      `s${name}`,
      ...method.map((each) => printMethod(each, prefix)),
      ".",
    ]),
  ];
  return records.join("|");
}

function printMessage(message: DescriptorProto, prefix: string): string[] {
  return [
    `${message.options?.mapEntry ? "p" : "m"}${message.name}`,
    ...message.oneofDecl.map(({ name }) => `o${name}`),
    ...message.field.map((field, i, { [i - 1]: before }) => printField(field, before?.number ?? 0, prefix)),
    ...message.nestedType.flatMap((nested) => printMessage(nested, prefix)),
    ...message.enumType.flatMap(printEnum),
    ".",
  ];
}

function printField(field: FieldDescriptorProto, before: number, prefix: string): string {
  const repeated = field.label === LABEL_REPEATED ? "r" : "";
  const oneof = Object.hasOwn(field, "oneofIndex") ? `:${field.oneofIndex}` : "";
  const optional = field.proto3Optional ? "?" : "";
  const words = [`f${field.name}${printNumber(field.number, before)}`, `${field.type}${repeated}${oneof}${optional}`];
  if (field.typeName !== "") words.push(shorten(field.typeName, prefix));
  return words.join(" ");
}

function printEnum({ name, value }: EnumDescriptorProto): string[] {
  const prefix = valuePrefixOf(name);
  const values = value.map((each, i, { [i - 1]: before }) => {
    const short = each.name.startsWith(prefix) ? each.name.slice(prefix.length) : `.${each.name}`;
    return `v${short}${printNumber(each.number, before?.number ?? -1)}`;
  });
  return [`e${name}`, ...values, "."];
}

function printNumber(number: number, before: number): string {
  return number === before + 1 ? "" : `=${number}`;
}

function printMethod(method: MethodDescriptorProto, prefix: string): string {
  const streams = (method.clientStreaming ? 1 : 0) | (method.serverStreaming ? 2 : 0);
  const words = [`c${method.name}`, shorten(method.inputType, prefix), shorten(method.outputType, prefix), streams];
  const level = method.options?.idempotencyLevel ?? 0;
  return (level === 0 ? words : [...words, level]).join(" ");
}

function shorten(typeName: string, prefix: string): string {
  return typeName.startsWith(prefix) ? typeName.slice(prefix.length) : typeName;
}
