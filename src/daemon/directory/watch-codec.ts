import type { DescMessage } from "@bufbuild/protobuf";
import {
  type AgentsChanged,
  type UpsertedAgent,
  type WatchAgentsResponse,
  WatchAgentsResponseSchema,
} from "../../../gen/moorline/agent/v1/directory_service_pb.ts";
import { allocate } from "../../core/allocate.ts";
import { type CodecSource, generalCodec, type MessageCodec } from "../../rpc/message-format.ts";
import { sizeDelimited, sizeString, sizeUint64, writeBytes, writeString, writeVarint } from "../../wire/codec.ts";
import { agentToBytes } from "./agent-bytes.ts";

/** Field numbers and wire types of directory_service.proto, as tags of one byte. */
const AGENTS_CHANGED = 0x12;
const UPSERTED = 0x0a;
const REMOVED_ID = 0x12;
const AGENT = 0x0a;
const REVISION = 0x10;

/** The codecs of a daemon: the general ones, but for what a directory tells its watchers, where agents are encoded once. */
export const directoryCodecs: CodecSource = <D extends DescMessage>(desc: D): MessageCodec<D> => {
  const general = generalCodec(desc);
  if (desc.typeName !== WatchAgentsResponseSchema.typeName) return general;
  return {
    ...general,
    encode: (message) => encodeChanges(message as unknown as WatchAgentsResponse) ?? general.encode(message),
  };
};

/** Undefined for all but changes that this version has made. */
function encodeChanges({ event, $unknown }: WatchAgentsResponse): Uint8Array | undefined {
  if (event.case !== "agentsChanged" || $unknown !== undefined || event.value.$unknown !== undefined) return undefined;
  const sizes = event.value.upserted.map(sizeOfUpserted);
  const size = sizeOfChanges(event.value, sizes);
  const bytes = allocate(1 + sizeDelimited(size));
  bytes[0] = AGENTS_CHANGED;
  writeChanges(bytes, writeVarint(bytes, 1, size), event.value, sizes);
  return bytes;
}

function sizeOfChanges({ removedIds }: AgentsChanged, sizes: readonly number[]): number {
  const upserted = sizes.reduce((sum, size) => sum + 1 + sizeDelimited(size), 0);
  return removedIds.reduce((sum, id) => sum + 1 + sizeString(id), upserted);
}

function writeChanges(
  bytes: Uint8Array,
  start: number,
  { upserted, removedIds }: AgentsChanged,
  sizes: number[],
): void {
  let offset = start;
  upserted.forEach((entry, i) => {
    bytes[offset] = UPSERTED;
    offset = writeUpserted(bytes, writeVarint(bytes, offset + 1, sizes[i] ?? 0), entry);
  });
  for (const id of removedIds) {
    bytes[offset] = REMOVED_ID;
    offset = writeString(bytes, offset + 1, id);
  }
}

function sizeOfUpserted({ agent, revision }: UpsertedAgent): number {
  const agentBytes = agent === undefined ? 0 : 1 + sizeDelimited(agentToBytes(agent).length);
  return agentBytes + (revision === 0n ? 0 : 1 + sizeUint64(Number(revision)));
}

function writeUpserted(bytes: Uint8Array, start: number, { agent, revision }: UpsertedAgent): number {
  let offset = start;
  if (agent !== undefined) {
    bytes[offset] = AGENT;
    offset = writeBytes(bytes, offset + 1, agentToBytes(agent));
  }
  if (revision === 0n) return offset;
  bytes[offset] = REVISION;
  return writeVarint(bytes, offset + 1, Number(revision));
}
