import { describe, expect, it } from "vitest";
import { encodeClientPacket } from "../../../gen/moorline/session/v1/packet_moorline.ts";
import { Purpose } from "../../../gen/moorline/session/v1/packet_pb.ts";
import type { Connection, ConnectionListener } from "../../../src/transport/connection.ts";
import { type DaemonStage, stageDaemon } from "./support/daemon.ts";
import { encodeHello } from "./support/hello.ts";
import type { RawClient } from "./support/raw-client.ts";

function pingsOf({ packets }: RawClient): number {
  return packets.filter(({ body }) => body.case === "ping").length;
}

/** The client shows that it lives. */
function live(stage: DaemonStage, client: RawClient): void {
  client.say({ case: undefined, value: undefined });
  stage.clock.advance(0);
}

/** A connection whose socket lets bytes out only where a test says so. */
class StuckSocket implements Connection {
  bufferedBytes = 0;
  close_: readonly [code: number, reason: string] | undefined = undefined;
  listener: ConnectionListener | undefined = undefined;

  send(packet: Uint8Array): void {
    this.bufferedBytes += packet.length;
  }

  close(code: number, reason: string): void {
    this.close_ = [code, reason];
  }

  abort(): void {}

  /** Lets bytes out. */
  release(bytes: number): void {
    this.bufferedBytes -= bytes;
    this.listener?.drained();
  }
}

function stick(stage: DaemonStage): StuckSocket {
  const socket = new StuckSocket();
  socket.listener = stage.server.accept(socket);
  socket.listener.received(
    encodeClientPacket({ received: 0, body: { case: "hello", value: encodeHello() }, unknown: undefined }),
  );
  socket.release(socket.bufferedBytes);
  return socket;
}

describe("a silent connection", () => {
  it("is pinged after 15 s, and detached 10 s later; its channel stays [LIVE-1, LIVE-4, SRV-3, CHM-1]", () => {
    const stage = stageDaemon();
    const client = stage.greet();
    stage.clock.advance(14_999);
    expect(pingsOf(client)).toBe(0);
    stage.clock.advance(1);
    expect(pingsOf(client)).toBe(1);
    stage.clock.advance(9_999);
    expect(client.isOpen).toBe(true);
    stage.clock.advance(1);
    expect(client.farewell).toBe("PONG_MISSING");
    expect(stage.server.metrics).toMatchObject({ channels: { attached: 0, detached: 1 }, pongMissing: 1 });
  });

  it.each([
    ["a pong", { case: "pong", value: { id: 1, padding: new Uint8Array(0), unknown: undefined } }],
    ["a pong with another id", { case: "pong", value: { id: 9, padding: new Uint8Array(0), unknown: undefined } }],
    ["an acknowledgement", { case: undefined, value: undefined }],
    ["a ping", { case: "ping", value: { id: 3, padding: new Uint8Array(0), unknown: undefined } }],
  ] as const)("lives on by %s [LIVE-2, PACKET-6]", (_, body) => {
    const stage = stageDaemon();
    const client = stage.greet();
    stage.clock.advance(24_900);
    client.say(body as never);
    stage.clock.advance(14_999);
    expect([client.isOpen, pingsOf(client)]).toEqual([true, body.case === "ping" ? 1 : 2]);
  });

  it("is a dead one too where the server goes on sending [LIVE-1]", () => {
    const stage = stageDaemon();
    const client = stage.greet();
    // The server answers pings of its client at first, and so has sent something all the time.
    for (let second = 0; second < 10; second += 1) {
      client.say({ case: "ping", value: { id: 1, padding: new Uint8Array(0), unknown: undefined } });
      stage.clock.advance(1_000);
    }
    stage.clock.advance(14_000);
    expect(pingsOf(client)).toBe(1);
    stage.clock.advance(10_000);
    expect(client.farewell).toBe("PONG_MISSING");
  });

  it("that sends, but is sent nothing, is pinged [LIVE-1]", () => {
    const stage = stageDaemon();
    const client = stage.greet();
    for (let second = 0; second < 15; second += 1) {
      stage.clock.advance(1_000);
      live(stage, client);
    }
    expect(pingsOf(client)).toBe(1);
    for (let second = 0; second < 60; second += 1) {
      stage.clock.advance(1_000);
      live(stage, client);
    }
    expect([client.isOpen, pingsOf(client)]).toEqual([true, 5]);
  });

  it("is noticed as a probe too [SRV-2, LIVE-4]", () => {
    const stage = stageDaemon();
    const probe = stage.greet({ purpose: Purpose.PROBE });
    stage.clock.advance(25_000);
    expect(probe.farewell).toBe("PONG_MISSING");
  });

  it("keeps to the intervals of the options, and tells them [LIVE-1, LIVE-4]", () => {
    const liveness = { pingAfterMs: 100, pongTimeoutMs: 50, silenceMs: 200 };
    const stage = stageDaemon({ limits: { liveness } });
    const client = stage.greet();
    expect(client.welcome.heartbeat).toMatchObject({ intervalMs: 100n, pongTimeoutMs: 50n, silenceMs: 200n });
    stage.clock.advance(149);
    expect(client.isOpen).toBe(true);
    stage.clock.advance(1);
    expect(client.farewell).toBe("PONG_MISSING");
  });
});

