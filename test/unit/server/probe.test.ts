import { describe, expect, it } from "vitest";
import { CloseCode } from "../../../gen/moorline/session/v1/close_code_pb.ts";
import { Purpose, Resumption } from "../../../gen/moorline/session/v1/packet_pb.ts";
import { stageDaemon } from "./support/daemon.ts";
import { idOf, KEY, OTHER_KEY } from "./support/hello.ts";

const PROBE = { purpose: Purpose.PROBE, attempt: 0n, freshChannelId: new Uint8Array(0) };
const nothing = { attached: 0, detached: 0 };

describe("a probe", () => {
  it("needs no attempt and no channel, and gets no session [PROBE-1, INV-7]", () => {
    const stage = stageDaemon();
    const { welcome } = stage.greet(PROBE);
    expect(welcome).toMatchObject({ protocol: 1, sessionRef: "" });
    expect([welcome.attachment, welcome.lifetimes]).toEqual([undefined, undefined]);
    expect(stage.server.metrics).toMatchObject({ open: { probing: 1 }, channels: nothing, sessions: { idle: 0 } });
    expect(stage.events).toEqual([]);
  });

  it("leaves the session of its key, and what it could resume, as they were [PROBE-1, INV-7]", () => {
    const stage = stageDaemon();
    const client = stage.greet();
    const epoch = client.welcome.server?.epoch as Uint8Array;
    const resume = { channelId: idOf(1), epoch, received: 99n };
    expect(stage.greet({ ...PROBE, attempt: 9n, freshChannelId: idOf(1), resume }).isOpen).toBe(true);
    expect(client.isOpen).toBe(true);
    expect(stage.greet({ attempt: 2n }).attachment.resumption).toBe(Resumption.REATTACHED);
  });

  it("renews nothing: an idle session ends in time [PROBE-1]", () => {
    const stage = stageDaemon({ limits: { session: { replayMs: 1, sessionMs: 100_000 } } });
    stage.greet().connection?.abort();
    stage.clock.advance(99_000);
    stage.greet(PROBE);
    stage.clock.advance(1_002);
    expect(stage.server.sessions.list()).toEqual([]);
  });

  it("is judged like any hello: its credential is [PROBE-1, AUTH-4]", () => {
    const stage = stageDaemon({ authenticate: () => ({ rejected: "UNAUTHENTICATED" }) });
    expect(stage.greet(PROBE).farewell).toBe("UNAUTHENTICATED");
  });

  it("gets its pings back, up to 16 KiB of padding [PROBE-2, LIVE-2]", () => {
    const stage = stageDaemon();
    const probe = stage.greet(PROBE);
    const padding = new Uint8Array(16_384).fill(7);
    probe.say({ case: "ping", value: { id: 5, padding, unknown: undefined } });
    stage.clock.advance(0);
    expect(probe.packets.at(-1)?.body).toMatchObject({ case: "pong", value: { id: 5, padding } });
    probe.say({ case: "ping", value: { id: 6, padding: new Uint8Array(16_385), unknown: undefined } });
    stage.clock.advance(0);
    expect(probe.farewell).toBe("PACKET_MALFORMED");
  });

  it("may have no frames [PROBE-2, SRV-2]", () => {
    const stage = stageDaemon();
    const probe = stage.greet(PROBE);
    probe.sayFrames(1, {
      callId: 1,
      last: true,
      body: { case: "message", value: new Uint8Array(1) },
      unknown: undefined,
    });
    stage.clock.advance(0);
    expect(probe.farewell).toBe("PROTOCOL_VIOLATION");
  });

  it("is over after 60 s [PROBE-4, SRV-2]", () => {
    const stage = stageDaemon();
    const probe = stage.greet(PROBE);
    for (let second = 0; second < 59; second += 1) {
      stage.clock.advance(1_000);
      probe.say({ case: undefined, value: undefined });
    }
    expect(probe.isOpen).toBe(true);
    stage.clock.advance(1_000);
    expect(probe.farewell).toBe("CONNECTION_DONE");
    expect(stage.clock.pending).toBe(0);
  });

  it("goes when its client says goodbye, or vanishes [SRV-2]", () => {
    const stage = stageDaemon();
    const [polite, rude] = [stage.greet(PROBE), stage.greet(PROBE)];
    polite.say({ case: "goodbye", value: { code: CloseCode.CONNECTION_DONE, message: "", unknown: undefined } });
    rude.connection?.abort();
    stage.clock.advance(0);
    expect([polite.close?.code, stage.server.metrics.open.probing]).toEqual([4090, 0]);
    expect(stage.clock.pending).toBe(0);
  });
});

