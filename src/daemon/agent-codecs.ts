import { agentCodes } from "../../gen/moorline/agent/v1/agent_codec.ts";
import { agentServiceCodes } from "../../gen/moorline/agent/v1/agent_service_codec.ts";
import { directoryServiceCodes } from "../../gen/moorline/agent/v1/directory_service_codec.ts";
import { notificationServiceCodes } from "../../gen/moorline/agent/v1/notification_service_codec.ts";
import { presenceServiceCodes } from "../../gen/moorline/agent/v1/presence_service_codec.ts";
import { storedAgentCodes } from "../../gen/moorline/agent/v1/stored_agent_codec.ts";
import { timelineCodes } from "../../gen/moorline/agent/v1/timeline_codec.ts";
import { timelineServiceCodes } from "../../gen/moorline/agent/v1/timeline_service_codec.ts";
import { createGeneratedCodecs } from "../rpc/generated-codecs.ts";
import type { CodecSource } from "../rpc/message-format.ts";

/** The codecs of everything that is said or kept about agents. What they encode shares memory: whoever keeps it makes a copy. */
export const agentCodecs: CodecSource = createGeneratedCodecs(
  agentCodes,
  agentServiceCodes,
  directoryServiceCodes,
  timelineServiceCodes,
  presenceServiceCodes,
  notificationServiceCodes,
  timelineCodes,
  storedAgentCodes,
);
