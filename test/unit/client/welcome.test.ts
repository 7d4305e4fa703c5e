import { describe, expect, it } from "vitest";
import { CloseCode } from "../../../gen/moorline/session/v1/close_code_pb.ts";
import { ChannelLossReason } from "../../../gen/moorline/session/v1/error_pb.ts";
import { ResumeRefusal, Resumption } from "../../../gen/moorline/session/v1/packet_pb.ts";
import { ConnectionLossReason } from "../../../gen/moorline/state/v1/reason_pb.ts";
import type { LostChannel } from "../../../src/client/client-instance.ts";
import { isConnected, lossOf, retryAtOf } from "../../../src/client/selectors.ts";
import { EchoService } from "../rpc/gen/rpctest/v1/echo_pb.ts";
import { SERVER_ID, type WelcomeInit } from "./support/scripted-daemon.ts";
import { connect, phaseNameOf, rejectionOf, type Stage, settle, stageClient } from "./support/stage.ts";

const OTHER_ID = "ctu3M2x2eAAj-D2kw1Xy7uqFczsT00d2l5F3kMEikIQ";

/** Lets the daemon answer the next hellos with a Welcome that is wrong somewhere. */
function welcomeWith(stage: Stage, init: (attachment: NonNullable<WelcomeInit["attachment"]>) => WelcomeInit): void {
  stage.daemon.onHello = (connection, hello) => connection.welcome(init(stage.daemon.attach(hello).attachment));
}

