import { fromBinary } from "@bufbuild/protobuf";
import {
  type ClientPacket,
  ClientPacketSchema,
  type Frame,
  PurposeSchema,
  type ServerPacket,
  ServerPacketSchema,
} from "../../../gen/moorline/session/v1/packet_pb.ts";
import type { PacketDirection } from "../faults/fault-connection.ts";
import { nameOf } from "../model/names.ts";

/** What is shown of a packet: numbers and names of the schema, and nothing that a caller or a handler has written. */
export interface PacketSummary {
  readonly direction: PacketDirection;
  readonly bytes: number;
  /** The body, by the name of its oneof member; `acknowledgement` without one, `malformed` where it cannot be read. */
  readonly kind: string;
  /** The acknowledgement that came along. */
  readonly received: number;
  /** The number of the first frame. Absent without frames. */
  readonly first?: number;
  /** How many frames of each kind. Absent without frames. */
  readonly frames?: Readonly<Record<string, number>>;
  /** The methods that are called, as `package.Service/Method`. Absent where none is. */
  readonly methods?: readonly string[];
  /** What a hello is for. */
  readonly purpose?: string;
}

/** A method, as it stands in a call; nothing else of a call is shown. */
const METHOD = /^\/?[\w.]{1,200}\/\w{1,100}$/;

/** Summarizes a packet, without any of its secrets and payloads. Never throws. Spec: CONSOLE-10. */
export function summarizePacket(direction: PacketDirection, packet: Uint8Array): PacketSummary {
  const bytes = packet.length;
  try {
    const schema = direction === "sent" ? ClientPacketSchema : ServerPacketSchema;
    const { received, body }: ClientPacket | ServerPacket = fromBinary(schema, packet);
    return { direction, bytes, kind: body.case ?? "acknowledgement", received: Number(received), ...detailsOf(body) };
  } catch {
    return { direction, bytes, kind: "malformed", received: 0 };
  }
}

function detailsOf(body: ClientPacket["body"] | ServerPacket["body"]): Partial<PacketSummary> {
  if (body.case === "hello" && "purpose" in body.value) {
    return { purpose: nameOf(PurposeSchema, body.value.purpose) };
  }
  if (body.case !== "frames") return {};
  const { first, frames } = body.value;
  const methods = frames.flatMap(methodOf);
  return { first: Number(first), frames: countKinds(frames), ...(methods.length === 0 ? {} : { methods }) };
}

function methodOf({ body }: Frame): string[] {
  return body.case === "open" && METHOD.test(body.value.method) ? [body.value.method.replace(/^\//, "")] : [];
}

function countKinds(frames: readonly Frame[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { body } of frames) {
    const kind = body.case ?? "unknown";
    counts[kind] = (counts[kind] ?? 0) + 1;
  }
  return counts;
}
