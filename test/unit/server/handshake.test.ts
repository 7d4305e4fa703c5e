import { describe, expect, it } from "vitest";
import { CloseCode } from "../../../gen/moorline/session/v1/close_code_pb.ts";
import { Purpose } from "../../../gen/moorline/session/v1/packet_pb.ts";
import { SERVER_ID, stageDaemon } from "./support/daemon.ts";
import { type HelloInit, idOf, KEY } from "./support/hello.ts";

const resume = { channelId: idOf(9), epoch: idOf(9), received: 0n };

/** Hellos with one fault, and what answers it. */
const faults: ReadonlyArray<readonly [name: string, code: string, clause: string, init: HelloInit]> = [
  ["without a session key", "SESSION_KEY_MISSING", "HELLO-3", { sessionKey: "" }],
  ["as a probe without a session key", "SESSION_KEY_MISSING", "HELLO-3", { sessionKey: "", purpose: Purpose.PROBE }],
  ["with a key of 21 characters", "SESSION_KEY_MALFORMED", "HELLO-4", { sessionKey: "a".repeat(21) }],
  ["with a key of 129 characters", "SESSION_KEY_MALFORMED", "HELLO-4", { sessionKey: "a".repeat(129) }],
  ["with a key and a line feed", "SESSION_KEY_MALFORMED", "HELLO-4", { sessionKey: `${KEY}\n` }],
  ["with a key of another alphabet", "SESSION_KEY_MALFORMED", "HELLO-4", { sessionKey: `${KEY}+` }],
  ["without a purpose", "HELLO_MALFORMED", "HELLO-5", { purpose: Purpose.UNSPECIFIED }],
  ["with a purpose of a later version", "HELLO_MALFORMED", "HELLO-5", { purpose: 9 as Purpose }],
  ["without a protocol range", "HELLO_MALFORMED", "HELLO-5", { protocol: undefined } as never],
  ["with a range from 0", "HELLO_MALFORMED", "HELLO-5", { protocol: { min: 0, max: 1 } }],
  ["with a range upside down", "HELLO_MALFORMED", "HELLO-5", { protocol: { min: 2, max: 1 } }],
  ["with an instance id of 15 characters", "HELLO_MALFORMED", "HELLO-5", { client: { instanceId: "i".repeat(15) } }],
  ["with an instance id of 65 characters", "HELLO_MALFORMED", "HELLO-5", { client: { instanceId: "i".repeat(65) } }],
  ["without an instance id", "HELLO_MALFORMED", "HELLO-5", { client: undefined } as never],
  ["with attempt 0", "HELLO_MALFORMED", "HELLO-6", { attempt: 0n }],
  ["with an attempt over 2^53 - 1", "HELLO_MALFORMED", "HELLO-6", { attempt: 2n ** 53n }],
  ["with a fresh id of 15 bytes", "HELLO_MALFORMED", "HELLO-6", { freshChannelId: new Uint8Array(15) }],
  ["without a fresh id", "HELLO_MALFORMED", "HELLO-6", { freshChannelId: new Uint8Array(0) }],
  [
    "with a resume id of 17 bytes",
    "HELLO_MALFORMED",
    "HELLO-6",
    { resume: { ...resume, channelId: new Uint8Array(17) } },
  ],
  ["with a resume without epoch", "HELLO_MALFORMED", "HELLO-6", { resume: { ...resume, epoch: new Uint8Array(0) } }],
  ["with a credit of 1,023 bytes", "HELLO_MALFORMED", "HELLO-7", { limits: { initialCreditBytes: 1023n } }],
  ["with a credit over 16 MiB", "HELLO_MALFORMED", "HELLO-7", { limits: { initialCreditBytes: 16777217n } }],
  ["for another daemon", "WRONG_SERVER", "HELLO-8", { expectedServerId: `A${SERVER_ID.slice(1)}` }],
  ["of a later protocol", "PROTOCOL_UNSUPPORTED", "VER-1", { protocol: { min: 2, max: 3 } }],
];

/** Hellos with two faults: the first one in the order of HELLO-9 answers. */
const coincidences: ReadonlyArray<readonly [first: string, init: HelloInit]> = [
  ["PROTOCOL_UNSUPPORTED", { protocol: { min: 2, max: 3 }, sessionKey: "" }],
  ["SESSION_KEY_MISSING", { sessionKey: "", purpose: Purpose.UNSPECIFIED }],
  ["SESSION_KEY_MALFORMED", { sessionKey: "short", attempt: 0n }],
  ["HELLO_MALFORMED", { attempt: 0n, expectedServerId: "another" }],
  ["WRONG_SERVER", { expectedServerId: "another", credential: { case: "bearerToken", value: "wrong" } }],
];

describe("a hello with a fault", () => {
  it.each(faults)("%s is rejected with %s [%s]", (_, code, _clause, init) => {
    const stage = stageDaemon();
    const client = stage.greet(init);
    expect(client.farewell).toBe(code);
    expect(client.packets).toHaveLength(1);
    expect(stage.server.sessions.list()).toEqual([]);
    expect(stage.server.metrics).toMatchObject({
      open: { awaitingHello: 0 },
      rejected: new Map([[client.close?.code, 1]]),
    });
    expect(stage.greet().welcome.protocol).toBe(1);
  });

  it.each(coincidences)("is answered by the first fault: %s [HELLO-9]", (code, init) => {
    const authenticate = () => ({ rejected: "UNAUTHENTICATED" }) as const;
    expect(stageDaemon({ authenticate }).greet(init).farewell).toBe(code);
  });

  it("is told what the server speaks [VER-1]", () => {
    const { rejection } = stageDaemon().greet({ protocol: { min: 2, max: 3 } });
    expect(rejection.supported).toMatchObject({ min: 1, max: 1 });
    expect(stageDaemon().greet({ sessionKey: "" }).rejection.supported).toBeUndefined();
  });

  it("never hears its key back [LOG-3]", () => {
    const secret = `${"s".repeat(40)}!`;
    const stage = stageDaemon();
    const { rejection, close } = stage.greet({ sessionKey: secret });
    expect(rejection.message + close?.reason).not.toContain("ssss");
  });
});

