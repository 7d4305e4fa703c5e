import { create } from "@bufbuild/protobuf";
import { type Agent, AgentSchema, AgentStatus } from "../../../gen/moorline/agent/v1/agent_pb.ts";
import type { CreateAgentRequest } from "../../../gen/moorline/agent/v1/agent_service_pb.ts";
import { makeTitle } from "../../wire/agent-title.ts";
import { timestampOf } from "../../wire/timestamp.ts";

/**
 * The agent of a request, as the daemon would make it: starting, with the creation id as its id. Spec: CREATE-1.
 * @param wallMs When, in milliseconds since 1970.
 */
export function createProvisionalAgent(request: CreateAgentRequest, wallMs: number): Agent {
  const { creationId, providerId, title, workingDirectory, labels, settings } = request;
  const at = timestampOf(wallMs);
  return create(AgentSchema, {
    ...{ id: creationId, creationId, providerId, workingDirectory },
    title: title === "" ? makeTitle(request) : title,
    labels: { ...labels },
    status: AgentStatus.STARTING,
    ...(settings === undefined ? {} : { settings }),
    createdAt: at,
    updatedAt: at,
  });
}
