import { describe, expect, it } from "vitest";
import { CloseCode } from "../../../gen/moorline/session/v1/close_code_pb.ts";
import { ConnectionLossReason } from "../../../gen/moorline/state/v1/reason_pb.ts";
import { isConnected, lossOf } from "../../../src/client/selectors.ts";
import { EchoService } from "../rpc/gen/rpctest/v1/echo_pb.ts";
import { connect, linesOf, phaseNameOf, type Stage, settle, stageClient } from "./support/stage.ts";

function livenessOf({ client }: Stage): string | undefined {
  const { state } = client.state;
  return state.case === "connected" ? state.value.liveness.case : undefined;
}

const CHECK_THAT_WAS_MET = ["connected verify_requested connected", "connected packet_received connected"];

/** Lets the daemon ping every 15 s, as it does on a quiet connection. */
async function advanceQuietly(stage: Stage, ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 15_000) {
    await stage.clock.advanceAsync(Math.min(15_000, left));
    stage.daemon.connection.ping(1);
    await settle(stage);
  }
}

describe("DaemonClient: liveness", () => {
  it("gives a connection up after 25 s of silence, and resumes [LIVE-3, CONN-11]", async () => {
    const stage = stageClient();
    await connect(stage);
    stage.daemon.connection.goDeaf();
    await stage.clock.advanceAsync(24_999);
    expect(isConnected(stage.client.state)).toBe(true);
    await stage.clock.advanceAsync(1);
    expect(lossOf(stage.client.state)).toMatchObject({
      reason: ConnectionLossReason.LIVENESS_LOST,
      code: CloseCode.PONG_MISSING,
    });
    await stage.clock.advanceAsync(1_000);
    expect(isConnected(stage.client.state)).toBe(true);
    expect(stage.daemon.connections[0]?.close).toBeDefined();
  });

  it("takes the silence from the Welcome [LIVE-3]", async () => {
    const stage = stageClient();
    stage.daemon.onHello = (connection) => connection.welcome({ heartbeat: { silenceMs: 4_000n } });
    await connect(stage);
    await stage.clock.advanceAsync(3_999);
    expect(isConnected(stage.client.state)).toBe(true);
    await stage.clock.advanceAsync(1);
    expect(phaseNameOf(stage)).toBe("disconnected");
  });

  it("takes any packet for life, and answers pings with their id [LIVE-2]", async () => {
    const stage = stageClient();
    await connect(stage);
    await advanceQuietly(stage, 300_000);
    expect(isConnected(stage.client.state)).toBe(true);
    expect(stage.daemon.connection.kinds.filter((kind) => kind === "pong")).toHaveLength(20);
    stage.daemon.connection.send({ case: undefined });
    await stage.clock.advanceAsync(24_999);
    expect(isConnected(stage.client.state)).toBe(true);
  });

  it("keeps few timers: the tick and the silence [LIVE-3]", async () => {
    const stage = stageClient();
    await connect(stage);
    expect(stage.clock.pending).toBe(2);
    await advanceQuietly(stage, 60_000);
    expect(stage.clock.pending).toBe(2);
  });

  it.each(["foreground", "online"] as const)(
    "pings on %s, and goes on where any packet comes in 3 s [LIVE-5, CONN-8]",
    async (signal) => {
      const stage = stageClient();
      await connect(stage);
      stage.lifecycle.signal(signal);
      expect(livenessOf(stage)).toBe("verifying");
      await settle(stage);
      expect(stage.daemon.connection.kinds).toEqual(["hello", "ping"]);
      expect(livenessOf(stage)).toBe("alive");
      await stage.clock.advanceAsync(10_000);
      expect(isConnected(stage.client.state)).toBe(true);
      expect(linesOf(stage).slice(-2)).toEqual(CHECK_THAT_WAS_MET);
    },
  );

  it("gives the connection up where nothing comes in 3 s [LIVE-5, CONN-11]", async () => {
    const stage = stageClient();
    await connect(stage);
    stage.daemon.connection.goDeaf();
    stage.lifecycle.signal("online");
    await stage.clock.advanceAsync(2_000);
    stage.lifecycle.signal("online");
    await stage.clock.advanceAsync(999);
    expect(isConnected(stage.client.state)).toBe(true);
    await stage.clock.advanceAsync(1);
    expect(lossOf(stage.client.state)?.reason).toBe(ConnectionLossReason.LIVENESS_LOST);
  });

  it("checks nothing where there is no connection", async () => {
    const stage = stageClient();
    stage.lifecycle.signal("foreground");
    stage.lifecycle.signal("offline");
    expect(linesOf(stage)).toEqual([]);
  });

  it("checks after a gap in its tick of over 5 s, without taking the sleep for silence [LIVE-5, LIVE-6]", async () => {
    const stage = stageClient();
    await connect(stage);
    await stage.clock.advanceAsync(10_000);
    stage.clock.sleep(60_000);
    await settle(stage);
    expect(linesOf(stage).slice(-2)).toEqual(CHECK_THAT_WAS_MET);
    await stage.clock.advanceAsync(10_000);
    expect(isConnected(stage.client.state)).toBe(true);
  });

  it("does not take the sleep for silence where that timer comes before the tick [LIVE-6]", async () => {
    const stage = stageClient();
    await connect(stage);
    await stage.clock.advanceAsync(24_500);
    stage.clock.sleep(60_000);
    await settle(stage);
    expect(linesOf(stage).slice(-2)).toEqual(CHECK_THAT_WAS_MET);
  });

  it("notices after sleep that the connection is dead, 3 s later [LIVE-5, LIVE-6]", async () => {
    const stage = stageClient();
    await connect(stage);
    stage.daemon.connection.goDeaf();
    stage.clock.sleep(60_000);
    await stage.clock.advanceAsync(2_999);
    expect(isConnected(stage.client.state)).toBe(true);
    await stage.clock.advanceAsync(1);
    expect(phaseNameOf(stage)).toBe("disconnected");
  });

  it("takes a gap of 5 s for nothing [LIVE-5]", async () => {
    const stage = stageClient();
    await connect(stage);
    stage.clock.sleep(5_000);
    expect(linesOf(stage).at(-1)).toBe("connecting welcomed connected");
  });

  it("gives an attempt the time that it slept [LIVE-6]", async () => {
    const stage = stageClient();
    stage.daemon.onHello = () => {};
    void stage.client.ensureConnected();
    await stage.clock.advanceAsync(2_000);
    stage.clock.sleep(60_000);
    await stage.clock.advanceAsync(2_900);
    expect(phaseNameOf(stage)).toBe("connecting");
    await stage.clock.advanceAsync(200);
    expect(lossOf(stage.client.state)?.reason).toBe(ConnectionLossReason.HELLO_TIMED_OUT);
  });

  it("does not give calls the time that it slept [LIVE-6, DEADLINE-2]", async () => {
    const stage = stageClient();
    stage.daemon.onHello = () => {};
    const call = stage.client.service(EchoService).say({ text: "slow" }, { timeoutMs: 10_000 });
    const failure = call.catch((error: unknown) => String(error));
    await settle(stage);
    stage.clock.sleep(10_000);
    await settle(stage);
    expect(await failure).toContain("deadline_exceeded");
  });

  it("dials again at once after a sleep through the wait [LIVE-6]", async () => {
    const stage = stageClient();
    stage.pair.accept(undefined);
    void stage.client.ensureConnected();
    await settle(stage);
    stage.pair.accept((connection) => stage.daemon.accept(connection));
    stage.clock.sleep(60_000);
    await settle(stage);
    expect(isConnected(stage.client.state)).toBe(true);
  });

  it("runs no timers of its own while hidden, keeps the connection, and answers pings [LIVE-7]", async () => {
    const stage = stageClient();
    await connect(stage);
    stage.lifecycle.signal("hidden");
    expect(stage.clock.pending).toBe(0);
    await advanceQuietly(stage, 600_000);
    expect(isConnected(stage.client.state)).toBe(true);
    expect(stage.clock.pending).toBe(0);
    expect(stage.daemon.connection.kinds.filter((kind) => kind === "pong")).toHaveLength(40);
    expect(livenessOf(stage)).toBe("alive");
  });

  it("acknowledges on pings while hidden, and at once again in the foreground [CHAN-6, LIVE-7]", async () => {
    const stage = stageClient();
    await connect(stage);
    stage.lifecycle.signal("hidden");
    const call = stage.client.service(EchoService).say({ text: "hidden" });
    await settle(stage);
    await call;
    await stage.clock.advanceAsync(5_000);
    const { channel } = stage.daemon.connection;
    expect(channel?.acknowledged).toBe(0);
    stage.daemon.connection.ping(1);
    await settle(stage);
    expect(channel?.acknowledged).toBe(1);
    const second = stage.client.service(EchoService).say({ text: "hidden" });
    await settle(stage);
    await second;
    stage.lifecycle.signal("foreground");
    await stage.clock.advanceAsync(200);
    expect(channel?.acknowledged).toBe(2);
  });

  it("stays hidden over a reconnect [CHAN-6, LIVE-7]", async () => {
    const stage = stageClient();
    stage.lifecycle.signal("frozen");
    await connect(stage);
    expect(stage.clock.pending).toBe(0);
    const call = stage.client.service(EchoService).say({ text: "hidden" });
    await settle(stage);
    await call;
    await stage.clock.advanceAsync(5_000);
    expect(stage.daemon.connection.channel?.acknowledged).toBe(0);
  });

  it("takes up its watch in the foreground: a check, then the silence [LIVE-3, LIVE-7]", async () => {
    const stage = stageClient();
    await connect(stage);
    stage.lifecycle.signal("hidden");
    await stage.clock.advanceAsync(600_000);
    stage.lifecycle.signal("foreground");
    expect(livenessOf(stage)).toBe("verifying");
    await settle(stage);
    expect(livenessOf(stage)).toBe("alive");
    await stage.clock.advanceAsync(24_999);
    expect(isConnected(stage.client.state)).toBe(true);
    await stage.clock.advanceAsync(1);
    expect(phaseNameOf(stage)).toBe("disconnected");
  });

  it("listens to nothing any more once it is disposed", async () => {
    const stage = stageClient();
    await connect(stage);
    expect(stage.lifecycle.listenerCount).toBe(1);
    stage.client.dispose();
    expect(stage.lifecycle.listenerCount).toBe(0);
    expect(stage.clock.pending).toBeLessThanOrEqual(4);
    await stage.clock.advanceAsync(2_000);
    expect(stage.clock.pending).toBe(0);
  });
});

