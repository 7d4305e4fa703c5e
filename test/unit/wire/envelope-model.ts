import type { DescMessage, Message } from "@bufbuild/protobuf";
import { clone, create, createFileRegistry, fromBinary, ScalarType } from "@bufbuild/protobuf";
import { FieldDescriptorProto_Type, FileDescriptorProtoSchema, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import fc from "fast-check";
import { file_moorline_session_v1_close_code } from "../../../gen/moorline/session/v1/close_code_pb.ts";
import { file_moorline_session_v1_error } from "../../../gen/moorline/session/v1/error_pb.ts";
import { file_moorline_session_v1_packet } from "../../../gen/moorline/session/v1/packet_pb.ts";
import { file_moorline_session_v1_rejection } from "../../../gen/moorline/session/v1/rejection_pb.ts";
import type { UnknownField } from "../../../src/wire/codec.ts";

/** A message in the shape of the envelope codec, seen from outside. */
export type Own = { [name: string]: unknown };

type OwnBody = { case: string | undefined; value?: unknown };

/** The schema of the envelope with the hellos as bytes, which is how the envelope codec leaves them. */
export function opaqueSchema(typeName: string): DescMessage {
  const file = clone(FileDescriptorProtoSchema, file_moorline_session_v1_packet.proto);
  for (const message of file.messageType) {
    for (const field of message.field) {
      if (!field.typeName.endsWith("Hello")) continue;
      field.type = FieldDescriptorProto_Type.BYTES;
      field.typeName = "";
    }
  }
  const imported = [
    file_moorline_session_v1_close_code,
    file_moorline_session_v1_rejection,
    file_moorline_session_v1_error,
  ];
  const files = [...imported.map(({ proto }) => proto), file];
  const desc = createFileRegistry(create(FileDescriptorSetSchema, { file: files })).getMessage(typeName);
  if (desc === undefined) throw new Error(`no message ${typeName}`);
  return desc;
}

/** What the general codec would have made of a message that the envelope codec made. */
export function toGeneral(desc: DescMessage, own: Own): Message {
  const message = create(desc) as Message & Own;
  for (const field of desc.fields) {
    const body = field.oneof === undefined ? undefined : (own[field.oneof.localName] as OwnBody);
    if (body !== undefined && body.case !== field.localName) continue;
    const value = body === undefined ? own[field.localName] : body.value;
    if (value === undefined) continue;
    const map = (one: unknown): unknown => {
      if (field.message !== undefined) {
        return one instanceof Uint8Array ? fromBinary(field.message, one) : toGeneral(field.message, one as Own);
      }
      return field.scalar === ScalarType.UINT64 ? BigInt(one as number) : one;
    };
    const mapped = field.fieldKind === "list" ? (value as unknown[]).map(map) : map(value);
    if (field.oneof === undefined) message[field.localName] = mapped;
    else message[field.oneof.localName] = { case: field.localName, value: mapped };
  }
  if (own.unknown !== undefined) message.$unknown = own.unknown as NonNullable<Message["$unknown"]>;
  return message;
}

/** The shape of the envelope codec for a message of the opaque schema. */
export function toOwn(desc: DescMessage, message: Message): Own {
  const general = message as Message & Own;
  const own: Own = {};
  const map = (one: unknown, nested: DescMessage | undefined): unknown => {
    if (nested !== undefined && one !== undefined) return toOwn(nested, one as Message);
    return typeof one === "bigint" ? Number(one) : one;
  };
  for (const member of desc.members) {
    if (member.kind === "oneof") {
      const body = general[member.localName] as OwnBody;
      const field = member.fields.find((candidate) => candidate.localName === body.case);
      own[member.localName] = { case: body.case, value: map(body.value, field?.message) };
      continue;
    }
    const value = general[member.localName];
    own[member.localName] = Array.isArray(value)
      ? value.map((one: unknown) => map(one, member.message))
      : map(value, member.message);
  }
  own.unknown = general.$unknown;
  return own;
}

/** Arbitrary messages of a schema, as the general codec has them, with unknown fields on every level. */
export function arbitraryMessage(desc: DescMessage): fc.Arbitrary<Message> {
  const fields: { [name: string]: fc.Arbitrary<unknown> } = {};
  for (const member of desc.members) {
    if (member.kind === "oneof") {
      const cases = member.fields.map((field) =>
        fc.record({ case: fc.constant(field.localName), value: arbitraryValue(field) }),
      );
      fields[member.localName] = fc.oneof(fc.constant({ case: undefined }), ...cases);
    } else if (member.fieldKind === "list") {
      fields[member.localName] = fc.array(arbitraryValue(member), { maxLength: 4 });
    } else if (member.message !== undefined || member.proto.proto3Optional) {
      fields[member.localName] = fc.option(arbitraryValue(member), { nil: undefined });
    } else {
      fields[member.localName] = arbitraryValue(member);
    }
  }
  const unknown = fc.oneof(
    { weight: 5, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: fc.array(arbitraryUnknown, { minLength: 1, maxLength: 3 }) },
  );
  return fc.record({ fields: fc.record(fields), unknown }).map(({ fields: init, unknown: extra }) => {
    const message = create(desc, init as never) as Message;
    if (extra !== undefined) message.$unknown = extra as NonNullable<Message["$unknown"]>;
    return message;
  });
}

function arbitraryValue(field: DescMessage["fields"][number]): fc.Arbitrary<unknown> {
  if (field.message !== undefined) return arbitraryMessage(field.message);
  if (field.enum !== undefined) return fc.oneof(fc.constantFrom(0, 4001, 4402), fc.integer());
  switch (field.scalar) {
    case ScalarType.UINT64:
      return fc.oneof(fc.nat(300), fc.nat(), fc.maxSafeNat()).map(BigInt);
    case ScalarType.UINT32:
      return fc.oneof(fc.nat(300), fc.integer({ min: 0, max: 0xffff_ffff }));
    case ScalarType.BOOL:
      return fc.boolean();
    case ScalarType.STRING:
      return fc.oneof(fc.string({ maxLength: 150 }), fc.string({ unit: "binary", maxLength: 150 }));
    default:
      return fc.uint8Array({ maxLength: 200 });
  }
}

const GROUP_END = 4;

/** Fields that no message of the envelope has, their bytes well-formed. */
const arbitraryUnknown: fc.Arbitrary<UnknownField> = fc
  .record({
    no: fc.integer({ min: 100, max: 536_870_911 }),
    wireType: fc.constantFrom(0, 1, 2, 3, 5),
    seed: fc.nat(127),
  })
  .map(({ no, wireType, seed }) => ({ no, wireType, data: unknownData(no, wireType, seed) }));

function unknownData(no: number, wireType: number, seed: number): Uint8Array<ArrayBuffer> {
  switch (wireType) {
    case 0:
      return Uint8Array.from([seed | 0x80, seed]);
    case 1:
      return new Uint8Array(8).fill(seed);
    case 2:
      return Uint8Array.from([seed, ...new Uint8Array(seed).fill(seed)]);
    case 3:
      return Uint8Array.from([0x08, seed, ...varint(((no << 3) | GROUP_END) >>> 0)]);
    default:
      return new Uint8Array(4).fill(seed);
  }
}

function varint(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(value >>> 7)];
}
