import type { DescMessage } from "@bufbuild/protobuf";

const PROTO3 = 999;
/** Types of google.protobuf whose messages are like all others. The rest has shapes of its own. */
const PLAIN_TYPES = ["google.protobuf.Timestamp", "google.protobuf.Duration"];

/** Whether messages of a type are proto3 and have the shape that their fields say. */
export function isUsualType({ file, typeName }: DescMessage): boolean {
  if (Number(file.edition) !== PROTO3) return false;
  return file.proto.package !== "google.protobuf" || PLAIN_TYPES.includes(typeName);
}