describe("DaemonClient: ping", () => {
  it("measures the round trip, with padding both ways [LIVE-2]", async () => {
    const stage = stageClient();
    await connect(stage);
    const trips = [stage.client.ping(), stage.client.ping(16_384)];
    await settle(stage);
    expect(await Promise.all(trips)).toEqual([0, 0]);
    const ping = stage.daemon.connection.packets.findLast(({ body }) => body.case === "ping");
    expect(ping?.body.case === "ping" && ping.body.value.padding.length).toBe(16_384);
  });

  it.each([16_385, -1, 0.5, Number.NaN])("refuses %s bytes of padding", async (bytes) => {
    const stage = stageClient();
    await connect(stage);
    await expect(stage.client.ping(bytes)).rejects.toMatchObject({ code: "OPTION_INVALID" });
  });

  it("has nobody wait where there is no connection, or none any more [INV-5]", async () => {
    const stage = stageClient();
    await expect(stage.client.ping()).rejects.toMatchObject({ code: "NOT_CONNECTED" });
    await connect(stage);
    stage.daemon.connection.goDeaf();
    const pings = [stage.client.ping(), stage.client.ping()].map((ping) =>
      ping.catch((error: { code: string }) => error.code),
    );
    stage.daemon.connection.connection.abort();
    await settle(stage);
    expect(await Promise.all(pings)).toEqual(["NOT_CONNECTED", "NOT_CONNECTED"]);
  });

  it("lets 64 wait at once, and no more [INV-14]", async () => {
    const stage = stageClient();
    await connect(stage);
    stage.daemon.connection.goDeaf();
    const pings = Array.from({ length: 65 }, () => stage.client.ping().catch((error: { code: string }) => error.code));
    stage.client.dispose();
    await settle(stage);
    const outcomes = await Promise.all(pings);
    expect(outcomes.filter((code) => code === "NOT_CONNECTED")).toHaveLength(64);
    expect(outcomes.at(-1)).toBe("OVERLOADED");
  });
});
