import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { WatchAgentsResponseSchema } from "../../../../gen/moorline/agent/v1/directory_service_pb.ts";
import { AgentMirror } from "../../../../src/cli/demo/agent-mirror.ts";
import { digestOf } from "../../../../src/wire/collection-digest.ts";

type Event = MessageInitShape<typeof WatchAgentsResponseSchema>["event"];

const began: Event = { case: "snapshotBegan", value: { epoch: "e" } };
const upserted = (id: string, revision: number): Event => ({
  case: "agentsChanged",
  value: { upserted: [{ agent: { id }, revision: BigInt(revision) }] },
});
const removed = (id: string): Event => ({ case: "agentsChanged", value: { removedIds: [id] } });
const mark = (revision: number, entries?: ReadonlyArray<{ id: string; revision: number }>): Event => ({
  case: "mark",
  value: {
    cursor: { epoch: "e", revision: BigInt(revision) },
    ...(entries === undefined ? {} : { digest: digestOf(entries) }),
  },
});

function take(mirror: AgentMirror, ...events: Event[]): string[] {
  for (const event of events) if (event !== undefined) mirror.take(create(WatchAgentsResponseSchema, { event }));
  return mirror.agents.map(({ id }) => id);
}

describe("AgentMirror", () => {
  it("shows what it had until a snapshot is whole [DIR-2]", () => {
    const mirror = new AgentMirror();
    expect(take(mirror, began, upserted("b", 1), upserted("a", 2))).toEqual([]);
    expect(take(mirror, mark(2))).toEqual(["a", "b"]);
    expect(take(mirror, removed("a"), upserted("c", 4))).toEqual(["b", "c"]);
    expect(take(mirror, began, upserted("d", 5))).toEqual(["b", "c"]);
    mirror.cut();
    expect(take(mirror, mark(5))).toEqual(["b", "c"]);
    expect(mirror.cursor?.revision).toBe(5n);
  });

  it("tells by the digest of a mark that it has diverged [DIR-13]", () => {
    const mirror = new AgentMirror();
    expect(take(mirror, began, upserted("a", 1), mark(1, [{ id: "a", revision: 1 }]))).toEqual(["a"]);
    expect(() => take(mirror, mark(2, [{ id: "a", revision: 2 }]))).toThrow("diverged");
  });
});
