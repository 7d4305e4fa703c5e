import { TimelineService } from "../../../gen/moorline/agent/v1/timeline_service_pb.ts";
import { dialServer, serveRoutes } from "../ends/moorline.ts";
import type { Scene } from "../scene.ts";
import { receiveDeltas, timelineRoutes } from "./timeline.ts";

/** The generated client and service over a channel. */
export const moorlineDeltas: Scene = {
  serve: async () => ({ port: await serveRoutes(timelineRoutes), acts: {} }),
  dial: async (port) => receiveDeltas((await dialServer(port)).service(TimelineService)),
};
