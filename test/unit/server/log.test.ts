import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { CloseCode } from "../../../gen/moorline/session/v1/close_code_pb.ts";
import { ChannelLossReason } from "../../../gen/moorline/session/v1/error_pb.ts";
import { Path, Purpose } from "../../../gen/moorline/session/v1/packet_pb.ts";
import { TransitionOutcome } from "../../../gen/moorline/state/v1/transition_pb.ts";
import { createMemorySessionStore } from "../../../src/server/index.ts";
import { SERVER_ID, stageDaemon } from "./support/daemon.ts";
import { idOf, KEY } from "./support/hello.ts";

describe("the transition log of a server", () => {
  it("has every event of its three machines, by names of the schema [LOG-1, INV-10]", () => {
    const stage = stageDaemon({ limits: { session: { replayMs: 1_000, sessionMs: 1_000 } } });
    const { welcome, connection } = stage.greet({ path: Path.DIRECT, attempt: 7n });
    connection?.abort();
    stage.clock.advance(2_000);
    const { sessionRef } = welcome;
    const common = { serverId: SERVER_ID, sessionRef, outcome: TransitionOutcome.TAKEN };
    const lost = { case: "channelLoss", value: ChannelLossReason.CHANNEL_EXPIRED };
    const path = Path.DIRECT;
    expect(stage.transitions).toMatchObject([
      { ...common, machine: "session", from: "idle", event: "attached", to: "active" },
      {
        ...common,
        machine: "server_connection",
        from: "awaiting_hello",
        event: "hello_accepted",
        to: "attached",
        path,
        generation: 7,
      },
      { ...common, machine: "server_connection", from: "attached", event: "transport_closed", to: "closed", path },
      { ...common, machine: "channel", from: "attached", event: "connection_lost", to: "detached", generation: 7 },
      { ...common, machine: "channel", from: "detached", event: "replay_expired", to: "lost", reason: lost },
      { ...common, machine: "session", from: "active", event: "last_channel_lost", to: "idle" },
      { ...common, machine: "session", from: "idle", event: "session_expired", to: "expired" },
    ]);
    expect(stage.transitions.every(({ at }) => at?.seconds !== 0n)).toBe(true);
  });

  it("says why a connection ended [LOG-1]", () => {
    const stage = stageDaemon();
    stage.greet({ attempt: 0n });
    expect(stage.transitions).toMatchObject([
      {
        machine: "server_connection",
        event: "hello_refused",
        reason: { case: "closeCode", value: CloseCode.HELLO_MALFORMED },
        message: "`attempt` has to be from 1 to 2^53 - 1",
      },
    ]);
  });

  it("has the session ref of a hello that was refused for its credential [LOG-1, LOG-3]", () => {
    const stage = stageDaemon({ authenticate: () => ({ rejected: "UNAUTHENTICATED" }) });
    stage.greet();
    expect(stage.transitions[0]?.sessionRef).toMatch(/^[0-9a-f]{16}$/);
  });

  it("has no secret, and neither has anything else that a server says [LOG-3, INV-2]", async () => {
    const store = createMemorySessionStore();
    const secrets = [KEY, "bearer-secret-of-a-client", "pairing-secret-of-a-client", "wrong-secret-of-a-client"];
    const stage = stageDaemon({
      store,
      authenticate: ({ credential }) => {
        if (credential?.token === secrets[3]) throw new Error("the hook has failed");
        return credential?.kind === "bearer" ? { principal: "p" } : { rejected: "UNAUTHENTICATED" };
      },
    });
    const [, bearerToken = "", pairingToken = "", wrong = ""] = secrets;
    const credential = { case: "bearerToken" as const, value: bearerToken };
    const clients = [
      stage.greet({ credential }),
      stage.greet({ credential, purpose: Purpose.PROBE }),
      stage.greet({ credential, attempt: 0n }),
      stage.greet({ credential, expectedServerId: "another" }),
      stage.greet({ credential: { case: "pairingToken", value: pairingToken } }),
      stage.greet({ credential: { case: "bearerToken", value: wrong } }),
      stage.greet({ credential, sessionKey: `${KEY}!` }),
      stage.greet({ credential, freshChannelId: idOf(2) }),
    ];
    clients[0]?.hello({ credential });
    clients[1]?.hello({ credential: { case: "bearerToken", value: wrong } });
    stage.clock.advance(100_000);
    await stage.server.drain();
    stage.clock.advance(100);
    const told = [stage.transitions, stage.events, stage.written, stage.server.metrics, stage.server.sessions.list()];
    const everything = inspect([told, clients.map(({ packets, close }) => [packets, close]), await store.list()], {
      depth: 20,
      maxArrayLength: null,
      maxStringLength: null,
    });
    expect(stage.transitions.length).toBeGreaterThan(15);
    for (const secret of secrets) expect(everything).not.toContain(secret);
    const bytes = Buffer.concat(
      clients.flatMap(({ packets }) => packets.map(({ body }) => Buffer.from(inspect(body)))),
    );
    for (const secret of secrets) expect(bytes.includes(secret)).toBe(false);
  });

  it("costs nothing where nobody wants it [LOG-1]", () => {
    const stage = stageDaemon({ onTransition: undefined as never });
    expect(stage.greet().isOpen).toBe(true);
    expect(stage.transitions).toEqual([]);
  });
});

describe("the counters of a server", () => {
  it("say what there is, and what there was [INV-14, VER-2, CHAN-3]", () => {
    const stage = stageDaemon();
    const client = stage.greet();
    stage.greet({ purpose: Purpose.PROBE });
    stage.greet({ sessionKey: "" });
    stage.dial();
    const unknown = [{ no: 99, wireType: 2, data: new Uint8Array([1, 0]) }];
    client.sayFrames(1, { callId: 1, last: false, body: { case: undefined, value: undefined }, unknown });
    client.sayFrames(1, { callId: 1, last: false, body: { case: undefined, value: undefined }, unknown });
    stage.clock.advance(0);
    expect(stage.server.metrics).toMatchObject({
      connections: 4,
      probes: 1,
      attached: 1,
      resumed: 0,
      rejected: new Map([[CloseCode.SESSION_KEY_MISSING, 1]]),
      open: { awaitingHello: 1, probing: 1, attached: 1 },
      sessions: { active: 1, idle: 0 },
      channels: { attached: 1, detached: 0 },
      heldBytes: 0,
      unknownFrames: 1,
      duplicateFrames: 1,
    });
    client.say({ case: "goodbye", value: { code: 4390, message: "", unknown: undefined } });
    stage.clock.advance(0);
    expect(stage.server.metrics).toMatchObject({ unknownFrames: 1, duplicateFrames: 1, violations: 0 });
  });

  it("count packets with an unknown body, which are a sign of life [PACKET-6, INV-15]", () => {
    const stage = stageDaemon();
    const client = stage.greet();
    stage.clock.advance(20_000);
    client.sayBytes(new Uint8Array([0xfa, 0x06, 1, 0]));
    stage.clock.advance(10_000);
    expect(client.isOpen).toBe(true);
    client.connection?.abort();
    stage.clock.advance(0);
    expect(stage.server.metrics.unknownPackets).toBe(1);
  });
});
