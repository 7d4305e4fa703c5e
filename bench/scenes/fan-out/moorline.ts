import { join } from "node:path";
import type { ConnectRouter } from "@connectrpc/connect";
import {
  AgentDirectoryService,
  type WatchAgentsResponse,
} from "../../../gen/moorline/agent/v1/directory_service_pb.ts";
import { OutputStream } from "../../../gen/moorline/agent/v1/timeline_pb.ts";
import { TimelineService, type WatchTimelineResponse } from "../../../gen/moorline/agent/v1/timeline_service_pb.ts";
import { createAgentCollection } from "../../../src/daemon/directory/agent-collection.ts";
import { createAgentDirectoryService } from "../../../src/daemon/directory/agent-directory-service.ts";
import { createDirectoryCodecs } from "../../../src/daemon/directory/watch-codec.ts";
import { encodeItem } from "../../../src/daemon/timeline/timeline-item.ts";
import { createTimelineService } from "../../../src/daemon/timeline/timeline-service.ts";
import { openSqliteDatabase } from "../../../src/server/sqlite/sqlite-database.ts";
import { createSqliteTimelineStore } from "../../../src/server/timeline/sqlite-timeline-store.ts";
import { systemClock } from "../../../src/transport/system-clock.ts";
import { systemRandom } from "../../../src/transport/system-random.ts";
import { createSampleAgent } from "../directory/sample-agents.ts";
import { dialServer, serveRoutes } from "../ends/moorline.ts";
import { createScratchDirectory } from "../ends/scratch-directory.ts";
import type { Acts, Scene } from "../scene.ts";
import { Arrivals, makeEvents } from "./arrivals.ts";
import { WATCHERS } from "./watchers.ts";

/** The daemon's directory and timelines, with each watcher on a session of its own. The timeline is on disk. */
export const moorlineFanOut: Scene = {
  async serve() {
    const store = createSqliteTimelineStore(await openSqliteDatabase(join(createScratchDirectory(), "moorline.db")));
    const log = await store.open("agent");
    const agents = createAgentCollection({ clock: systemClock, random: systemRandom });
    const agent = createSampleAgent(0);
    const append = (text: string): void => {
      const value = { $typeName: "moorline.agent.v1.CommandOutput", stream: OutputStream.STDOUT } as const;
      const { payload } = encodeItem({ case: "commandOutput", value: { ...value, data: Buffer.from(text) } });
      void log.append(payload);
    };
    const timelines = createTimelineService(() => log);
    const routes = (router: ConnectRouter): void => {
      router.service(AgentDirectoryService, createAgentDirectoryService(agents));
      router.service(TimelineService, timelines);
    };
    const port = await serveRoutes(routes, { codecs: createDirectoryCodecs(agents) });
    return {
      port,
      acts: {
        append: (parameters) => makeEvents(parameters, append),
        change: (parameters) => makeEvents(parameters, (title) => void agents.put(agent.id, { ...agent, title })),
      },
    };
  },
  async dial(port): Promise<Acts> {
    const clients = await Promise.all(Array.from({ length: WATCHERS }, () => dialServer(port)));
    const arrivals = new Arrivals(WATCHERS);
    const begun = clients.map(async (client) => {
      const timeline = client.service(TimelineService).watchTimeline({ agentId: "agent" })[Symbol.asyncIterator]();
      const directory = client.service(AgentDirectoryService).watchAgents({})[Symbol.asyncIterator]();
      // The first mark: what comes from here on is new. A snapshot begins before it.
      await Promise.all([timeline.next(), directory.next().then(() => directory.next())]);
      void followTimeline(timeline, arrivals);
      void followDirectory(directory, arrivals);
    });
    await Promise.all(begun);
    return { collect: arrivals.collect };
  },
};

type Timeline = AsyncIterator<WatchTimelineResponse>;
type Directory = AsyncIterator<WatchAgentsResponse>;

const decoder = new TextDecoder();

async function followTimeline(timeline: Timeline, arrivals: Arrivals): Promise<void> {
  for (let next = await timeline.next(); next.done !== true; next = await timeline.next()) {
    const { event } = next.value;
    const content = event.case === "itemAppended" ? event.value.item?.content : undefined;
    if (content?.case === "commandOutput") arrivals.came(decoder.decode(content.value.data));
  }
}

async function followDirectory(directory: Directory, arrivals: Arrivals): Promise<void> {
  for (let next = await directory.next(); next.done !== true; next = await directory.next()) {
    const { event } = next.value;
    if (event.case === "agentsChanged") for (const { agent } of event.value.upserted) arrivals.came(agent?.title ?? "");
  }
}
