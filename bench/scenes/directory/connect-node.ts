import { create } from "@bufbuild/protobuf";
import type { Agent } from "../../../gen/moorline/agent/v1/agent_pb.ts";
import {
  AgentDirectoryService,
  type WatchAgentsResponse,
  WatchAgentsResponseSchema,
} from "../../../gen/moorline/agent/v1/directory_service_pb.ts";
import { Queue } from "../../../src/core/queue.ts";
import { dialConnect, serveConnect } from "../ends/connect-node.ts";
import { NOTHING, type Scene } from "../scene.ts";
import { ChangingAgents } from "./changes.ts";
import { Follower } from "./follower.ts";
import { createSampleAgent } from "./sample-agents.ts";

/** connect-node with the same schema: a server stream with one message for each change. */
export const connectNodeDirectory: Scene = {
  async serve() {
    const changes = new Queue<{ readonly agent: Agent; readonly revision: bigint }>();
    let wake = (): void => {};
    let revision = 0n;
    const { acts } = new ChangingAgents<Agent>({
      create: createSampleAgent,
      retitle: (agent, title) => ({ ...agent, title }),
      show: (agent) => {
        revision += 1n;
        changes.push({ agent, revision });
        wake();
      },
    });
    async function* watchAgents(): AsyncGenerator<WatchAgentsResponse> {
      while (changes.shift() !== undefined);
      yield create(WatchAgentsResponseSchema, { event: { case: "mark", value: {} } });
      for (;;) {
        const change = changes.shift();
        if (change !== undefined) {
          yield create(WatchAgentsResponseSchema, { event: { case: "agentsChanged", value: { upserted: [change] } } });
        } else {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
      }
    }
    return { port: await serveConnect((router) => router.service(AgentDirectoryService, { watchAgents })), acts };
  },
  async dial(port) {
    const directory = dialConnect(AgentDirectoryService, port);
    const follower = new Follower();
    const watch = () =>
      new Promise<typeof NOTHING>((resolve, reject) => {
        const go = async (): Promise<void> => {
          for await (const { event } of directory.watchAgents({})) {
            if (event.case === "mark") resolve(NOTHING);
            if (event.case === "agentsChanged") {
              for (const { agent } of event.value.upserted) follower.came(agent?.title ?? "");
            }
          }
        };
        go().catch(reject);
      });
    return { watch, follow: follower.follow };
  },
};
