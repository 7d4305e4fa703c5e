import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { type Agent, AgentSchema, AgentStatus } from "../../../../../gen/moorline/agent/v1/agent_pb.ts";
import {
  type WatchAgentsResponse,
  WatchAgentsResponseSchema,
} from "../../../../../gen/moorline/agent/v1/directory_service_pb.ts";

/** An agent of a test. @param updatedMs When it was updated last. */
export function sampleAgent(id: string, updatedMs = 0, fields: Partial<Pick<Agent, "title" | "status">> = {}): Agent {
  const { title = `title of ${id}`, status = AgentStatus.IDLE } = fields;
  return create(AgentSchema, { id, title, status, providerId: "p", updatedAt: timestampFromMs(updatedMs) });
}

/** A piece as it comes over the wire: nothing of it is the daemon's own object. */
export function overTheWire(piece: WatchAgentsResponse): WatchAgentsResponse {
  return fromBinary(WatchAgentsResponseSchema, toBinary(WatchAgentsResponseSchema, piece));
}
