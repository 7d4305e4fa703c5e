import type { Timestamp } from "@bufbuild/protobuf/wkt";

/**
 * An instant as a message. Like `timestampFromMs` of `@bufbuild/protobuf/wkt`, which would bring
 * google/protobuf/descriptor.proto into every client.
 * @param ms Milliseconds since 1970. Parts of one are left out.
 */
export function timestampOf(ms: number): Timestamp {
  const seconds = Math.floor(ms / 1000);
  const nanos = (Math.floor(ms) - seconds * 1000) * 1_000_000;
  return { $typeName: "google.protobuf.Timestamp", seconds: BigInt(seconds), nanos };
}
