import { describe, expect, it } from "vitest";
import { CloseCode } from "../../../gen/moorline/session/v1/close_code_pb.ts";
import { Path, Purpose } from "../../../gen/moorline/session/v1/packet_pb.ts";
import { ProbeEndReason } from "../../../gen/moorline/state/v1/reason_pb.ts";
import type { ProbeOptions } from "../../../src/client/probe-options.ts";
import { hasPathFailed, probeEndOf, roundTripsOf } from "../../../src/client/probe-selectors.ts";
import { MoorlineError, type MoorlineErrorCode } from "../../../src/wire/moorline-error.ts";
import { placeOf, probeAt } from "./support/probe-stage.ts";
import { type ScriptedConnection, SERVER_ID } from "./support/scripted-daemon.ts";
import { everythingSaid, linesOf, SESSION_KEY, stageClient } from "./support/stage.ts";

const TOKEN = "TOKENTOKENTOKEN";

/** A probe of a daemon that does what a test says with its hello. */
function stageScript(onHello: (connection: ScriptedConnection) => void, options: Partial<ProbeOptions> = {}) {
  const { clock, daemon, pair } = stageClient();
  daemon.onHello = onHello;
  const probed = probeAt({ clock, transport: pair.transport }, options);
  return { clock, daemon, pair, ...probed };
}

const welcome = (connection: ScriptedConnection): void => connection.welcomeProbe();

describe("Probe: its hello", () => {
  it("says who it is, and offers and asks for nothing [PROBE-6, PROBE-1, HELLO-1]", () => {
    const stage = stageScript(welcome, { expectedServerId: SERVER_ID, path: Path.RELAY });
    stage.clock.advance(10);
    expect(stage.daemon.connection.hello).toMatchObject({
      protocol: { min: 1, max: 1 },
      sessionKey: SESSION_KEY,
      purpose: Purpose.PROBE,
      client: { name: "test", version: "1.0.0" },
      expectedServerId: SERVER_ID,
      path: Path.RELAY,
      attempt: 0n,
      freshChannelId: new Uint8Array(0),
    });
    expect(stage.daemon.connection.hello?.client?.instanceId).toMatch(/^[A-Za-z0-9_-]{22}$/);
    expect(stage.daemon.connection.hello?.resume).toBeUndefined();
  });

  it("is not said where it does not fit the first packet [PACKET-3]", () => {
    const stage = stageScript(welcome, { credential: { bearerToken: "x".repeat(17_000) } });
    stage.clock.advance(10);
    expect(probeEndOf(stage.probe.state)).toMatchObject({
      reason: ProbeEndReason.REJECTED,
      code: CloseCode.HELLO_MALFORMED,
    });
    expect(stage.daemon.connection.packets).toEqual([]);
  });

  it("is given up where it is not answered within 5 s [PROBE-6, PROBE-8]", () => {
    const stage = stageScript(() => {});
    stage.clock.advance(4_999);
    expect(placeOf(stage)).toBe("opening");
    stage.clock.advance(1);
    expect(probeEndOf(stage.probe.state)?.reason).toBe(ProbeEndReason.ANSWER_TIMED_OUT);
    expect(hasPathFailed(stage.probe.state)).toBe(true);
  });
});

describe("Probe: answers", () => {
  const broken: readonly [string, (connection: ScriptedConnection) => void, ProbeEndReason, CloseCode][] = [
    [
      "of another daemon",
      (connection) => connection.welcomeProbe({ server: { serverId: "another" } }),
      ProbeEndReason.WRONG_SERVER,
      CloseCode.WRONG_SERVER,
    ],
    [
      "with a revision that was not offered",
      (connection) => connection.welcomeProbe({ protocol: 2 }),
      ProbeEndReason.WELCOME_REFUSED,
      CloseCode.PROTOCOL_UNSUPPORTED,
    ],
    [
      "that name no daemon",
      (connection) => connection.answer({ case: "welcome", value: { protocol: 1 } }),
      ProbeEndReason.WELCOME_REFUSED,
      CloseCode.PROTOCOL_VIOLATION,
    ],
    [
      "that give a channel",
      (connection) => connection.welcomeProbe({ attachment: { channelId: new Uint8Array(16) } }),
      ProbeEndReason.WELCOME_REFUSED,
      CloseCode.PROTOCOL_VIOLATION,
    ],
    [
      "that cannot be read",
      (connection) => connection.send({ case: "hello", value: Uint8Array.of(255) }),
      ProbeEndReason.WELCOME_REFUSED,
      CloseCode.PACKET_MALFORMED,
    ],
  ];

  it.each(broken)("%s are refused, each with its reason [PROBE-8, PROBE-6, VER-1]", (_, answer, reason, code) => {
    const stage = stageScript(answer, { expectedServerId: SERVER_ID });
    stage.clock.advance(10);
    expect(probeEndOf(stage.probe.state)).toMatchObject({ reason, code });
    expect(hasPathFailed(stage.probe.state)).toBe(false);
    expect(stage.daemon.connection.goodbye?.code).toBe(code);
    expect(stage.clock.pending).toBe(0);
  });

  it("tell when a hello may be said again, where the daemon says so [PROBE-9]", () => {
    const stage = stageScript((connection) => connection.reject(CloseCode.OVERLOADED, { retryAfterMs: 700n }));
    stage.clock.advance(10);
    expect(probeEndOf(stage.probe.state)).toMatchObject({ reason: ProbeEndReason.OVERLOADED, retryAfterMs: 700 });
  });

  it.each([
    ["a second answer", (connection: ScriptedConnection) => connection.welcomeProbe(), "PROTOCOL_VIOLATION"],
    [
      "frames",
      (connection: ScriptedConnection) => connection.send({ case: "frames", value: { first: 1, frames: [] } }),
      "PROTOCOL_VIOLATION",
    ],
    [
      "bytes that are no packet",
      (connection: ScriptedConnection) => connection.connection.send(Uint8Array.of(255)),
      "PACKET_MALFORMED",
    ],
  ] as const)("may not be followed by %s [PROBE-8]", (_, break_, code) => {
    const stage = stageScript(welcome);
    stage.clock.advance(10);
    break_(stage.daemon.connection);
    stage.clock.advance(10);
    expect(probeEndOf(stage.probe.state)).toMatchObject({ reason: ProbeEndReason.VIOLATED, code: CloseCode[code] });
  });

  it("may be followed by a go_away [PROBE-8]", () => {
    const stage = stageScript(welcome);
    stage.clock.advance(10);
    stage.daemon.connection.goAway(CloseCode.DAEMON_DRAINING);
    stage.clock.advance(10);
    expect(probeEndOf(stage.probe.state)).toMatchObject({
      reason: ProbeEndReason.WENT_AWAY,
      code: CloseCode.DAEMON_DRAINING,
    });
  });

  it("count as round trips only where they answer the ping that is under way [PROBE-7, INV-8]", () => {
    const stage = stageScript((connection) => {
      connection.goDeaf();
      connection.answer({
        case: "welcome",
        value: { protocol: 1, server: { serverId: SERVER_ID }, sessionRef: "" },
      });
      for (const id of [0, 1, 2, 2 ** 32, 2 ** 32 + 2, 2 ** 33]) {
        connection.send({ case: "pong", value: { id, padding: new Uint8Array(0) } });
      }
    });
    stage.clock.advance(10);
    expect(placeOf(stage)).toBe("probed");
    expect(roundTripsOf(stage.probe.state)).toBeUndefined();
    expect(linesOf(stage).at(-1)).toBe("probed ponged probed (ignored)");
  });
});

