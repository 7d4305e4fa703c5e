import { describe, expect, it } from "vitest";
import { CloseCode } from "../../../gen/moorline/session/v1/close_code_pb.ts";
import { ChannelLossReason } from "../../../gen/moorline/session/v1/error_pb.ts";
import { createCallOpen } from "../../../gen/moorline/session/v1/packet_moorline.ts";
import { Purpose } from "../../../gen/moorline/session/v1/packet_pb.ts";
import { createDaemonServer, type ServerLimitOptions } from "../../../src/server/index.ts";
import { resolveServerLimits } from "../../../src/server/server-limits.ts";
import { type DaemonStage, identity, stageDaemon } from "./support/daemon.ts";
import { idOf, KEY } from "./support/hello.ts";
import type { RawClient } from "./support/raw-client.ts";

describe("the number of connections", () => {
  it("is limited: one more hello is OVERLOADED, and no session is made [INV-14, SESSION-9]", () => {
    const stage = stageDaemon({ limits: { connections: { maxOpen: 2 } } });
    const first = stage.greet();
    const probe = stage.greet({ purpose: Purpose.PROBE });
    expect(stage.greet({ sessionKey: `${KEY}2` }).farewell).toBe("OVERLOADED");
    expect(stage.greet({ purpose: Purpose.PROBE }).farewell).toBe("OVERLOADED");
    expect(stage.server.metrics.sessions).toEqual({ active: 1, idle: 0 });
    // Neither a promotion nor a connection that takes the place of another makes it more.
    const resume = { channelId: idOf(1), epoch: first.welcome.server?.epoch as Uint8Array, received: 0n };
    expect(stage.greet({ attempt: 2n, resume }).isOpen).toBe(true);
    probe.hello({ freshChannelId: idOf(2) });
    stage.clock.advance(0);
    expect(probe.isOpen).toBe(true);
    probe.connection?.abort();
    stage.clock.advance(0);
    expect(stage.greet({ sessionKey: `${KEY}2` }).isOpen).toBe(true);
  });

  it("is limited before the hello too, without waiting for it [INV-14]", () => {
    const stage = stageDaemon({ limits: { connections: { maxPending: 2 } } });
    const [first, second] = [stage.dial(), stage.dial()];
    expect(stage.dial().farewell).toBe("OVERLOADED");
    second.connection?.abort();
    stage.clock.advance(0);
    expect(stage.greet().isOpen).toBe(true);
    first.hello({ sessionKey: `${KEY}2` });
    stage.clock.advance(0);
    expect(first.isOpen).toBe(true);
  });

  it("is judged after the credential and before the owner [HELLO-9]", () => {
    const authenticate = () => ({ rejected: "UNAUTHENTICATED" }) as const;
    const stage = stageDaemon({ authenticate, limits: { connections: { maxOpen: 1 } } });
    expect(stage.greet().farewell).toBe("UNAUTHENTICATED");
    const byToken = stageDaemon({
      authenticate: ({ credential }) => ({ principal: credential?.token ?? "anna" }),
      limits: { connections: { maxOpen: 1 } },
    });
    byToken.greet();
    const foreign = { credential: { case: "bearerToken" as const, value: "ben" }, freshChannelId: idOf(2) };
    expect(byToken.greet(foreign).farewell).toBe("OVERLOADED");
  });
});

