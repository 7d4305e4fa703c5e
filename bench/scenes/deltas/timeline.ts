import type { MessageInitShape } from "@bufbuild/protobuf";
import type { Client, ConnectRouter } from "@connectrpc/connect";
import {
  TimelineService,
  type WatchTimelineRequest,
  type WatchTimelineResponseSchema,
} from "../../../gen/moorline/agent/v1/timeline_service_pb.ts";
import type { Acts } from "../scene.ts";
import { createDelta } from "./delta.ts";
import { Receiver } from "./receiver.ts";

type Response = MessageInitShape<typeof WatchTimelineResponseSchema>;

async function* watchTimeline({ agentId }: WatchTimelineRequest): AsyncGenerator<Response> {
  const count = Number(agentId);
  for (let i = 0; i < count; i += 1) {
    const { seq, offset, text, revision } = createDelta(i);
    const value = { seq: BigInt(seq), offset: BigInt(offset), text, revision: BigInt(revision) };
    yield { event: { case: "textAppended", value } };
  }
}

/** A timeline that grows as fast as it can be sent, for as many events as the request says. */
export function timelineRoutes(router: ConnectRouter): void {
  router.service(TimelineService, { watchTimeline });
}

/** Follows it through a generated client, whatever carries it. */
export function receiveDeltas(timelines: Client<typeof TimelineService>): Acts {
  const receiver = new Receiver();
  const watch = async (count: number): Promise<void> => {
    for await (const { event } of timelines.watchTimeline({ agentId: `${count}` })) {
      if (event.case === "textAppended") receiver.came(event.value.offset);
    }
  };
  return { receive: (parameters) => receiver.receive(parameters, (count) => void watch(count)) };
}
