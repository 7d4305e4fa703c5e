import { create, toBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AgentSchema } from "../../../../gen/moorline/agent/v1/agent_pb.ts";
import {
  ListAgentsResponseSchema,
  WatchAgentsResponseSchema,
} from "../../../../gen/moorline/agent/v1/directory_service_pb.ts";
import { createDirectoryCodecs } from "../../../../src/daemon/directory/watch-codec.ts";
import { MessageFormat } from "../../../../src/rpc/message-format.ts";
import { createAgent, stageAgents } from "./support/directory.ts";

const agents = stageAgents();
const codecs = createDirectoryCodecs(agents);
const codec = codecs(WatchAgentsResponseSchema);

const agent = fc
  .record({
    id: fc.string(),
    title: fc.string({ unit: "binary", maxLength: 300 }),
    labels: fc.dictionary(fc.string(), fc.string()),
  })
  .map((init) => create(AgentSchema, init));
const upserted = fc.array(
  fc.record({ agent: fc.option(agent, { nil: undefined }), revision: fc.bigInt({ min: 0n, max: 2n ** 53n - 1n }) }),
);
const changes = fc
  .record({ upserted, removedIds: fc.array(fc.string({ unit: "binary" })) })
  .map(({ upserted: entries, removedIds }) => {
    const given = entries.map(({ agent: one, revision }) =>
      one === undefined ? { revision } : { agent: one, revision },
    );
    return create(WatchAgentsResponseSchema, {
      event: { case: "agentsChanged", value: { upserted: given, removedIds } },
    });
  });

describe("createDirectoryCodecs", () => {
  it("encodes changes as the general codec does, the first time and each time", () => {
    fc.assert(
      fc.property(changes, (message) => {
        const expected = toBinary(WatchAgentsResponseSchema, message);
        expect(codec.encode(message)).toEqual(expected);
        expect(codec.encode(message)).toEqual(expected);
      }),
    );
  });

  it("is what the messages of a call are encoded with, so that watchers share the bytes of an agent", () => {
    const collection = stageAgents();
    collection.put("a", createAgent("a"));
    const one = collection.get("a");
    if (one === undefined) throw new Error("there is no agent");
    const shared = Uint8Array.of(...toBinary(AgentSchema, one));
    const asked: unknown[] = [];
    collection.bytesOf = (agent) => {
      asked.push(agent);
      return shared;
    };
    const format = new MessageFormat(WatchAgentsResponseSchema, createDirectoryCodecs(collection));
    const message = create(WatchAgentsResponseSchema, {
      event: { case: "agentsChanged", value: { upserted: [{ agent: one, revision: 1n }] } },
    });
    expect(format.encode(message)).toEqual(toBinary(WatchAgentsResponseSchema, message));
    expect(asked).toEqual([one]);
  });

  it("encodes marks, and what it does not know, as the general codec does", () => {
    const mark = create(WatchAgentsResponseSchema, { event: { case: "mark", value: { digest: 5n } } });
    const changed = create(WatchAgentsResponseSchema, {
      event: { case: "agentsChanged", value: { removedIds: ["a"] } },
    });
    changed.$unknown = [{ no: 9, wireType: 0, data: Uint8Array.of(1) }];
    for (const message of [mark, changed]) {
      expect(codec.encode(message)).toEqual(toBinary(WatchAgentsResponseSchema, message));
    }
  });

  it("leaves other messages alone", () => {
    const page = create(ListAgentsResponseSchema, { nextPageToken: "more" });
    expect(codecs(ListAgentsResponseSchema).encode(page)).toEqual(toBinary(ListAgentsResponseSchema, page));
  });

  it("encodes what the collection has once, and again when it changes or another one is meant", () => {
    const first = createAgent("a");
    agents.put("a", first);
    expect(agents.bytesOf(first)).toBe(agents.bytesOf(first));
    const other = createAgent("a", { title: "not that of the collection" });
    expect(agents.bytesOf(other)).toEqual(toBinary(AgentSchema, other));
    expect(agents.bytesOf(other)).not.toBe(agents.bytesOf(other));
    agents.put("a", other);
    expect(agents.bytesOf(other)).toBe(agents.bytesOf(other));
    expect(agents.bytesOf(first)).toEqual(toBinary(AgentSchema, first));
    agents.delete("a");
    expect(agents.bytesOf(other)).not.toBe(agents.bytesOf(other));
  });
});
