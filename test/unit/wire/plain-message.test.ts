import { clone, create, equals } from "@bufbuild/protobuf";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AgentSchema } from "../../../gen/moorline/agent/v1/agent_pb.ts";
import { areSameMessages, copyMessage } from "../../../src/wire/plain-message.ts";
import { createWithUnknown, message } from "./message/sample-messages.ts";
import { describeSamples } from "./message/sample-schema.ts";

const { sample } = describeSamples();

/** Every object in a value, itself included, but for empty bytes: all have the same ones. */
function objectsIn(value: unknown): object[] {
  if (typeof value !== "object" || value === null) return [];
  if (value instanceof Uint8Array) return value.length === 0 ? [] : [value];
  return [value, ...Object.values(value).flatMap(objectsIn)];
}

describe("areSameMessages", () => {
  it("says what protobuf-es says of messages of which all is known [MIRROR-4]", () => {
    const known = message.map((init) => create(sample, { ...(init as object), $unknown: undefined }));
    fc.assert(
      fc.property(known, known, (a, b) => {
        expect(areSameMessages(a, b)).toBe(equals(sample, a, b));
        expect(areSameMessages(a, clone(sample, a))).toBe(true);
      }),
      { numRuns: 100 },
    );
  });

  it.each([
    ["a text", { title: "ebb" }, { title: "flood" }],
    ["a field that the other one has not, either way", { updatedAt: { seconds: 0n } }, {}],
    ["what is in a message", { updatedAt: { seconds: 1n } }, { updatedAt: { seconds: 2n } }],
  ])("tells messages apart by %s [MIRROR-4]", (_, first, second) => {
    const [a, b] = [create(AgentSchema, first), create(AgentSchema, second)];
    expect([areSameMessages(a, b), areSameMessages(b, a), areSameMessages(a, a)]).toEqual([false, false, true]);
  });

  it("tells messages apart by what this version does not know [MIRROR-4]", () => {
    const [a, b, c] = [1, 2, 1].map((byte) => {
      const agent = create(AgentSchema, { title: "ebb" });
      agent.$unknown = [{ no: 500, wireType: 0, data: Uint8Array.of(byte) }];
      return agent;
    });
    if (a === undefined || b === undefined || c === undefined) throw new Error("no agents");
    expect([areSameMessages(a, b), areSameMessages(a, c)]).toEqual([false, true]);
  });
});

describe("copyMessage", () => {
  it("gives the same message, unknown fields included, that shares nothing with it", () => {
    fc.assert(
      fc.property(message, (init) => {
        const original = createWithUnknown(sample, init);
        const copy = copyMessage(sample, original);
        expect(copy).toEqual(clone(sample, original));
        expect(areSameMessages(copy, clone(sample, original))).toBe(true);
        const known = new Set(objectsIn(original));
        expect(objectsIn(copy).filter((each) => known.has(each))).toEqual([]);
      }),
      { numRuns: 100 },
    );
  });
});