describe("DaemonClient: the Welcome", () => {
  it("refuses another daemon than the one that is meant, and keeps its channel id [WELCOME-2, CONN-5]", async () => {
    const stage = stageClient({ expectedServerId: OTHER_ID });
    const error = await rejectionOf(stage, stage.client.ensureConnected());
    expect(error.code).toBe("WRONG_SERVER");
    expect(lossOf(stage.client.state)).toMatchObject({
      reason: ConnectionLossReason.WELCOME_REFUSED,
      code: CloseCode.WRONG_SERVER,
    });
    expect(stage.daemon.connection.goodbye?.code).toBe(CloseCode.WRONG_SERVER);
    await stage.clock.advanceAsync(120_000);
    expect(stage.daemon.connections).toHaveLength(1);
  });

  it("stays with the daemon that it has met first, also where it was told of none [WELCOME-2]", async () => {
    const stage = stageClient();
    await connect(stage);
    welcomeWith(stage, (attachment) => ({ attachment, server: { serverId: OTHER_ID } }));
    stage.daemon.connection.connection.abort();
    await settle(stage);
    expect((await rejectionOf(stage, stage.client.ensureConnected())).code).toBe("WRONG_SERVER");
    expect(stage.daemon.hellos.map(({ expectedServerId }) => expectedServerId)).toEqual(["", SERVER_ID]);
    stage.daemon.onHello = (connection) => connection.welcome();
    const connected = stage.client.ensureConnected();
    await settle(stage);
    await connected;
    expect(stage.daemon.hellos.at(-1)?.expectedServerId).toBe(SERVER_ID);
  });

  it.each([
    ["below what is trimmed", 0n],
    ["above what was ever sent", 1_000n],
  ])("ends the channel where the position is %s, and takes a new one [WELCOME-3]", async (_, received) => {
    const stage = stageClient();
    const lost: LostChannel[] = [];
    stage.client.on("channel_lost", (event) => lost.push(event));
    await connect(stage);
    await settleCall(stage);
    welcomeWith(stage, (attachment) => ({ attachment: { ...attachment, received } }));
    stage.daemon.connection.connection.abort();
    await settle(stage);
    await stage.clock.advanceAsync(250);
    const [first, second] = stage.daemon.hellos;
    expect(second?.resume?.channelId).toEqual(first?.freshChannelId);
    expect(stage.daemon.connection.goodbye?.code).toBe(CloseCode.CHANNEL_DONE);
    expect(lost).toEqual([{ reason: ChannelLossReason.POSITION_IMPOSSIBLE, calls: 0 }]);
    stage.daemon.onHello = (connection) => connection.welcome();
    await stage.clock.advanceAsync(30_000);
    const third = stage.daemon.hellos[2];
    expect(third?.resume).toBeUndefined();
    expect(third?.freshChannelId).not.toEqual(second?.freshChannelId);
    expect(isConnected(stage.client.state)).toBe(true);
  });

  it("takes an answer that it does not know for a rejection with backoff [WELCOME-4]", async () => {
    const stage = stageClient();
    stage.daemon.onHello = (connection) => connection.answer({ case: undefined });
    void stage.client.ensureConnected();
    await settle(stage);
    expect(lossOf(stage.client.state)).toMatchObject({
      reason: ConnectionLossReason.REJECTED,
      code: CloseCode.INTERNAL,
    });
    expect(retryAtOf(stage.client.state)).toBe(500);
  });

  it("stops at an answer that cannot be decoded [PACKET-4, CONN-5]", async () => {
    const stage = stageClient();
    stage.daemon.onHello = (connection) => connection.send({ case: "hello", value: Uint8Array.of(0xff, 0xff) });
    const error = await rejectionOf(stage, stage.client.ensureConnected());
    expect(error.code).toBe("PACKET_MALFORMED");
    expect(stage.daemon.connection.goodbye?.code).toBe(CloseCode.PACKET_MALFORMED);
  });

  it.each<[string, (attachment: NonNullable<WelcomeInit["attachment"]>) => WelcomeInit, string]>([
    ["without a daemon", () => ({ server: undefined }) as never, "PROTOCOL_VIOLATION"],
    ["with a channel that was not offered", (attachment) => otherChannel(attachment), "PROTOCOL_VIOLATION"],
    ["that resumes nothing", (attachment) => resumedNothing(attachment), "PROTOCOL_VIOLATION"],
    ["of a protocol that it does not speak", (attachment) => ({ attachment, protocol: 9 }), "PROTOCOL_UNSUPPORTED"],
  ])("stops at a Welcome %s [VER-1, WELCOME-1]", async (_, init, code) => {
    const stage = stageClient();
    welcomeWith(stage, init);
    expect((await rejectionOf(stage, stage.client.ensureConnected())).code).toBe(code);
    expect(phaseNameOf(stage)).toBe("disconnected");
  });

  it("judges an unknown resumption by the channel that comes with it [VER-2, INV-15]", async () => {
    const stage = stageClient();
    stage.daemon.onHello = (connection, hello) => {
      const { attachment } = stage.daemon.attach(hello);
      connection.welcome({ attachment: { ...attachment, resumption: 99 as Resumption } });
    };
    await connect(stage);
    expect(isConnected(stage.client.state)).toBe(true);
  });

  it("stops at frames, pings and text before the answer [HELLO-1, PACKET-2]", async () => {
    const stage = stageClient();
    stage.daemon.onHello = (connection) => connection.ping(1);
    const error = await rejectionOf(stage, stage.client.ensureConnected());
    expect(error.code).toBe("PROTOCOL_VIOLATION");
  });

  it("ends the connection at a second answer [HELLO-10, CONN-10]", async () => {
    const stage = stageClient();
    await connect(stage);
    stage.daemon.connection.answer({ case: "welcome", value: {} });
    await settle(stage);
    expect(lossOf(stage.client.state)).toMatchObject({
      reason: ConnectionLossReason.VIOLATED,
      code: CloseCode.PROTOCOL_VIOLATION,
    });
    expect(stage.daemon.connection.goodbye?.code).toBe(CloseCode.PROTOCOL_VIOLATION);
  });

  it("offers the same fresh id until a Welcome has named it [RESUME-2, RESUME-4]", async () => {
    const stage = stageClient();
    stage.daemon.onHello = (connection, hello) => {
      // The Welcome is lost on the way.
      stage.daemon.attach(hello);
      connection.connection.abort();
    };
    void stage.client.ensureConnected();
    await settle(stage);
    stage.daemon.onHello = (connection) => connection.welcome();
    await stage.clock.advanceAsync(1_000);
    const [first, second] = stage.daemon.hellos;
    expect(second?.freshChannelId).toEqual(first?.freshChannelId);
    expect(second?.attempt).toBe(2n);
    expect(isConnected(stage.client.state)).toBe(true);
    stage.daemon.connection.connection.abort();
    await stage.clock.advanceAsync(1_000);
    const third = stage.daemon.hellos[2];
    expect(third?.resume?.channelId).toEqual(first?.freshChannelId);
    expect(third?.freshChannelId).not.toEqual(first?.freshChannelId);
  });

  it.each([
    [ResumeRefusal.CHANNEL_UNKNOWN, ChannelLossReason.CHANNEL_UNKNOWN],
    [ResumeRefusal.CHANNEL_EXPIRED, ChannelLossReason.CHANNEL_EXPIRED],
    [ResumeRefusal.EPOCH_CHANGED, ChannelLossReason.EPOCH_CHANGED],
    [ResumeRefusal.REPLAY_EVICTED, ChannelLossReason.REPLAY_EVICTED],
    [ResumeRefusal.POSITION_AHEAD, ChannelLossReason.POSITION_IMPOSSIBLE],
    [99 as ResumeRefusal, ChannelLossReason.CHANNEL_UNKNOWN],
  ])("loses its channel where the resume was refused with %i [RESUME-6, RESUME-7]", async (refusal, reason) => {
    const stage = stageClient();
    const lost: LostChannel[] = [];
    const resumed: unknown[] = [];
    stage.client.on("channel_lost", (event) => lost.push(event));
    stage.client.on("resumed", (event) => resumed.push(event));
    await connect(stage);
    stage.daemon.onHello = (connection, { freshChannelId }) => {
      const attachment = { channelId: freshChannelId, resumption: Resumption.REATTACHED, refusal };
      connection.welcome({ attachment });
    };
    stage.daemon.restart();
    stage.daemon.connection.connection.abort();
    await stage.clock.advanceAsync(1_000);
    expect(lost).toEqual([{ reason, calls: 0 }]);
    expect(resumed).toEqual([]);
    expect(isConnected(stage.client.state)).toBe(true);
  });

  it("takes a new fresh id where its highest attempt is stale, and keeps its channel [ATTEMPT-4]", async () => {
    const stage = stageClient();
    await connect(stage);
    stage.daemon.onHello = (connection) => connection.reject(CloseCode.ATTEMPT_STALE);
    stage.daemon.connection.connection.abort();
    await stage.clock.advanceAsync(600);
    stage.daemon.onHello = (connection) => connection.welcome();
    await stage.clock.advanceAsync(2_000);
    const [, stale, next] = stage.daemon.hellos;
    expect(next?.freshChannelId).not.toEqual(stale?.freshChannelId);
    expect(next?.resume?.channelId).toEqual(stale?.resume?.channelId);
    expect(next?.attempt).toBeGreaterThan(stale?.attempt ?? 0n);
    expect(isConnected(stage.client.state)).toBe(true);
  });

  it("knows the daemon that it was told of, whatever name that has", async () => {
    const stage = stageClient({ expectedServerId: SERVER_ID });
    await connect(stage);
    expect(isConnected(stage.client.state)).toBe(true);
  });
});

async function settleCall({ client, clock }: Stage): Promise<void> {
  const call = client.service(EchoService).say({ text: "hello" });
  await clock.advanceAsync(1_000);
  await call;
}

function otherChannel(attachment: NonNullable<WelcomeInit["attachment"]>): WelcomeInit {
  return { attachment: { ...attachment, channelId: new Uint8Array(16) } };
}

function resumedNothing(attachment: NonNullable<WelcomeInit["attachment"]>): WelcomeInit {
  return { attachment: { ...attachment, resumption: Resumption.RESUMED } };
}
