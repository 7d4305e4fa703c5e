import { globSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { create, type DescMessage, fromBinary, type MessageShape, toBinary } from "@bufbuild/protobuf";
import { nestedTypes } from "@bufbuild/protobuf/reflect";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { agentCodes } from "../../../../gen/moorline/agent/v1/agent_codec.ts";
import { AgentSchema, PendingPermissionSchema } from "../../../../gen/moorline/agent/v1/agent_pb.ts";
import { createGeneratedCodecs } from "../../../../src/rpc/generated-codecs.ts";
import {
  decodeMessage,
  encodeMessage,
  type MessageCode,
  type MessageCodes,
} from "../../../../src/wire/message-codec.ts";
import { arbitraryInit } from "./arbitrary-message.ts";
import { createWithUnknown } from "./sample-messages.ts";

const GEN = fileURLToPath(new URL("../../../../gen", import.meta.url));

interface Generated {
  readonly desc: DescMessage;
  readonly code: MessageCode;
}

/** Every message that code is generated for. */
async function loadGenerated(): Promise<Generated[]> {
  const files = globSync("**/*_codec.ts", { cwd: GEN });
  const found = await Promise.all(
    files.map(async (file) => {
      const tables = Object.values((await import(`${GEN}/${file}`)) as Record<string, unknown>);
      const codes = tables.find((each) => typeof each === "object") as MessageCodes;
      const module = (await import(`${GEN}/${file.replace("_codec", "_pb")}`)) as Record<string, { kind?: string }>;
      const described = Object.values(module).find(({ kind }) => kind === "file");
      const types = [...nestedTypes(described as Parameters<typeof nestedTypes>[0])];
      return types.flatMap((desc) => {
        const code = codes[desc.typeName];
        return desc.kind === "message" && code !== undefined ? [{ desc, code }] : [];
      });
    }),
  );
  return found.flat();
}

const all = await loadGenerated();
const cases = all.map(({ desc, code }) => [desc.typeName, desc, code] as const);

function orUndefined<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}

function withoutUnknown(value: unknown): unknown {
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return value;
  if (Array.isArray(value)) return value.map(withoutUnknown);
  const fields = Object.entries(value).filter(([name]) => name !== "$unknown");
  return Object.fromEntries(fields.map(([name, field]) => [name, withoutUnknown(field)]));
}

describe("generated code of messages", () => {
  it("is there for every message that calls about agents have", () => {
    const names = cases.map(([name]) => name);
    expect(names.length).toBeGreaterThan(70);
    expect(names).toContain("moorline.agent.v1.WatchAgentsResponse");
    expect(names).toContain("moorline.agent.v1.TimelineItem");
  });

  it.each(cases)(
    "gives for %s the same bytes and the same message as the general codec [SCHEMA-5]",
    (_, desc, code) => {
      let usual = 0;
      fc.assert(
        fc.property(arbitraryInit(desc), (init) => {
          const made = createWithUnknown(desc, init);
          const bytes = toBinary(desc, made);
          const encoded = encodeMessage(code, made);
          if (encoded !== undefined) expect(encoded).toEqual(bytes);
          if (encoded !== undefined) usual += 1;
          const decoded = decodeMessage(code, bytes);
          if (decoded !== undefined) expect(decoded).toStrictEqual(fromBinary(desc, bytes));
        }),
        { numRuns: 20 },
      );
      expect(usual, "messages that are not left to the general codec").toBeGreaterThan(5);
    },
  );

  it.each(cases)("gives for %s, whatever the bytes are, the same message or none [SCHEMA-5]", (_, desc, code) => {
    const change = fc.tuple(fc.nat(), fc.nat(255));
    fc.assert(
      fc.property(arbitraryInit(desc), fc.array(change, { maxLength: 3 }), fc.nat(4), (init, changes, cut) => {
        const whole = toBinary(desc, createWithUnknown(desc, init));
        for (const [place, byte] of changes) whole[place % Math.max(1, whole.length)] = byte;
        const bytes = whole.subarray(0, Math.max(0, whole.length - cut));
        const decoded = decodeMessage(code, bytes);
        if (decoded !== undefined) expect(decoded).toStrictEqual(orUndefined(() => fromBinary(desc, bytes)));
      }),
      { numRuns: 40 },
    );
  });

  it.each(cases)("gives for two %s behind each other the message that both are together, or none", (_, desc, code) => {
    fc.assert(
      fc.property(arbitraryInit(desc), arbitraryInit(desc), (first, second) => {
        const parts = [first, second].map((init) => toBinary(desc, createWithUnknown(desc, init)));
        const bytes = Uint8Array.from(Buffer.concat(parts));
        const decoded = decodeMessage(code, bytes);
        if (decoded !== undefined) expect(decoded).toStrictEqual(fromBinary(desc, bytes));
      }),
      { numRuns: 20 },
    );
  });

  it.each(cases)("encodes for %s what a caller gives, which need not be whole", (_, desc, code) => {
    fc.assert(
      fc.property(arbitraryInit(desc), (init) => {
        const fields = withoutUnknown(init) as Record<string, unknown>;
        const bytes = encodeMessage(code, fields);
        if (bytes !== undefined) expect(bytes).toEqual(toBinary(desc, create(desc, fields)));
      }),
      { numRuns: 20 },
    );
  });
});

