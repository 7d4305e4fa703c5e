import type { DescEnum, DescEnumValue, DescField, DescMessage } from "@bufbuild/protobuf";
import { ScalarType } from "@bufbuild/protobuf";
import type { GeneratedFile } from "@bufbuild/protoplugin";
import type { ActionEnum } from "../action/action-enum.ts";
import type { CloseCode, CloseCodeEnum } from "../close-code/close-code.ts";
import type { Contract } from "../contract.ts";
import { commentOf, GENERATED, paragraphsOf, tableOf } from "./markdown.ts";

/** The names of google.rpc.Code by number. */
const GRPC_STATUS: readonly string[] = [
  "OK",
  "CANCELLED",
  "UNKNOWN",
  "INVALID_ARGUMENT",
  "DEADLINE_EXCEEDED",
  "NOT_FOUND",
  "ALREADY_EXISTS",
  "PERMISSION_DENIED",
  "RESOURCE_EXHAUSTED",
  "FAILED_PRECONDITION",
  "ABORTED",
  "OUT_OF_RANGE",
  "UNIMPLEMENTED",
  "INTERNAL",
  "UNAVAILABLE",
  "DATA_LOSS",
  "UNAUTHENTICATED",
];

/**
 * Prints `errors.md`: every verdict, every close code, every message of a file `error.proto` with its enums, and every enum
 * of reasons with what to do.
 */
export function printErrorDocs(f: GeneratedFile, contract: Contract): void {
  const codes = contract.files.flatMap((file) => file.closeCodes);
  const details = contract.files
    .filter(({ file }) => /(^|\/)error$/.test(file.name))
    .flatMap(({ file }) => file.messages);
  const reasons = contract.files.flatMap((file) => file.actions);
  if (codes.length + details.length + reasons.length === 0) return;
  const lines = [
    GENERATED,
    "",
    "# Errors",
    ...codes.flatMap(codeLines),
    ...(details.length > 0 ? ["", "## Details of errors"] : []),
    ...details.flatMap(detailLines),
    ...enumsOf(details).flatMap(enumLines),
    ...reasons.flatMap(reasonLines),
  ];
  for (const line of lines) f.print(line);
}

function codeLines({ desc, codes, ranges }: CloseCodeEnum): string[] {
  const verdicts = ranges.map(({ verdict, first, last }) => [
    shortName(verdict),
    `${first}-${last}`,
    commentOf(verdict),
  ]);
  return [
    "",
    "## Verdicts",
    "",
    "What a client does after a connection ended follows from the range of the code, whether it knows the code or not.",
    "",
    ...tableOf(["verdict", "codes", "what the client does"], verdicts),
    "",
    "## Close codes",
    "",
    ...paragraphsOf(desc).flatMap((paragraph) => [paragraph, ""]),
    ...tableOf(["number", "name", "told as", "meaning", "verdict", "gRPC status", "what to do"], codes.map(codeRow)),
  ];
}

function codeRow({ desc, name, verdict, grpcStatus, rejection, action }: CloseCode): string[] {
  const status = GRPC_STATUS[grpcStatus] ?? String(grpcStatus);
  const told = rejection ? "rejection, close" : "close";
  return [String(desc.number), `\`${name}\``, told, commentOf(desc), shortName(verdict), status, action];
}

function detailLines(desc: DescMessage): string[] {
  return [
    "",
    `### ${desc.name}`,
    "",
    ...paragraphsOf(desc).flatMap((paragraph) => [paragraph, ""]),
    ...tableOf(
      ["field", "type", "meaning"],
      desc.fields.map((field) => [`\`${field.name}\``, typeOf(field), commentOf(field)]),
    ),
  ];
}

function reasonLines({ desc, values }: ActionEnum): string[] {
  return [
    "",
    `## ${desc.typeName}`,
    "",
    ...paragraphsOf(desc).flatMap((paragraph) => [paragraph, ""]),
    ...tableOf(
      ["value", "meaning", "what to do"],
      values.map(({ desc: value, action = "" }) => [shortName(value), commentOf(value), action]),
    ),
  ];
}

function enumLines(desc: DescEnum): string[] {
  return [
    "",
    `### ${desc.name}`,
    "",
    ...paragraphsOf(desc).flatMap((paragraph) => [paragraph, ""]),
    ...tableOf(
      ["value", "meaning"],
      desc.values.map((value) => [shortName(value), commentOf(value)]),
    ),
  ];
}

/** The enums of the fields of messages, each once. */
function enumsOf(messages: readonly DescMessage[]): DescEnum[] {
  return [...new Set(messages.flatMap((message) => message.fields).flatMap((field) => field.enum ?? []))];
}

function typeOf(field: DescField): string {
  if (field.enum) return `[${field.enum.name}](#${field.enum.name.toLowerCase()})`;
  if (field.message) return `\`${field.message.typeName}\``;
  return field.scalar === undefined ? "" : ScalarType[field.scalar].toLowerCase();
}

function shortName(value: DescEnumValue): string {
  return `\`${value.localName}\``;
}
