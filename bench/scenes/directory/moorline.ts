import type { Client } from "@connectrpc/connect";
import type { Agent } from "../../../gen/moorline/agent/v1/agent_pb.ts";
import { AgentDirectoryService } from "../../../gen/moorline/agent/v1/directory_service_pb.ts";
import { createAgentCollection } from "../../../src/daemon/directory/agent-collection.ts";
import { createAgentDirectoryService } from "../../../src/daemon/directory/agent-directory-service.ts";
import { createDirectoryCodecs } from "../../../src/daemon/directory/watch-codec.ts";
import { systemClock } from "../../../src/transport/system-clock.ts";
import { systemRandom } from "../../../src/transport/system-random.ts";
import { CountingTransport, dialServer, serveRoutes } from "../ends/moorline.ts";
import { type Acts, type Figures, NOTHING, type Scene } from "../scene.ts";
import { ChangingAgents } from "./changes.ts";
import { Follower } from "./follower.ts";
import { DirectoryMirror, openDirectory, type ServiceSource } from "./mirror.ts";
import { createSampleAgent, laterThanSamples } from "./sample-agents.ts";

type Directory = Client<typeof AgentDirectoryService>;

/** The directory of the daemon: its collection and its service, followed through the generated client. */
export const moorlineDirectory: Scene = {
  async serve() {
    const agents = createAgentCollection({ clock: systemClock, random: systemRandom });
    const { acts } = new ChangingAgents<Agent>({
      create: createSampleAgent,
      retitle: (agent, title) => ({ ...agent, title }),
      renew: (agent, turn) => ({ ...agent, updatedAt: laterThanSamples(turn) }),
      show: (agent) => void agents.put(agent.id, agent),
    });
    const service = createAgentDirectoryService(agents);
    const port = await serveRoutes((router) => router.service(AgentDirectoryService, service), {
      codecs: createDirectoryCodecs(agents),
    });
    return { port, acts };
  },
  async dial(port): Promise<Acts> {
    const transport = new CountingTransport();
    const client = await dialServer(port, transport);
    const directory = client.service(AgentDirectoryService);
    const follower = new Follower();
    return {
      load: () => load(client, transport),
      watch: () => watch(directory, follower),
      follow: follower.follow,
    };
  },
};

/** Loads everything into a new directory, and lets go of it. */
async function load(client: ServiceSource, transport: CountingTransport): Promise<Figures> {
  const directory = openDirectory(client);
  const startBytes = transport.receivedBytes;
  const startMs = performance.now();
  let firstMs = 0;
  directory.agents.subscribe(() => {
    if (firstMs === 0 && directory.metrics.pieces > 1) firstMs = performance.now() - startMs;
  });
  const ready = new Promise<void>((resolve) => {
    directory.sync.subscribe(() => {
      if (directory.sync.getSnapshot().state.case === "ready") resolve();
    });
  });
  directory.start();
  await ready;
  const ms = performance.now() - startMs;
  const bytes = transport.receivedBytes - startBytes;
  directory.stop();
  return { ms, firstMs, bytes, agents: directory.agents.getSnapshot().length };
}

/** Follows in the background. Comes back when everything is there. */
function watch(directory: Directory, follower: Follower): Promise<Figures> {
  const mirror = new DirectoryMirror();
  return new Promise((resolve, reject) => {
    const go = async (): Promise<void> => {
      for await (const response of directory.watchAgents({})) {
        const { event } = response;
        mirror.apply(response);
        if (event.case === "mark") resolve(NOTHING);
        if (event.case === "agentsChanged")
          for (const { agent } of event.value.upserted) follower.came(agent?.title ?? "");
      }
    };
    go().catch((error: unknown) => {
      // Nobody waits any more where it ends after everything was there, and the run would never come to its end.
      console.error(error);
      reject(error);
    });
  });
}