describe("generated code of messages: what is common", () => {
  const code = agentCodes[AgentSchema.typeName] as MessageCode;
  const agent = create(AgentSchema, {
    id: "agent",
    labels: { project: "harbour-master" },
    status: 2,
    createdAt: { seconds: 1_764_000_000n, nanos: 5 },
    pendingPermissions: [{ id: "p", subject: { case: "command", value: { argv: ["npm", "é".repeat(70)] } } }],
  });

  it("is not left to the general codec", () => {
    const bytes = encodeMessage(code, agent);
    expect(bytes).toEqual(toBinary(AgentSchema, agent));
    expect(decodeMessage(code, toBinary(AgentSchema, agent))).toStrictEqual(agent);
  });

  it("is made for each message alone", () => {
    const [one, other] = [0, 1].map(() => decodeMessage(code, new Uint8Array(0)) as MessageShape<typeof AgentSchema>);
    expect(one?.labels).not.toBe(other?.labels);
    expect(one?.pendingPermissions).not.toBe(other?.pendingPermissions);
  });

  it("is encoded where a property encodes another message while it is read", () => {
    const nested = encodeMessage(code, { id: "inner" });
    const outer = Object.defineProperty({ title: "outer" }, "id", {
      enumerable: true,
      get: () => `${encodeMessage(code, { id: "inner" })?.length}`,
    });
    expect(encodeMessage(code, outer)).toEqual(
      toBinary(AgentSchema, create(AgentSchema, { title: "outer", id: `${nested?.length}` })),
    );
  });

  it("is encoded at any size", () => {
    const title = "tide ".repeat(20_000);
    const large = create(AgentSchema, { title, pendingPermissions: [{ title }, { title: "é".repeat(30_000) }] });
    expect(encodeMessage(code, large)).toEqual(toBinary(AgentSchema, large));
    expect(encodeMessage(code, agent)).toEqual(toBinary(AgentSchema, agent));
  });

  it("is encoded wherever shared memory ends, and stays as it is when others are", () => {
    const agents = Array.from({ length: 1000 }, (_, i) => {
      const size = i % 50 === 49 ? 20_000 + i : i;
      return create(AgentSchema, { id: `${i}`, pendingPermissions: [{ title: "t".repeat(size) }, { title: "é" }] });
    });
    const encoded = agents.map((each) => encodeMessage(code, each));
    for (const [i, each] of agents.entries()) expect(encoded[i]).toEqual(toBinary(AgentSchema, each));
  });
});

describe("generated code of messages: what is rare", () => {
  const code = agentCodes[AgentSchema.typeName] as MessageCode;

  it.each([
    ["a null", { title: null }],
    ["a list that is none", { pendingPermissions: "ab" }],
    ["a map that is none", { labels: null }],
    ["a child of another type", { failure: { $typeName: "sample.Other" } }],
    ["a string that is none", { id: 5 }],
    ["an enum that is none", { status: 0.5 }],
    ["a time before 1970", { createdAt: { seconds: -1n, nanos: 0 } }],
    ["unknown fields, which are not the caller's to give", { $unknown: [] }],
    ["another type", { $typeName: "sample.Other" }],
  ])("is left to the general codec: %s", (_, init) => {
    expect(encodeMessage(code, init)).toBeUndefined();
  });

  it.each([
    ["a message that comes twice", [0x3a, 0, 0x3a, 0]],
    ["a field of another wire type", [0x08, 1]],
    ["a map entry without its key", [0x2a, 2, 0x12, 0]],
    ["a map entry with __proto__ as its key", [0x2a, 13, 0x0a, 9, ...Buffer.from("__proto__"), 0x12, 0]],
    ["a text that is not UTF-8", [0x0a, 1, 0xff]],
    ["a length beyond the end", [0x0a, 9]],
    ["a child that reaches beyond its end", [0x3a, 2, 0x08, 0x80, 1]],
  ])("is left to the general codec: %s", (_, bytes) => {
    expect(decodeMessage(code, Uint8Array.from(bytes))).toBeUndefined();
  });

  it("is decoded by the codec all the same, which asks the general one [SCHEMA-5]", () => {
    const codec = createGeneratedCodecs(agentCodes)(AgentSchema);
    const twice = Uint8Array.from([0x3a, 2, 0x12, 0, 0x3a, 2, 0x08, 1]);
    expect(codec.decode(twice)).toStrictEqual(fromBinary(AgentSchema, twice));
    expect(() => codec.decode(Uint8Array.of(0x0a, 9))).toThrow();
    const before1970 = create(AgentSchema, { createdAt: { seconds: -1n } });
    expect(codec.encode(before1970)).toEqual(toBinary(AgentSchema, before1970));
    expect(() => codec.encode({ ...before1970, status: 0.5 as never })).toThrow();
  });

  it("is every message without generated code: the general codec is taken", () => {
    const codec = createGeneratedCodecs({})(PendingPermissionSchema);
    const permission = create(PendingPermissionSchema, { id: "p" });
    expect(codec.decode(codec.encode(permission))).toStrictEqual(permission);
  });
});
