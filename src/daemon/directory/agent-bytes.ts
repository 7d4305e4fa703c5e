import { toBinary } from "@bufbuild/protobuf";
import { type Agent, AgentSchema } from "../../../gen/moorline/agent/v1/agent_pb.ts";
import { compileEncoder } from "../../wire/message/compile-encoder.ts";

const encode = compileEncoder(AgentSchema);
const encoded = new WeakMap<Agent, Uint8Array>();

/**
 * An agent of a collection, encoded: once, however many are told of it. A collection's values do not change, so that these
 * bytes stay right as long as the agent is there.
 */
export function agentToBytes(agent: Agent): Uint8Array {
  let bytes = encoded.get(agent);
  if (bytes === undefined) {
    // A copy of its own: what encodes shares memory among messages that are soon gone.
    bytes = (encode?.(agent) ?? toBinary(AgentSchema, agent)).slice();
    encoded.set(agent, bytes);
  }
  return bytes;
}
