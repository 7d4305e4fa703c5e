import { type DescField, type DescMessage, type JsonValue, type MessageShape, toJson } from "@bufbuild/protobuf";
import { isReflectMessage, type ReflectMessage, reflect } from "@bufbuild/protobuf/reflect";
import type { Any } from "@bufbuild/protobuf/wkt";
import { bytesToHex } from "@noble/hashes/utils.js";
import { secretFields } from "../../gen/moorline/schema/v1/secrets_moorline.ts";

/** A message as plain data for logs: its set fields under their JSON names. */
export type Redacted = { [name: string]: JsonValue };

/** What stands in the place of a secret. */
export const REDACTED = "[redacted]";

/** The number of the option `moorline.schema.v1.secret`, for messages of users, which are in no table of ours. */
const SECRET_OPTION = 51001;
/** Longer bytes are shown as their number: payloads may hold anything, ids are short, and no session key fits. */
const MAX_SHOWN_BYTES = 16;
const HEADER_TYPE = "moorline.session.v1.Header";
const SECRET_HEADERS: ReadonlySet<string> = new Set([
  "authorization",
  "cookie",
  "moorline-session-key",
  "proxy-authorization",
  "set-cookie",
]);

/**
 * The message as plain data without its secrets, fit for a log. Like protobuf's JSON, but: a field with the option
 * `(moorline.schema.v1.secret)`, at any depth and of any kind, is `"[redacted]"`, and so is the value of a header that
 * carries a key or credential; bytes are hex up to 16, above that their number, as `"[17 bytes]"`; of a
 * `google.protobuf.Any` only the type and the number of its bytes are shown; unknown fields are left out, unknown enum
 * values are their numbers. Never throws for what came over the wire. Spec: SCHEMA-2, LOG-3.
 */
export function redact<Desc extends DescMessage>(schema: Desc, message: MessageShape<Desc>): Redacted {
  return fieldsToJson(reflect(schema, message, false));
}

/** Whether the value of a header must not be logged. The name in any case. */
export function isSecretHeader(name: string): boolean {
  return SECRET_HEADERS.has(name.toLowerCase());
}

/** Whether a field has the option `(moorline.schema.v1.secret)`, in a message of Moorline or of a user. */
export function isSecretField(field: DescField): boolean {
  if (secretFields.has(`${field.parent.typeName}.${field.name}`)) return true;
  const options = field.proto.options?.$unknown ?? [];
  return options.some(({ no, data }) => no === SECRET_OPTION && data[0] !== 0);
}

function fieldsToJson(message: ReflectMessage): Redacted {
  const json: Redacted = {};
  for (const field of message.fields) {
    if (message.isSet(field)) json[field.jsonName] = isHidden(message, field) ? REDACTED : fieldToJson(message, field);
  }
  return json;
}

function isHidden(message: ReflectMessage, field: DescField): boolean {
  if (isSecretField(field)) return true;
  const isHeaderValue = message.desc.typeName === HEADER_TYPE && field.name === "value";
  return isHeaderValue && isSecretHeader(String((message.message as { name?: unknown }).name));
}

function fieldToJson(message: ReflectMessage, field: DescField): JsonValue {
  switch (field.fieldKind) {
    case "list":
      return [...message.get(field)].map((item) => valueToJson(field, item));
    case "map":
      return Object.fromEntries(
        [...message.get(field)].map(([key, value]) => [String(key), valueToJson(field, value)]),
      );
    default:
      return valueToJson(field, message.get(field));
  }
}

function valueToJson(field: DescField, value: unknown): JsonValue {
  if (isReflectMessage(value)) return messageToJson(value);
  if (value instanceof Uint8Array) return bytesToJson(value);
  if (field.enum !== undefined) return field.enum.value[value as number]?.name ?? (value as number);
  if (typeof value === "bigint" || (typeof value === "number" && !Number.isFinite(value))) return String(value);
  return value as string | number | boolean;
}

function messageToJson(message: ReflectMessage): JsonValue {
  const { typeName } = message.desc;
  // What is in it has no schema here, and may have secrets of any length.
  if (typeName === "google.protobuf.Any") return anyToJson(message.message as Any);
  if (!typeName.startsWith("google.protobuf.")) return fieldsToJson(message);
  if (typeName === "google.protobuf.BytesValue") return fieldsToJson(message);
  try {
    return toJson(message.desc, message.message);
  } catch {
    return "[malformed]";
  }
}

function anyToJson({ typeUrl, value }: Any): JsonValue {
  return value.length === 0 ? { typeUrl } : { typeUrl, value: `[${value.length} bytes]` };
}

function bytesToJson(bytes: Uint8Array): string {
  return bytes.length > MAX_SHOWN_BYTES ? `[${bytes.length} bytes]` : bytesToHex(bytes);
}
