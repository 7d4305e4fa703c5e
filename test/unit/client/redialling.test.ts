import { describe, expect, it } from "vitest";
import { RetryVerdict } from "../../../gen/moorline/schema/v1/options_pb.ts";
import { CloseCode } from "../../../gen/moorline/session/v1/close_code_pb.ts";
import { ChannelLossReason } from "../../../gen/moorline/session/v1/error_pb.ts";
import { ConnectionLossReason } from "../../../gen/moorline/state/v1/reason_pb.ts";
import { isConnected, isOnItsWay, lossOf, retryAtOf } from "../../../src/client/selectors.ts";
import { EchoService } from "../rpc/gen/rpctest/v1/echo_pb.ts";
import { connect, phaseNameOf, rejectionOf, type Stage, settle, stageClient } from "./support/stage.ts";

function verdictOf({ client }: Stage): RetryVerdict | undefined {
  const { state } = client.state;
  return state.case === "disconnected" ? state.value.verdict : undefined;
}

describe("DaemonClient: dialling again", () => {
  it("resumes its channel when the transport closes [CONN-9, RESUME-1, RESUME-3]", async () => {
    const stage = stageClient();
    const resumed: unknown[] = [];
    stage.client.on("resumed", (event) => resumed.push(event));
    await connect(stage);
    stage.daemon.connection.connection.abort();
    await settle(stage);
    expect(lossOf(stage.client.state)?.reason).toBe(ConnectionLossReason.TRANSPORT_CLOSED);
    await stage.clock.advanceAsync(500);
    expect(isConnected(stage.client.state)).toBe(true);
    const [first, second] = stage.daemon.hellos;
    expect(second?.resume).toMatchObject({ channelId: first?.freshChannelId, epoch: stage.daemon.epoch, received: 0n });
    expect(second?.client?.instanceId).toBe(first?.client?.instanceId);
    expect(resumed).toEqual([{ generation: 2, calls: 0 }]);
  });

  it.each([
    [CloseCode.OVERLOADED, RetryVerdict.BACKOFF],
    [CloseCode.DAEMON_DRAINING, RetryVerdict.BACKOFF],
    [4199 as CloseCode, RetryVerdict.BACKOFF],
    [9999 as CloseCode, RetryVerdict.BACKOFF],
  ])("dials again after a rejection with %i [CONN-4, CLOSE-1, RETRY-2]", async (code, verdict) => {
    const stage = stageClient();
    stage.daemon.onHello = (connection) => connection.reject(code);
    const connected = stage.client.ensureConnected();
    await settle(stage);
    expect(lossOf(stage.client.state)).toMatchObject({ reason: ConnectionLossReason.REJECTED, code });
    expect(verdictOf(stage)).toBe(verdict);
    expect(retryAtOf(stage.client.state)).toBe(500);
    stage.daemon.onHello = (connection) => connection.welcome();
    await stage.clock.advanceAsync(500);
    await connected;
  });

  it.each([
    [CloseCode.PROTOCOL_UNSUPPORTED, "PROTOCOL_UNSUPPORTED", RetryVerdict.STOP],
    [CloseCode.WRONG_SERVER, "WRONG_SERVER", RetryVerdict.STOP],
    [4498 as CloseCode, "CLOSE_CODE_UNKNOWN", RetryVerdict.STOP],
    [CloseCode.UNAUTHENTICATED, "UNAUTHENTICATED", RetryVerdict.ASK_USER],
    [CloseCode.PERMISSION_DENIED, "PERMISSION_DENIED", RetryVerdict.ASK_USER],
    [4598 as CloseCode, "CLOSE_CODE_UNKNOWN", RetryVerdict.ASK_USER],
  ])(
    "never dials again by itself after a rejection with %i [CLOSE-4, AUTH-4, CONN-13]",
    async (code, name, verdict) => {
      const stage = stageClient();
      stage.daemon.onHello = (connection) => connection.reject(code);
      const error = await rejectionOf(stage, stage.client.ensureConnected());
      expect(error).toMatchObject({ code: name, closeCode: code, text: "Refused by the script." });
      expect(verdictOf(stage)).toBe(verdict);
      expect(retryAtOf(stage.client.state)).toBeUndefined();
      expect(isOnItsWay(stage.client.state)).toBe(false);
      await stage.clock.advanceAsync(3_600_000);
      expect(stage.daemon.connections).toHaveLength(1);
      expect(stage.clock.pending).toBe(0);
      stage.daemon.onHello = (connection) => connection.welcome();
      await connect(stage);
      expect(isConnected(stage.client.state)).toBe(true);
    },
  );

  it.each([
    ["says so", (stage: Stage) => stage.daemon.connection.goAway(CloseCode.SUPERSEDED)],
    ["closes so", (stage: Stage) => stage.daemon.connection.connection.close(CloseCode.SUPERSEDED, "")],
  ])("never dials again after SUPERSEDED, where the daemon %s [CLOSE-4, CONN-12]", async (_, end) => {
    const stage = stageClient();
    await connect(stage);
    end(stage);
    await settle(stage);
    expect(lossOf(stage.client.state)?.code).toBe(CloseCode.SUPERSEDED);
    expect(verdictOf(stage)).toBe(RetryVerdict.STOP);
    await stage.clock.advanceAsync(3_600_000);
    expect(stage.daemon.connections).toHaveLength(1);
    expect(stage.clock.pending).toBe(0);
  });

  it("goes by the hint of go_away for the first try, then by backoff [RETRY-4, CONN-12]", async () => {
    const stage = stageClient();
    await connect(stage);
    await stage.clock.advanceAsync(2_000);
    stage.daemon.onHello = (connection) => connection.reject(CloseCode.OVERLOADED);
    stage.daemon.connection.goAway(CloseCode.DAEMON_DRAINING, "soon", { afterMs: 7_000, jitterMs: 1_000 });
    await settle(stage);
    expect(lossOf(stage.client.state)).toMatchObject({ reason: ConnectionLossReason.WENT_AWAY, message: "soon" });
    expect(retryAtOf(stage.client.state)).toBe(2_000 + 7_500);
    await stage.clock.advanceAsync(7_500);
    expect(retryAtOf(stage.client.state)).toBe(9_500 + 500);
  });

  it("goes by the hint of the last Welcome where the connection is lost without another [RETRY-4]", async () => {
    const stage = stageClient();
    stage.daemon.onHello = (connection) => connection.welcome({ hint: { afterMs: 3_000n, jitterMs: 0n } });
    await connect(stage);
    await stage.clock.advanceAsync(2_000);
    stage.daemon.connection.connection.abort();
    await settle(stage);
    expect(retryAtOf(stage.client.state)).toBe(5_000);
  });

  it("goes by the retry_after of a rejection [RETRY-4]", async () => {
    const stage = stageClient();
    stage.daemon.onHello = (connection) => connection.reject(CloseCode.RATE_LIMITED, { retryAfterMs: 12_000n });
    void stage.client.ensureConnected();
    await settle(stage);
    expect(retryAtOf(stage.client.state)).toBe(12_000);
  });

  it("takes no hint beyond an hour [RETRY-4, INV-14]", async () => {
    const stage = stageClient();
    stage.daemon.onHello = (connection) => connection.reject(CloseCode.RATE_LIMITED, { retryAfterMs: 2n ** 60n });
    void stage.client.ensureConnected();
    await settle(stage);
    expect(retryAtOf(stage.client.state)).toBe(3_600_000);
  });

  it("keeps its channel over NOW and BACKOFF, and drops it after CHANNEL_LOST [CLOSE-3, DRAIN-4]", async () => {
    const stage = stageClient();
    const lost: unknown[] = [];
    stage.client.on("channel_lost", (event) => lost.push(event));
    await connect(stage);
    stage.daemon.connection.goAway(CloseCode.PONG_MISSING);
    await stage.clock.advanceAsync(2_000);
    stage.daemon.connection.goAway(CloseCode.OVERLOADED);
    await stage.clock.advanceAsync(2_000);
    expect(lost).toEqual([]);
    stage.daemon.restart();
    stage.daemon.connection.goAway(CloseCode.CHANNEL_LOST);
    await stage.clock.advanceAsync(2_000);
    expect(lost).toHaveLength(1);
    const [first, second, third, fourth] = stage.daemon.hellos;
    expect(second?.resume?.channelId).toEqual(first?.freshChannelId);
    expect(third?.resume?.channelId).toEqual(first?.freshChannelId);
    expect(fourth?.resume).toBeUndefined();
    expect(isConnected(stage.client.state)).toBe(true);
  });

  it("ends the channel with the reason that CHANNEL_LOST gives [CLOSE-6]", async () => {
    const stage = stageClient();
    const reasons: ChannelLossReason[] = [];
    stage.client.on("channel_lost", ({ reason }) => reasons.push(reason));
    await connect(stage);
    stage.daemon.connection.goAway(CloseCode.CHANNEL_LOST, "stopping", undefined, ChannelLossReason.DRAINED);
    await stage.clock.advanceAsync(2_000);
    stage.daemon.connection.goAway(CloseCode.CHANNEL_LOST);
    await stage.clock.advanceAsync(2_000);
    expect(reasons).toEqual([ChannelLossReason.DRAINED, ChannelLossReason.CHANNEL_UNKNOWN]);
  });

  it.each(["online", "foreground"] as const)(
    "dials at once on %s where it waits to dial again [LIVE-8]",
    async (signal) => {
      const stage = stageClient();
      stage.daemon.onHello = (connection) => connection.reject(CloseCode.RATE_LIMITED, { retryAfterMs: 60_000n });
      void stage.client.ensureConnected();
      await settle(stage);
      stage.daemon.onHello = (connection) => connection.welcome();
      stage.lifecycle.signal(signal);
      await settle(stage);
      expect(isConnected(stage.client.state)).toBe(true);
    },
  );

  it("does not dial on online after a verdict that stops it [LIVE-8]", async () => {
    const stage = stageClient();
    stage.daemon.onHello = (connection) => connection.reject(CloseCode.UNAUTHENTICATED);
    stage.client.ensureConnected().catch(() => {});
    await settle(stage);
    stage.lifecycle.signal("online");
    await settle(stage);
    expect(stage.daemon.connections).toHaveLength(1);
  });

  it("waits longer with every failure in a row, and starts over after a connection that lived [RETRY-1, RETRY-2]", async () => {
    const stage = stageClient();
    stage.daemon.onHello = (connection) => connection.reject(CloseCode.OVERLOADED);
    void stage.client.ensureConnected();
    const waits: number[] = [];
    for (let attempt = 0; attempt < 8; attempt += 1) {
      await settle(stage);
      waits.push((retryAtOf(stage.client.state) ?? 0) - stage.clock.now());
      await stage.clock.advanceAsync(waits.at(-1) ?? 0);
    }
    expect(waits).toEqual([500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000]);
    stage.daemon.onHello = (connection) => connection.welcome();
    await stage.clock.advanceAsync(16_000);
    stage.daemon.connection.connection.abort();
    await settle(stage);
    expect((retryAtOf(stage.client.state) ?? 0) - stage.clock.now()).toBe(125);
  });

  it("starts over after a connection that has carried a frame, however short it lived [RETRY-1]", async () => {
    const stage = stageClient();
    await connect(stage);
    stage.daemon.connection.connection.abort();
    await settle(stage);
    expect(retryAtOf(stage.client.state)).toBe(500);
    await stage.clock.advanceAsync(500);
    const call = stage.client.service(EchoService).say({});
    await settle(stage);
    await call;
    stage.daemon.connection.connection.abort();
    await settle(stage);
    expect(retryAtOf(stage.client.state)).toBe(500 + 125);
  });

  it("makes at most 20 attempts in one go [RETRY-3, INV-14]", async () => {
    const stage = stageClient({ random: { unit: () => 0, bytes: (length) => new Uint8Array(length).fill(9) } });
    stage.daemon.onHello = (connection) => connection.reject(CloseCode.OVERLOADED);
    void stage.client.ensureConnected();
    await stage.clock.advanceAsync(2_999);
    expect(stage.daemon.connections.length).toBe(20);
    await stage.clock.advanceAsync(30_001);
    expect(stage.daemon.connections.length).toBe(31);
  });

  it("ends at a violation of the daemon, with its code in the goodbye [CONN-10]", async () => {
    const stage = stageClient();
    await connect(stage);
    stage.daemon.connection.connection.send(Uint8Array.of(0xff, 0xff, 0xff));
    await settle(stage);
    expect(lossOf(stage.client.state)).toMatchObject({
      reason: ConnectionLossReason.VIOLATED,
      code: CloseCode.PACKET_MALFORMED,
    });
    expect(stage.daemon.connection.goodbye?.code).toBe(CloseCode.PACKET_MALFORMED);
    expect(verdictOf(stage)).toBe(RetryVerdict.STOP);
  });

  it("resumes after a gap [CONN-10, CHAN-4]", async () => {
    const stage = stageClient();
    await connect(stage);
    const frame = { callId: 2, last: false, body: { case: "cancel", value: {} } } as const;
    stage.daemon.connection.send({ case: "frames", value: { first: 5, frames: [frame] } });
    await settle(stage);
    expect(lossOf(stage.client.state)?.code).toBe(CloseCode.PROTOCOL_GAP);
    expect(stage.daemon.connection.goodbye?.code).toBe(CloseCode.PROTOCOL_GAP);
    await stage.clock.advanceAsync(1_000);
    expect(isConnected(stage.client.state)).toBe(true);
    expect(stage.daemon.hellos[1]?.resume).toBeDefined();
  });

  it("loses its channel at an acknowledgement of the future [CHAN-8]", async () => {
    const stage = stageClient();
    const lost: unknown[] = [];
    stage.client.on("channel_lost", (event) => lost.push(event));
    await connect(stage);
    stage.daemon.connection.send({ case: undefined }, 77);
    await settle(stage);
    expect(stage.daemon.connection.goodbye?.code).toBe(CloseCode.CHANNEL_DONE);
    expect(lost).toEqual([{ reason: 5, calls: 0 }]);
    expect(phaseNameOf(stage)).toBe("disconnected");
    expect(isOnItsWay(stage.client.state)).toBe(true);
  });

  it("does not dial again inside a runtime that does [CONN-13]", async () => {
    const stage = stageClient({ redial: false });
    await connect(stage);
    stage.daemon.connection.connection.abort();
    await settle(stage);
    expect(phaseNameOf(stage)).toBe("disconnected");
    expect(stage.clock.pending).toBe(0);
    await connect(stage);
    expect(stage.daemon.hellos[1]?.resume).toBeDefined();
  });
});
