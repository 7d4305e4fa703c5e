import { describe, expect, it } from "vitest";
import { CloseCode } from "../../../gen/moorline/session/v1/close_code_pb.ts";
import { Path, Purpose, Resumption } from "../../../gen/moorline/session/v1/packet_pb.ts";
import { ConnectionLossReason } from "../../../gen/moorline/state/v1/reason_pb.ts";
import { isConnected, isOnItsWay, lossOf, resumptionOf, retryAtOf, serverOf } from "../../../src/client/selectors.ts";
import type { Transport } from "../../../src/transport/connection.ts";
import { SERVER_ID } from "./support/scripted-daemon.ts";
import { connect, linesOf, phaseNameOf, rejectionOf, SESSION_KEY, settle, stageClient } from "./support/stage.ts";

describe("DaemonClient: connecting", () => {
  it("opens nothing before somebody wants a connection", async () => {
    const stage = stageClient();
    await stage.clock.advanceAsync(60_000);
    expect(stage.daemon.connections).toEqual([]);
    expect(phaseNameOf(stage)).toBe("idle");
    expect(stage.clock.pending).toBe(0);
  });

  it("dials, says hello, is welcomed [CONN-1, CONN-2, CONN-3, HELLO-1]", async () => {
    const stage = stageClient();
    await connect(stage);
    expect(stage.phases).toEqual(["connecting", "connecting", "connected"]);
    expect(linesOf(stage)).toEqual([
      "idle connect_requested connecting",
      "connecting transport_opened connecting",
      "connecting welcomed connected",
    ]);
    expect(stage.daemon.connection.kinds).toEqual(["hello"]);
    const { state } = stage.client;
    expect(isConnected(state)).toBe(true);
    expect(serverOf(state)).toMatchObject({ serverId: SERVER_ID, name: "scripted" });
    expect(resumptionOf(state)).toBe(Resumption.NEW_SESSION);
    expect(lossOf(state)).toBeUndefined();
  });

  it("says in its hello who it is and what it has [HELLO-1, RESUME-1, ATTEMPT-1]", async () => {
    const stage = stageClient({ expectedServerId: SERVER_ID, limits: { maxCalls: 7 } });
    await connect(stage);
    const [hello] = stage.daemon.hellos;
    expect(hello).toMatchObject({
      protocol: { min: 1, max: 1 },
      sessionKey: SESSION_KEY,
      purpose: Purpose.SESSION,
      client: { name: "test", version: "1.0.0", platform: "" },
      expectedServerId: SERVER_ID,
      credential: { case: undefined },
      path: Path.DIRECT,
      limits: { initialCreditBytes: 262_144n, maxMessageBytes: 16_777_216n, maxCalls: 7 },
      attempt: 1n,
    });
    expect(hello?.client?.instanceId).toMatch(/^[A-Za-z0-9_-]{22}$/);
    expect(hello?.freshChannelId).toHaveLength(16);
    expect(hello?.resume).toBeUndefined();
  });

  it("says its path in hello, state and log, also when it dials again [CONN-19]", async () => {
    const stage = stageClient({ path: Path.RELAY });
    await connect(stage);
    stage.daemon.connection.connection.abort();
    await stage.clock.advanceAsync(1_000);
    stage.daemon.connection.connection.abort();
    await settle(stage);
    stage.lifecycle.signal("online");
    await settle(stage);
    expect(stage.daemon.hellos.map(({ path }) => path)).toEqual(Array(3).fill(Path.RELAY));
    expect(stage.client.state.state.value).toMatchObject({ path: Path.RELAY });
    expect(new Set(stage.transitions.map(({ path }) => path))).toEqual(new Set([Path.RELAY]));
  });

  it("shares one attempt between all who ask [CONN-16]", async () => {
    const stage = stageClient();
    const all = Promise.all([stage.client.ensureConnected(), stage.client.ensureConnected()]);
    await settle(stage);
    await all;
    await stage.client.ensureConnected();
    expect(stage.daemon.connections).toHaveLength(1);
  });

  it("gives up a transport that does not open within 10 s, and goes on trying [CONN-1, CONN-6]", async () => {
    const hanging = createHangingTransport();
    const stage = stageClient({ transport: hanging.transport });
    void stage.client.ensureConnected().catch(() => {});
    await stage.clock.advanceAsync(9_999);
    expect(phaseNameOf(stage)).toBe("connecting");
    await stage.clock.advanceAsync(1);
    expect(lossOf(stage.client.state)?.reason).toBe(ConnectionLossReason.CONNECT_TIMED_OUT);
    expect(retryAtOf(stage.client.state)).toBe(10_500);
    expect(hanging.aborted).toBe(1);
    await stage.clock.advanceAsync(500);
    expect(phaseNameOf(stage)).toBe("connecting");
  });

  it("gives up a hello that is not answered within 5 s, with a reason of its own [CONN-2, CONN-6]", async () => {
    const stage = stageClient();
    stage.daemon.onHello = () => {};
    void stage.client.ensureConnected().catch(() => {});
    await stage.clock.advanceAsync(4_999);
    expect(phaseNameOf(stage)).toBe("connecting");
    await stage.clock.advanceAsync(1);
    expect(lossOf(stage.client.state)?.reason).toBe(ConnectionLossReason.HELLO_TIMED_OUT);
    await settle(stage);
    expect(stage.daemon.connection.close).toBeDefined();
  });

  it("waits on through failures that allow another attempt, until it is connected [CONN-7]", async () => {
    const stage = stageClient();
    stage.pair.accept(undefined);
    const connected = stage.client.ensureConnected();
    await settle(stage);
    expect(lossOf(stage.client.state)).toMatchObject({ reason: ConnectionLossReason.TRANSPORT_FAILED, code: 0 });
    expect(isOnItsWay(stage.client.state)).toBe(true);
    stage.pair.accept((connection) => stage.daemon.accept(connection));
    await stage.clock.advanceAsync(500);
    await connected;
  });

  it("takes a transport that closes before the answer for a failure [CONN-7]", async () => {
    const stage = stageClient();
    stage.daemon.onHello = ({ connection }) => connection.close(CloseCode.DAEMON_BUSY, "later");
    void stage.client.ensureConnected().catch(() => {});
    await settle(stage);
    expect(lossOf(stage.client.state)).toMatchObject({
      reason: ConnectionLossReason.TRANSPORT_CLOSED,
      code: CloseCode.DAEMON_BUSY,
      message: "later",
    });
  });

  it.each([
    [CloseCode.DAEMON_DRAINING, ConnectionLossReason.WENT_AWAY],
    [CloseCode.SUPERSEDED, ConnectionLossReason.SUPERSEDED],
  ])("may be told to go by %i before it is welcomed [CONN-4]", async (code, reason) => {
    const stage = stageClient();
    stage.daemon.onHello = (connection) => connection.goAway(code);
    stage.client.ensureConnected().catch(() => {});
    await settle(stage);
    expect(lossOf(stage.client.state)).toMatchObject({ reason, code });
    expect(stage.daemon.connection.close).toBeDefined();
  });

  it("dials at once where it is asked while it waits to dial again [CONN-14]", async () => {
    const stage = stageClient();
    stage.pair.accept(undefined);
    void stage.client.ensureConnected();
    await settle(stage);
    stage.pair.accept((connection) => stage.daemon.accept(connection));
    await connect(stage);
    expect(stage.clock.now()).toBe(0);
  });

  it("tells who asks that a client which does not redial has failed [CONN-13]", async () => {
    const stage = stageClient({ redial: false });
    stage.pair.accept(undefined);
    const error = await rejectionOf(stage, stage.client.ensureConnected());
    expect(error).toMatchObject({ code: "NOT_CONNECTED", text: "Nobody accepts connections here." });
    expect(retryAtOf(stage.client.state)).toBeUndefined();
    expect(stage.clock.pending).toBe(0);
  });

  it("goes on where the transport throws, and tells onError [CONN-7]", async () => {
    const thrown = new Error("no such thing");
    const dial = (): never => {
      throw thrown;
    };
    const stage = stageClient({ transport: { name: "broken", dial } });
    void stage.client.ensureConnected().catch(() => {});
    await settle(stage);
    expect(stage.errors).toEqual([thrown]);
    expect(lossOf(stage.client.state)).toMatchObject({
      reason: ConnectionLossReason.TRANSPORT_FAILED,
      message: "the transport failed to dial",
    });
  });
});

/** A transport that never opens a connection, and counts those that were dropped. */
function createHangingTransport(): { readonly transport: Transport; aborted: number } {
  const hanging = {
    aborted: 0,
    transport: {
      name: "hanging",
      dial: () => ({
        bufferedBytes: 0,
        send() {},
        close() {},
        abort() {
          hanging.aborted += 1;
        },
      }),
    },
  };
  return hanging;
}
