import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { onTestFinished } from "vitest";
import { AgentSchema, AgentStatus } from "../../../gen/moorline/agent/v1/agent_pb.ts";
import { AgentDirectoryService } from "../../../gen/moorline/agent/v1/directory_service_pb.ts";
import { consoleOutput } from "../../../scripts/build-console.ts";
import { type AgentCollection, createAgentCollection } from "../../../src/daemon/directory/agent-collection.ts";
import { createAgentDirectoryService } from "../../../src/daemon/directory/agent-directory-service.ts";
import { createDaemonServer, createIdentity, Pages } from "../../../src/server/index.ts";
import { systemClock } from "../../../src/transport/system-clock.ts";
import { systemRandom } from "../../../src/transport/system-random.ts";

const STARTED_MS = 1_764_000_000_000;

/** A daemon with a console, and more agents than anybody looks at. */
export interface Crowd {
  /** Of the console. */
  readonly url: string;
  readonly serverId: string;
  /** Has an agent be called something else, as if it had changed last of all. */
  retitle(index: number, title: string): void;
}

/** Starts a daemon for the length of a test, whose agents are called `agent 0` and so on; the last one has changed last. */
export async function startCrowd(count: number): Promise<Crowd> {
  const agents = createAgentCollection({ clock: systemClock, random: systemRandom });
  for (let index = 0; index < count; index += 1) put(agents, index, `agent ${index}`, STARTED_MS + index * 1_000);
  const identity = createIdentity({ name: "crowd", version: "1.0.0" });
  const server = createDaemonServer({
    identity,
    pages: await Pages.load(consoleOutput("production")),
    routes: (router) => router.service(AgentDirectoryService, createAgentDirectoryService(agents)),
    insecureNoAuth: true,
    logger: { warn() {}, error: console.error },
  });
  onTestFinished(() => server.close());
  const { port } = await server.listen({ port: 0 });
  return {
    ...{
      url: `http://127.0.0.1:${port}/#server=${encodeURIComponent(`ws://127.0.0.1:${port}/`)}`,
      serverId: server.serverId,
    },
    retitle: (index, title) => put(agents, index, title, Date.now()),
  };
}

function put(agents: AgentCollection, index: number, title: string, updatedMs: number): void {
  const id = `agent_${index.toString(36).padStart(16, "0")}`;
  const workingDirectory = `/home/mariner/projects/service-${index % 97}`;
  const [createdAt, updatedAt] = [STARTED_MS, updatedMs].map(timestampFromMs);
  const agent = { id, title, workingDirectory, providerId: "command", status: AgentStatus.ENDED };
  agents.put(id, create(AgentSchema, { ...agent, ...(createdAt && { createdAt }), ...(updatedAt && { updatedAt }) }));
}