describe("a ping that stays in the socket's buffer", () => {
  it("puts off the next one no longer where something came before it had left [LIVE-1, LIVE-2]", () => {
    const stage = stageDaemon();
    const socket = stick(stage);
    stage.clock.advance(15_000);
    stage.clock.advance(1_000);
    socket.listener?.received(
      encodeClientPacket({ received: 0, body: { case: undefined, value: undefined }, unknown: undefined }),
    );
    stage.clock.advance(0);
    socket.release(socket.bufferedBytes);
    stage.clock.advance(13_999);
    expect(socket.bufferedBytes).toBe(0);
    stage.clock.advance(1);
    expect(socket.bufferedBytes).toBeGreaterThan(0);
  });

  it("counts from the moment that it has left [LIVE-4]", () => {
    const stage = stageDaemon();
    const socket = stick(stage);
    stage.clock.advance(15_000);
    expect(socket.bufferedBytes).toBeGreaterThan(0);
    stage.clock.advance(25_000);
    socket.release(socket.bufferedBytes);
    stage.clock.advance(9_999);
    expect(socket.close_).toBeUndefined();
    stage.clock.advance(1);
    expect(socket.close_?.[0]).toBe(4002);
  });

  it("gives the connection up after 30 s in which the buffer does not shrink [LIVE-4]", () => {
    const stage = stageDaemon();
    const socket = stick(stage);
    stage.clock.advance(15_000 + 29_999);
    expect(socket.close_).toBeUndefined();
    stage.clock.advance(1);
    expect(socket.close_?.[0]).toBe(4002);
  });

  it("waits as long as the buffer shrinks: a slow link is not dead [LIVE-4, PACKET-8]", () => {
    const stage = stageDaemon();
    const socket = stick(stage);
    stage.clock.advance(15_000);
    for (let bytes = socket.bufferedBytes; bytes > 1; bytes -= 1) {
      stage.clock.advance(25_000);
      socket.release(1);
    }
    expect(socket.close_).toBeUndefined();
    stage.clock.advance(30_000);
    expect(socket.close_?.[0]).toBe(4002);
  });
});

describe("a server that stood still", () => {
  it("asks again before it gives its clients up [LIVE-4]", () => {
    const stage = stageDaemon();
    const client = stage.greet();
    stage.clock.advance(15_000);
    stage.clock.sleep(60_000);
    stage.clock.advance(0);
    expect(client.isOpen).toBe(true);
    live(stage, client);
    stage.clock.advance(15_000);
    expect(client.isOpen).toBe(true);
  });
});
