import type { DescMessage } from "@bufbuild/protobuf";
import {
  type UpsertedAgent,
  type WatchAgentsResponse,
  WatchAgentsResponseSchema,
} from "../../../gen/moorline/agent/v1/directory_service_pb.ts";
import { allocate } from "../../core/allocate.ts";
import type { CodecSource, MessageCodec } from "../../rpc/message-format.ts";
import { sizeDelimited, sizeString, sizeUint64, writeBytes, writeString, writeVarint } from "../../wire/codec.ts";
import { agentCodecs } from "../agent-codecs.ts";
import type { AgentCollection } from "./agent-collection.ts";

/** Field numbers and wire types of directory_service.proto, as tags of one byte. */
const AGENTS_CHANGED = 0x12;
const UPSERTED = 0x0a;
const REMOVED_ID = 0x12;
const AGENT = 0x0a;
const REVISION = 0x10;

/** The codecs of a daemon: the generated ones, but for what a directory tells its watchers, where agents are encoded once. */
export function createDirectoryCodecs(agents: AgentCollection): CodecSource {
  return <D extends DescMessage>(desc: D): MessageCodec<D> => {
    const codec = agentCodecs(desc);
    if (desc.typeName !== WatchAgentsResponseSchema.typeName) return codec;
    return {
      encode: (message) => encodeChanges(agents, message as unknown as WatchAgentsResponse) ?? codec.encode(message),
      decode: codec.decode,
    };
  };
}

/** Undefined for all but changes that this version has made. */
function encodeChanges(agents: AgentCollection, { event, $unknown }: WatchAgentsResponse): Uint8Array | undefined {
  if (event.case !== "agentsChanged" || $unknown !== undefined || event.value.$unknown !== undefined) return undefined;
  const { upserted, removedIds } = event.value;
  const entries = upserted.map((entry) => encodeUpserted(agents, entry));
  const size = sizeOfChanges(entries, removedIds);
  const bytes = allocate(1 + sizeDelimited(size));
  bytes[0] = AGENTS_CHANGED;
  writeChanges(bytes, writeVarint(bytes, 1, size), entries, removedIds);
  return bytes;
}

/** An entry with its agent encoded. */
interface EncodedEntry {
  readonly agent: Uint8Array | undefined;
  readonly revision: number;
  readonly size: number;
}

function encodeUpserted(agents: AgentCollection, { agent, revision }: UpsertedAgent): EncodedEntry {
  const bytes = agent === undefined ? undefined : agents.bytesOf(agent);
  const number = Number(revision);
  const agentSize = bytes === undefined ? 0 : 1 + sizeDelimited(bytes.length);
  return { agent: bytes, revision: number, size: agentSize + (number === 0 ? 0 : 1 + sizeUint64(number)) };
}

function sizeOfChanges(entries: readonly EncodedEntry[], removedIds: readonly string[]): number {
  const upserted = entries.reduce((sum, { size }) => sum + 1 + sizeDelimited(size), 0);
  return removedIds.reduce((sum, id) => sum + 1 + sizeString(id), upserted);
}

function writeChanges(
  bytes: Uint8Array,
  start: number,
  entries: readonly EncodedEntry[],
  removedIds: readonly string[],
): void {
  let offset = start;
  for (const entry of entries) {
    bytes[offset] = UPSERTED;
    offset = writeUpserted(bytes, writeVarint(bytes, offset + 1, entry.size), entry);
  }
  for (const id of removedIds) {
    bytes[offset] = REMOVED_ID;
    offset = writeString(bytes, offset + 1, id);
  }
}

function writeUpserted(bytes: Uint8Array, start: number, { agent, revision }: EncodedEntry): number {
  let offset = start;
  if (agent !== undefined) {
    bytes[offset] = AGENT;
    offset = writeBytes(bytes, offset + 1, agent);
  }
  if (revision === 0) return offset;
  bytes[offset] = REVISION;
  return writeVarint(bytes, offset + 1, revision);
}
