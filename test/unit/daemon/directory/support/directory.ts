import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { type Agent, AgentSchema, AgentStatus } from "../../../../../gen/moorline/agent/v1/agent_pb.ts";
import { AgentDirectoryService } from "../../../../../gen/moorline/agent/v1/directory_service_pb.ts";
import { type AgentCollection, createAgentCollection } from "../../../../../src/daemon/directory/agent-collection.ts";
import { createAgentDirectoryService } from "../../../../../src/daemon/directory/agent-directory-service.ts";
import { createChannelTransport } from "../../../../../src/rpc/channel-transport.ts";
import { serveChannel } from "../../../../../src/rpc/serve-channel.ts";
import { createServiceClient } from "../../../../../src/rpc/service-client.ts";
import { SimulatedClock } from "../../../../../src/testing/simulated-clock.ts";
import { SimulatedRandom } from "../../../../../src/testing/simulated-random.ts";
import { JoinedChannels } from "../../../rpc/support/joined-channels.ts";

/** An agent: idle, of the provider `command`, where nothing else is said. */
export function createAgent(id: string, init: MessageInitShape<typeof AgentSchema> = {}): Agent {
  return create(AgentSchema, { id, title: `agent ${id}`, providerId: "command", status: AgentStatus.IDLE, ...init });
}

/** A collection of agents on a simulated clock. */
export function stageAgents(
  options: { readonly maxWatches?: number; readonly clock?: SimulatedClock } = {},
): AgentCollection {
  return createAgentCollection({ clock: new SimulatedClock(), random: new SimulatedRandom(1), ...options });
}

/** A directory that is served on one end of a channel in memory, and a client of it on the other. */
export function stageDirectory(options: { readonly maxWatches?: number } = {}) {
  const clock = new SimulatedClock();
  const agents = stageAgents({ clock, ...options });
  const pair = new JoinedChannels(clock, { initialCreditBytes: 1024, maxCreditGrowthBytes: 0 }).attach();
  const service = createAgentDirectoryService(agents);
  serveChannel(pair.server, (router) => void router.service(AgentDirectoryService, service), { clock });
  const transport = createChannelTransport({ channel: pair.client, clock, random: { unit: () => 0.5 } });
  return { clock, agents, pair, client: createServiceClient(AgentDirectoryService, transport) };
}