describe("a hello in which everything is right", () => {
  it("is welcomed with everything that a session has [WELCOME-1, HELLO-7]", () => {
    const { welcome, packets } = stageDaemon().greet({ expectedServerId: SERVER_ID });
    expect(packets).toHaveLength(1);
    expect(welcome).toMatchObject({
      protocol: 1,
      server: { serverId: SERVER_ID, name: "test", version: "1.2.3" },
      attachment: { channelId: idOf(1), received: 0n },
      lifetimes: { replayMs: 900_000n, sessionMs: 604_800_000n },
      limits: { initialCreditBytes: 262_144n, maxMessageBytes: 16_777_216n, maxCalls: 256 },
      heartbeat: { intervalMs: 15_000n, pongTimeoutMs: 10_000n, silenceMs: 25_000n },
      capabilities: [],
    });
    expect(welcome.server?.epoch).toHaveLength(16);
    expect(welcome.sessionRef).toMatch(/^[0-9a-f]{16}$/);
    expect(welcome.hint).toBeUndefined();
    expect(welcome.credentialExpiresInMs).toBeUndefined();
  });

  it("takes the limits at the edges of their ranges [HELLO-7]", () => {
    for (const initialCreditBytes of [0n, 1024n, 16_777_216n]) {
      expect(stageDaemon().greet({ limits: { initialCreditBytes } }).isOpen).toBe(true);
    }
  });

  it("is welcomed whatever unknown fields, capabilities and enum values it has [INV-15, VER-2, VER-3]", () => {
    const stage = stageDaemon();
    const unknown = [{ no: 900, wireType: 2, data: new Uint8Array([3, 1, 2, 3]) }];
    const { welcome } = stage.greet({ path: 77 as never, capabilities: ["later"], $unknown: unknown } as never);
    expect(welcome.capabilities).toEqual([]);
  });

  it("says the hint of the server [WELCOME-1]", () => {
    const { welcome } = stageDaemon({ reconnectHint: { afterMs: 5, jitterMs: 7 } }).greet();
    expect(welcome.hint).toMatchObject({ afterMs: 5n, jitterMs: 7n });
  });
});

describe("a connection without an accepted hello", () => {
  it("is closed after 10 s [HELLO-2, SRV-1]", () => {
    const stage = stageDaemon();
    const client = stage.dial();
    stage.clock.advance(9_999);
    expect(client.isOpen).toBe(true);
    stage.clock.advance(1);
    expect(client.farewell).toBe("HELLO_TIMEOUT");
    expect(stage.clock.pending).toBe(0);
  });

  it.each([
    ["a ping", { case: "ping", value: { id: 1, padding: new Uint8Array(0), unknown: undefined } }],
    ["frames", { case: "frames", value: { first: 0, frames: [], unknown: undefined } }],
    ["a goodbye", { case: "goodbye", value: { code: CloseCode.CONNECTION_DONE, message: "" } }],
    ["an empty packet", { case: undefined, value: undefined }],
  ] as const)("may say nothing else: %s [HELLO-1]", (_, body) => {
    const stage = stageDaemon();
    const client = stage.dial();
    client.say(body as never);
    stage.clock.advance(0);
    expect(client.farewell).toBe("PROTOCOL_VIOLATION");
  });

  it("may send no text [PACKET-2]", () => {
    const stage = stageDaemon();
    const closes: unknown[] = [];
    const connection = {
      bufferedBytes: 0,
      send() {},
      abort() {},
      close: (...close: unknown[]) => void closes.push(close),
    };
    stage.server.accept(connection).received("hello");
    expect(closes).toEqual([[CloseCode.PROTOCOL_VIOLATION, "a text message"]]);
  });

  it.each([
    ["bytes that are no packet", new Uint8Array([255, 255, 255]), "PACKET_MALFORMED"],
    ["a hello that is no hello", new Uint8Array([18, 2, 255, 255]), "PACKET_MALFORMED"],
    ["a first packet over 16 KiB", new Uint8Array(16_385), "PACKET_MALFORMED"],
  ])("may not send %s [PACKET-3, PACKET-4]", (_, bytes, code) => {
    const stage = stageDaemon();
    const client = stage.dial();
    client.sayBytes(bytes);
    stage.clock.advance(0);
    expect(client.farewell).toBe(code);
    expect(stage.greet().isOpen).toBe(true);
  });
});

describe("a second hello", () => {
  it("ends the connection and keeps the channel [HELLO-10]", () => {
    const stage = stageDaemon();
    const client = stage.greet();
    client.hello({ attempt: 2n });
    stage.clock.advance(0);
    expect(client.farewell).toBe("PROTOCOL_VIOLATION");
    expect(stage.server.metrics.channels).toEqual({ attached: 0, detached: 1 });
  });

  it("ends the connection also while the first one is judged [HELLO-10, HELLO-1]", async () => {
    const stage = stageDaemon({ authenticate: async () => ({ principal: "somebody" }) });
    const client = stage.dial();
    client.hello();
    client.hello();
    stage.clock.advance(0);
    expect(client.farewell).toBe("PROTOCOL_VIOLATION");
    await stage.clock.settle();
    expect(stage.server.sessions.list()).toEqual([]);
  });
});
