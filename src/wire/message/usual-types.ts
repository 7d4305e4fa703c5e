import { type DescField, type DescMessage, ScalarType } from "@bufbuild/protobuf";

const PROTO3 = 999;

/** Whether compiled codecs know types of its kind: proto3, and not the types of google.protobuf. Its fields may still be rare. */
export function isUsualType(desc: DescMessage): boolean {
  return Number(desc.file.edition) === PROTO3 && desc.file.proto.package !== "google.protobuf";
}

/** Whether compiled codecs know fields of its kind: no maps, no groups. Its type may still be rare. */
export function isUsualField(field: DescField): boolean {
  return field.fieldKind !== "map" && !("delimitedEncoding" in field && field.delimitedEncoding);
}

/** The scalar type of a field or of its elements, as it is on the wire. Undefined for messages, and integers kept as text. */
export function scalarTypeOf(field: DescField): ScalarType | undefined {
  if ("longAsString" in field && field.longAsString) return undefined;
  return field.enum === undefined ? field.scalar : ScalarType.INT32;
}