describe("a promotion", () => {
  it("is handled as a session hello, and the connection lives on [PROBE-3, SRV-2]", () => {
    const stage = stageDaemon();
    const probe = stage.greet(PROBE);
    probe.hello({ attempt: 1n });
    stage.clock.advance(0);
    expect(probe.attachment.resumption).toBe(Resumption.NEW_SESSION);
    stage.clock.advance(61_000);
    expect(stage.server.metrics.open).toEqual({ awaitingHello: 0, probing: 0, attached: 0 });
    const { transitions } = stage;
    expect(transitions.filter(({ machine }) => machine === "server_connection").map(({ event }) => event)).toEqual([
      "hello_accepted",
      "promoted",
      "pong_missing",
    ]);
  });

  it.each([
    ["another key", { sessionKey: OTHER_KEY }],
    ["another credential", { credential: { case: "bearerToken" as const, value: "b" } }],
    ["no credential", { credential: { case: undefined } }],
    ["a credential of another kind", { credential: { case: "pairingToken" as const, value: "a" } }],
  ])("with %s is rejected, and nothing is attached [PROBE-3, HELLO-10]", (_, init) => {
    const stage = stageDaemon();
    const credential = { case: "bearerToken" as const, value: "a" };
    const probe = stage.greet({ ...PROBE, credential });
    probe.hello({ credential, ...init });
    stage.clock.advance(0);
    expect(probe.farewell).toBe("PROTOCOL_VIOLATION");
    expect(stage.server.metrics).toMatchObject({ channels: nothing, open: { probing: 0 } });
  });

  it("that is refused for any other reason closes the connection too [PROBE-3]", () => {
    const stage = stageDaemon();
    const client = stage.greet({ attempt: 4n });
    const probe = stage.greet(PROBE);
    probe.hello({ attempt: 4n });
    stage.clock.advance(0);
    expect(probe.farewell).toBe("ATTEMPT_STALE");
    expect(client.isOpen).toBe(true);
  });

  it("happens once, and only to a session [HELLO-10, PROBE-3]", () => {
    const stage = stageDaemon();
    const probe = stage.greet(PROBE);
    probe.hello(PROBE);
    stage.clock.advance(0);
    expect(probe.farewell).toBe("PROTOCOL_VIOLATION");
    const promoted = stage.greet(PROBE);
    promoted.hello();
    promoted.hello({ attempt: 2n });
    stage.clock.advance(0);
    expect(promoted.farewell).toBe("PROTOCOL_VIOLATION");
  });
});

describe("the number of probes", () => {
  it("is at most 10 at once for a key, while sessions go on being accepted [PROBE-5]", () => {
    const stage = stageDaemon();
    const probes = Array.from({ length: 10 }, () => stage.greet(PROBE));
    expect(stage.greet(PROBE).farewell).toBe("OVERLOADED");
    expect(stage.greet().isOpen).toBe(true);
    expect(stage.greet({ ...PROBE, sessionKey: OTHER_KEY }).isOpen).toBe(true);
    probes[0]?.connection?.abort();
    probes[1]?.hello({ attempt: 2n });
    stage.clock.advance(0);
    expect([stage.greet(PROBE).isOpen, stage.greet(PROBE).isOpen]).toEqual([true, true]);
    expect(stage.greet(PROBE).farewell).toBe("OVERLOADED");
  });

  it("is at most 120 in a minute for a key [PROBE-5]", () => {
    const stage = stageDaemon();
    const probe = () => {
      const client = stage.greet({ ...PROBE, sessionKey: KEY });
      client.connection?.abort();
      stage.clock.advance(1);
      return client;
    };
    for (let n = 0; n < 120; n += 1) expect(probe().answers).toHaveLength(1);
    expect(probe().rejection.code).toBe(CloseCode.OVERLOADED);
    stage.clock.advance(60_000 - 121);
    expect(probe().welcome.protocol).toBe(1);
    expect(probe().welcome.protocol).toBe(1);
  });
});