describe("Probe: secrets", () => {
  it("appear in no transition, snapshot or error, whatever the daemon says [LOG-3, INV-2]", () => {
    const echoed = `you said ${SESSION_KEY} and ${TOKEN}`;
    const credential = { bearerToken: TOKEN };
    const server = { serverId: SERVER_ID, name: echoed, version: echoed };
    const said = [
      stageScript((connection) => connection.welcomeProbe({ server }), { credential }),
      stageScript((connection) => connection.reject(CloseCode.UNAUTHENTICATED, { message: echoed }), { credential }),
      stageScript((connection) => connection.connection.close(CloseCode.OVERLOADED, echoed), { credential }),
      stageScript((connection) => connection.goAway(CloseCode.OVERLOADED, echoed), { credential }),
    ].map((stage) => {
      stage.clock.advance(10);
      return everythingSaid(stage);
    });
    for (const text of said) expect(text).toContain("you said [redacted] and [redacted]");
    expect(said.join("\n")).not.toContain(SESSION_KEY);
    expect(said.join("\n")).not.toContain(TOKEN);
  });
});

describe("createProbe: options", () => {
  const invalid: readonly [string, Partial<ProbeOptions>, MoorlineErrorCode][] = [
    ["no session key", { sessionKey: "" as never }, "SESSION_KEY_MISSING"],
    ["a malformed session key", { sessionKey: "short" as never }, "SESSION_KEY_MALFORMED"],
    ["a malformed address", { endpoint: "no address" }, "ENDPOINT_MALFORMED"],
    ["an open address", { endpoint: "ws://example.com/" }, "INSECURE_ENDPOINT"],
    ["a malformed server id", { expectedServerId: "x" }, "SERVER_ID_MALFORMED"],
    ["no program", { client: undefined as never }, "OPTION_INVALID"],
    ["a path that is none", { path: 7 as never }, "OPTION_INVALID"],
    ["no path", { path: Path.UNSPECIFIED }, "OPTION_INVALID"],
    ["a generation below 0", { generation: -1 }, "OPTION_INVALID"],
    ["a limit of 0", { limits: { pongTimeoutMs: 0 } }, "OPTION_INVALID"],
    ["what is no credential", { credential: { token: "x" } as never }, "OPTION_INVALID"],
  ];

  it.each(invalid)("refuses %s, and dials nothing [KEY-4, PROBE-6]", (_, options, code) => {
    const { clock, daemon, pair } = stageClient();
    const attempt = (): unknown => probeAt({ clock, transport: pair.transport }, options);
    expect(attempt).toThrow(expect.objectContaining({ code, action: expect.stringMatching(/./) }));
    expect(attempt).toThrow(MoorlineError);
    clock.advance(100);
    expect(daemon.connections).toEqual([]);
  });

  it("takes a transport that throws for a failed path, and tells of it [PROBE-8]", () => {
    const thrown = new Error("no sockets here");
    const { clock } = stageClient();
    const dial = (): never => {
      throw thrown;
    };
    const stage = probeAt({ clock, transport: { name: "broken", dial } });
    expect(probeEndOf(stage.probe.state)?.reason).toBe(ProbeEndReason.TRANSPORT_FAILED);
    expect(stage.errors).toEqual([thrown]);
  });

  it("goes on where a listener, the log and the ear for errors throw [RUN-5]", () => {
    const { clock, daemon, pair } = stageClient();
    daemon.onHello = welcome;
    const broken = (): never => {
      throw new Error("broken");
    };
    const { probe } = probeAt({ clock, transport: pair.transport }, { onTransition: broken, onError: broken });
    probe.subscribe(broken);
    clock.advance(10);
    expect(roundTripsOf(probe.state)?.samples).toBe(1);
  });
});
