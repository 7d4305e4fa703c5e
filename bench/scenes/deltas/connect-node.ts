import { TimelineService } from "../../../gen/moorline/agent/v1/timeline_service_pb.ts";
import { dialConnect, serveConnect } from "../ends/connect-node.ts";
import type { Scene } from "../scene.ts";
import { receiveDeltas, timelineRoutes } from "./timeline.ts";

/** connect-node with the same client and service. */
export const connectNodeDeltas: Scene = {
  serve: async () => ({ port: await serveConnect(timelineRoutes), acts: {} }),
  dial: async (port) => receiveDeltas(dialConnect(TimelineService, port)),
};
