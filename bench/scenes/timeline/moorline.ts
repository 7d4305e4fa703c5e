import type { Client } from "@connectrpc/connect";
import { AgentService } from "../../../gen/moorline/agent/v1/agent_service_pb.ts";
import { TimelineService } from "../../../gen/moorline/agent/v1/timeline_service_pb.ts";
import { AgentRegistry } from "../../../src/daemon/agent/agent-registry.ts";
import { createAgentService } from "../../../src/daemon/agent/agent-service.ts";
import { CommandProvider } from "../../../src/daemon/command/command-provider.ts";
import { openDaemon } from "../../../src/daemon/daemon.ts";
import { createAgentCollection } from "../../../src/daemon/directory/agent-collection.ts";
import { createTimelineService } from "../../../src/daemon/timeline/timeline-service.ts";
import { createMemoryTimelineStore } from "../../../src/server/timeline/memory-timeline-store.ts";
import { systemClock } from "../../../src/transport/system-clock.ts";
import { systemRandom } from "../../../src/transport/system-random.ts";
import { dialServer, serveRoutes } from "../ends/moorline.ts";
import { createScratchDirectory } from "../ends/scratch-directory.ts";
import { type Acts, type Figures, figureOf, type Scene } from "../scene.ts";
import { printLines } from "./print-lines.ts";

const LINE_FEED = 0x0a;

/** The whole daemon: the command is an agent, its output a timeline, on disk before it is shown. */
export const moorlineTimeline: Scene = {
  async serve() {
    const daemon = await openDaemon({
      stateDirectory: createScratchDirectory(),
      program: { name: "bench", version: "1.0.0" },
      insecureNoAuth: true,
      onTransition: () => {},
      logger: { warn: () => {}, error: console.error },
    });
    const { port } = await daemon.listen({ host: "127.0.0.1", port: 0 });
    return { port, acts: {} };
  },
  dial: dialTimeline,
};

/** The same services, with the timelines in memory. */
export const moorlineMemoryTimeline: Scene = {
  async serve() {
    const [clock, random] = [systemClock, systemRandom];
    const registry = new AgentRegistry({
      context: {
        clock,
        agents: createAgentCollection({ clock, random }),
        store: createMemoryTimelineStore({ clock, random }),
        logged: () => {},
        attentionRaised: () => {},
        failed: (what, error) => console.error(what, error),
      },
      providers: [new CommandProvider({ clock })],
      random,
      maxAgents: 10_000,
      workingDirectory: process.cwd(),
    });
    const timelines = createTimelineService((agentId) => registry.get(agentId).kept.log);
    const port = await serveRoutes((router) => {
      router.service(AgentService, createAgentService(registry, clock));
      router.service(TimelineService, timelines);
    });
    return { port, acts: {} };
  },
  dial: dialTimeline,
};

async function dialTimeline(port: number): Promise<Acts> {
  const client = await dialServer(port);
  const [agents, timelines] = [client.service(AgentService), client.service(TimelineService)];
  return { run: (parameters) => run(agents, timelines, figureOf(parameters, "lines")) };
}

/** Has a new agent print lines, and follows it up to the last. */
async function run(
  agents: Client<typeof AgentService>,
  timelines: Client<typeof TimelineService>,
  lines: number,
): Promise<Figures> {
  const startMs = performance.now();
  const { agent } = await agents.createAgent({
    providerId: "command",
    title: "print lines",
    task: { case: "command", value: { argv: printLines(lines), closeInput: true } },
  });
  let left = lines;
  for await (const { event } of timelines.watchTimeline({ agentId: agent?.id ?? "" })) {
    if (event.case === "epochChanged" || event.case === "itemReplaced")
      throw new Error(`nobody has made a ${event.case}`);
    const content = event.case === "itemAppended" ? event.value.item?.content : undefined;
    if (content?.case === "commandOutput") left -= countLines(content.value.data);
    if (left <= 0) break;
  }
  const perSecond = (lines * 1000) / (performance.now() - startMs);
  if (left !== 0) throw new Error("more lines came than were printed");
  await agents.waitForIdle({ agentId: agent?.id ?? "" });
  return { perSecond };
}

function countLines(data: Uint8Array): number {
  let count = 0;
  for (let at = data.indexOf(LINE_FEED); at >= 0; at = data.indexOf(LINE_FEED, at + 1)) count += 1;
  return count;
}