describe("what all channels hold", () => {
  const data = new Uint8Array(20_000);

  /** A stream that sends as long as anybody lets it. */
  async function* pour() {
    for (;;) yield { data };
  }

  /** Opens a stream on a channel whose client acknowledges nothing. */
  async function pourInto(stage: DaemonStage, id: number): Promise<RawClient> {
    const client = stage.greet({ freshChannelId: idOf(id) });
    const open = createCallOpen({ method: "rpctest.v1.EchoService/Count", message: new Uint8Array(0) });
    client.sayFrames(1, { callId: 1, last: true, body: { case: "open", value: open }, unknown: undefined });
    await stage.clock.advanceAsync(10);
    return client;
  }

  const limitedTo = (maxReplayBytes: number): DaemonStage =>
    stageDaemon({ echo: { count: pour }, limits: { session: { maxReplayBytes } } });

  it("is limited: detached channels are lost first, the longest first [CHAN-10, CHAN-11, CHM-3]", async () => {
    const stage = limitedTo(1_000_000);
    const attached = await pourInto(stage, 100);
    const ids = [1, 2, 3, 4, 5, 6];
    for (const id of ids) {
      const client = await pourInto(stage, id);
      client.connection?.abort();
      await stage.clock.advanceAsync(id);
      expect(stage.server.metrics.heldBytes).toBeLessThan(1_000_000 * (1 + 1 / 64));
    }
    const lost = stage.events.flatMap((event) => (event.kind === "channel_lost" ? [event.channelId] : []));
    expect(lost).toEqual(ids.slice(0, 4).map((id) => Buffer.from(idOf(id)).toString("base64url")));
    expect(stage.server.metrics.lost.get(ChannelLossReason.REPLAY_EVICTED)).toBe(4);
    expect(attached.isOpen).toBe(true);
  });

  it("loses the fullest attached one where none is detached; its connection is told [CHAN-10, CHM-2, SRV-3, CLOSE-6]", async () => {
    const stage = limitedTo(700_000);
    const idle = stage.greet();
    const clients = [await pourInto(stage, 2), await pourInto(stage, 3)];
    // The first one acknowledges half of what it has.
    clients[0]?.say({ case: undefined, value: undefined }, 7);
    clients.push(await pourInto(stage, 4));
    expect(clients.map(({ close }) => close?.code)).toEqual([undefined, CloseCode.CHANNEL_LOST, undefined]);
    expect(clients[1]?.channelLoss).toBe(ChannelLossReason.REPLAY_EVICTED);
    expect(idle.isOpen).toBe(true);
    expect(stage.server.metrics.heldBytes).toBeLessThan(700_000);
  });

  it("counts what was received and not read too [CHAN-10]", async () => {
    const stage = stageDaemon({
      echo: { join: () => new Promise<never>(() => {}) },
      limits: { session: { maxReplayBytes: 100_000 } },
    });
    const client = stage.greet();
    const open = createCallOpen({ method: "rpctest.v1.EchoService/Join" });
    client.sayFrames(1, { callId: 1, last: false, body: { case: "open", value: open }, unknown: undefined });
    for (let n = 2; n < 9; n += 1) {
      client.sayFrames(n, { callId: 1, last: false, body: { case: "message", value: data }, unknown: undefined });
    }
    await stage.clock.settle();
    expect(client.farewell).toBe("CHANNEL_LOST");
    expect(stage.server.metrics.heldBytes).toBe(0);
  });
});

describe("limits in the options", () => {
  const wrong: ReadonlyArray<readonly [name: string, limits: unknown]> = [
    ["limits.session.maxChannels", { session: { maxChannels: 0 } }],
    ["limits.session.maxSessions", { session: { maxSessions: 1.5 } }],
    ["limits.session.maxLostChannels", { session: { maxLostChannels: 63 } }],
    ["limits.session.lostChannelMs", { session: { lostChannelMs: 59_999 } }],
    ["limits.session.replayMs", { session: { replayMs: Number.POSITIVE_INFINITY } }],
    ["limits.channel.initialCreditBytes", { channel: { initialCreditBytes: 1023 } }],
    ["limits.channel.maxFrameBytes", { channel: { maxFrameBytes: 1 } }],
    ["limits.channel.maxOutboxBytes", { channel: { maxOutboxBytes: 1_000 } }],
    ["limits.connections.maxOpen", { connections: { maxOpen: -1 } }],
    ["limits.handshake.judgeTimeoutMs", { handshake: { judgeTimeoutMs: "10 s" } }],
    ["limits.liveness.silenceMs", { liveness: { pingAfterMs: 25_000 } }],
    ["limits.drain.graceMs", { drain: { graceMs: Number.NaN } }],
    ["limits.sesion", { sesion: {} }],
  ];

  it.each(wrong)("that are out of their range are refused: %s [INV-14]", (name, limits) => {
    expect(() => createDaemonServer({ identity, limits: limits as ServerLimitOptions })).toThrow(
      expect.objectContaining({ code: "OPTION_INVALID", text: expect.stringContaining(name) }),
    );
  });

  it("take the place of the defaults, and of nothing else [INV-14]", () => {
    const limits = resolveServerLimits({ session: { maxSessions: 20_000 }, drain: { graceMs: 0 }, probe: {} });
    const defaults = resolveServerLimits();
    expect(limits).toEqual({
      ...defaults,
      session: { ...defaults.session, maxSessions: 20_000 },
      drain: { ...defaults.drain, graceMs: 0 },
    });
  });

  it.each([
    { afterMs: -1, jitterMs: 0 },
    { afterMs: 0, jitterMs: 3_600_001 },
  ])("refuse the hint %j [RETRY-4]", (hint) => {
    expect(() => createDaemonServer({ identity, reconnectHint: hint })).toThrow(
      expect.objectContaining({ code: "OPTION_INVALID" }),
    );
  });
});
