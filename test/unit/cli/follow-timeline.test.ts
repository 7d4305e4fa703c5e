import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { Code, ConnectError, createClient, createRouterTransport } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { type TimelineItem, TimelineItemSchema } from "../../../gen/moorline/agent/v1/timeline_pb.ts";
import {
  TimelineService,
  type WatchTimelineResponseSchema,
} from "../../../gen/moorline/agent/v1/timeline_service_pb.ts";
import { type FollowingClient, followTimeline } from "../../../src/cli/follow-timeline.ts";

type Piece = MessageInitShape<typeof WatchTimelineResponseSchema> | "cut" | "open";

function item(seq: number, revision: number): TimelineItem {
  const content = { case: "toolCall" as const, value: { callId: `${seq}`, output: `at ${revision}` } };
  return create(TimelineItemSchema, { seq: BigInt(seq), revision: BigInt(revision), content });
}

const appended = (seq: number, revision: number): Piece => ({
  event: { case: "itemAppended", value: { item: item(seq, revision) } },
});
const replaced = (seq: number, revision: number): Piece => ({
  event: { case: "itemReplaced", value: { item: item(seq, revision) } },
});
const mark = (revision: number): Piece => ({
  event: { case: "mark", value: { cursor: { epoch: "e", revision: BigInt(revision) } } },
});

/** A client of a daemon whose watches say what is given, one after the other. */
function clientOf(watches: Piece[][], cursors: bigint[]): FollowingClient {
  const transport = createRouterTransport(({ service }) => {
    service(TimelineService, {
      async *watchTimeline({ cursor }, { signal }) {
        cursors.push(cursor?.revision ?? 0n);
        for (const piece of watches.shift() ?? []) {
          if (piece === "cut") throw new ConnectError("gone", Code.Unavailable);
          if (piece === "open") await new Promise((resolve) => signal.addEventListener("abort", resolve));
          else yield piece;
        }
      },
    });
  });
  return { service: (service) => createClient(service, transport), ensureConnected: async () => undefined };
}

/** Follows until an item of this place comes, then as far as the timeline goes. */
async function followTo(client: FollowingClient, last: bigint): Promise<string[]> {
  let end = (): void => undefined;
  const over = new Promise<void>((resolve) => {
    end = resolve;
  });
  const seen: string[] = [];
  for await (const { seq, revision } of followTimeline(client, "agent", over)) {
    seen.push(`${seq}@${revision}`);
    if (seq === last) end();
  }
  return seen;
}

describe("followTimeline", () => {
  it("shows an item once that is newer than the mark after it, and is sent again [TIMELINE-8]", async () => {
    const cursors: bigint[] = [];
    const first = [appended(1, 1), replaced(2, 4), mark(3), replaced(2, 4), mark(4), appended(3, 5), "open" as const];
    const client = clientOf([first, [appended(3, 5), mark(5)]], cursors);
    expect(await followTo(client, 3n)).toEqual(["1@1", "2@4", "3@5"]);
  });

  it("goes on at the last mark after an interruption, and shows nothing twice [TIMELINE-7]", async () => {
    const cursors: bigint[] = [];
    const watches: Piece[][] = [
      [appended(1, 1), mark(1), appended(2, 2), "cut"],
      [appended(2, 2), appended(3, 3), mark(3), appended(4, 4), "open"],
      [appended(4, 4), appended(5, 5), mark(5), appended(6, 6)],
    ];
    expect(await followTo(clientOf(watches, cursors), 4n)).toEqual(["1@1", "2@2", "3@3", "4@4", "5@5"]);
    expect(cursors).toEqual([0n, 1n, 3n]);
  });
});
