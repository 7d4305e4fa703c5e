import { describe, expect, it } from "vitest";
import { ConnectionTimer } from "../../../gen/moorline/machine/v1/connection_pb.ts";
import { RetryVerdict } from "../../../gen/moorline/schema/v1/options_pb.ts";
import { CloseCode } from "../../../gen/moorline/session/v1/close_code_pb.ts";
import { ChannelLossReason } from "../../../gen/moorline/session/v1/error_pb.ts";
import { Path } from "../../../gen/moorline/session/v1/packet_pb.ts";
import { ConnectionLossReason } from "../../../gen/moorline/state/v1/reason_pb.ts";
import { ConnectionDriver } from "./connection-driver.ts";

describe("transitionConnection: idle", () => {
  it("opens a transport with 10 s to do so when somebody wants a connection [CONN-1]", () => {
    const driver = new ConnectionDriver().connect(Path.RELAY);
    expect(driver.connecting).toMatchObject({ generation: 1, path: Path.RELAY, deadlineAtMs: 11_000 });
    expect(driver.did).toEqual(["startTimer", "openTransport"]);
    expect(driver.effectsOf("startTimer")[0]).toMatchObject({ timer: ConnectionTimer.CONNECT, atMs: 11_000 });
  });

  it("ignores answers that it never asked for [RUN-2]", () => {
    const driver = new ConnectionDriver();
    const before = driver.state;
    expect(driver.cut().state).toBe(before);
    expect(driver.ignored).toBe(true);
  });
});

describe("transitionConnection: connecting", () => {
  it("says hello with 5 s to be answered once the transport is open [CONN-2]", () => {
    const driver = new ConnectionDriver().connect().wait(400).open();
    expect(driver.connecting).toMatchObject({ generation: 1, deadlineAtMs: 6_400, stage: { value: { attempt: 1 } } });
    expect(driver.did).toEqual(["cancelTimer", "startTimer", "sendHello"]);
    expect(driver.effectsOf("cancelTimer")[0]?.timer).toBe(ConnectionTimer.CONNECT);
    expect(driver.effectsOf("sendHello")[0]).toMatchObject({ generation: 1, attempt: 1 });
  });

  it("attaches the channel when it is welcomed [CONN-3]", () => {
    const driver = new ConnectionDriver().connect().open().wait(20).welcome({ afterMs: 5, jitterMs: 6 });
    expect(driver.connected).toMatchObject({
      generation: 1,
      attempt: 1,
      path: Path.DIRECT,
      sessionRef: "ref",
      sinceMs: 1_020,
      liveness: { case: "alive" },
      server: { serverId: "server" },
      hint: { afterMs: 5 },
    });
    expect(driver.did).toEqual(["cancelTimer", "attachChannel", "startTimer"]);
    expect(driver.effectsOf("startTimer")[0]).toMatchObject({ timer: ConnectionTimer.SILENCE, atMs: 26_020 });
  });

  it("shares the attempt with everybody else who asks [CONN-16]", () => {
    const driver = new ConnectionDriver().connect();
    const before = driver.state;
    expect(driver.connect(Path.RELAY).state).toBe(before);
  });

  it.each([
    ["rejected", (driver: ConnectionDriver) => driver.reject(CloseCode.TOO_MANY_SESSIONS)],
    ["went_away", (driver: ConnectionDriver) => driver.goAway(CloseCode.TOO_MANY_SESSIONS)],
  ])("takes over code and verdict of the server when it is told %s [CONN-4]", (_name, end) => {
    const driver = end(new ConnectionDriver().connect().open());
    expect(driver.disconnected.loss?.code).toBe(CloseCode.TOO_MANY_SESSIONS);
    expect(driver.disconnected.verdict).toBe(RetryVerdict.BACKOFF);
    expect(driver.did).toEqual(["cancelTimer", "closeTransport", "startTimer"]);
  });

  it("loses the channel and dials anew after a Welcome with an impossible position [CONN-5] [WELCOME-3]", () => {
    const driver = new ConnectionDriver().connect().open();
    const value = { generation: 1, nowMs: 1_000, unitRandom: 0.5, code: CloseCode.CHANNEL_DONE, message: "9 of 4" };
    driver.give({ case: "welcomeRefused", value });
    expect(driver.effectsOf("closeTransport")[0]?.code).toBe(CloseCode.CHANNEL_DONE);
    expect(driver.effectsOf("loseChannel")[0]?.reason).toBe(ChannelLossReason.POSITION_IMPOSSIBLE);
    expect(driver.waitMs).toBe(500);
  });

  it("stops at another server, and tells it why [CONN-5] [WELCOME-2]", () => {
    const driver = new ConnectionDriver({ redial: false }).connect().open();
    const value = { generation: 1, nowMs: 1_000, code: CloseCode.WRONG_SERVER, message: "another server" };
    driver.give({ case: "welcomeRefused", value });
    expect(driver.disconnected.verdict).toBe(RetryVerdict.STOP);
    expect(driver.effectsOf("closeTransport")[0]?.code).toBe(CloseCode.WRONG_SERVER);
    expect(driver.effectsOf("loseChannel")).toEqual([]);
  });

  it("has a reason of its own for each time that runs out, and closes the transport [CONN-6]", () => {
    const opening = new ConnectionDriver().connect().wait(10_000);
    opening.give({ case: "connectTimedOut", value: { generation: 1, nowMs: 11_000, unitRandom: 0 } });
    const greeting = new ConnectionDriver().connect().open().wait(5_000);
    greeting.give({ case: "helloTimedOut", value: { generation: 1, nowMs: 6_000, unitRandom: 0 } });
    expect(opening.disconnected.loss?.reason).toBe(ConnectionLossReason.CONNECT_TIMED_OUT);
    expect(greeting.disconnected.loss?.reason).toBe(ConnectionLossReason.HELLO_TIMED_OUT);
    expect(opening.effectsOf("closeTransport")[0]?.code).toBe(CloseCode.UNSPECIFIED);
    expect(greeting.effectsOf("closeTransport")[0]?.code).toBe(CloseCode.CONNECTION_DONE);
  });

  it("ignores a time that runs out at the other stage: its timer is cancelled, its event was under way [RUN-4]", () => {
    const greeting = new ConnectionDriver().connect().open();
    greeting.give({ case: "connectTimedOut", value: { generation: 1, nowMs: 11_000, unitRandom: 0 } });
    expect(greeting.ignored).toBe(true);
    const opening = new ConnectionDriver().connect();
    opening.give({ case: "helloTimedOut", value: { generation: 1, nowMs: 11_000, unitRandom: 0 } });
    expect(opening.ignored).toBe(true);
  });

  it.each([
    ["closes", (driver: ConnectionDriver) => driver.cut(), ConnectionLossReason.TRANSPORT_CLOSED],
    ["fails", (driver: ConnectionDriver) => driver.fail(), ConnectionLossReason.TRANSPORT_FAILED],
  ])("counts a failure when the transport %s, and has nothing left to close [CONN-7]", (_name, end, reason) => {
    const driver = end(new ConnectionDriver().connect());
    expect(driver.disconnected).toMatchObject({ loss: { reason }, retry: { failures: 1 } });
    expect(driver.did).toEqual(["cancelTimer", "startTimer"]);
  });

  it("takes a new fresh channel id when its own attempt was stale [ATTEMPT-4]", () => {
    const driver = new ConnectionDriver().connect().open().reject(CloseCode.ATTEMPT_STALE);
    expect(driver.did).toEqual(["cancelTimer", "closeTransport", "takeFreshChannelId", "startTimer"]);
  });

  it("changes nothing for an answer of an older generation [INV-8] [RUN-4]", () => {
    const driver = new ConnectionDriver().connect().fail().wait(500).retry().open();
    const before = driver.state;
    driver.give({ case: "rejected", value: { generation: 1, nowMs: 1_500, code: CloseCode.REVOKED } });
    driver.give({ case: "transportClosed", value: { generation: 1, nowMs: 1_500, code: 4410 } });
    driver.give({ case: "connectTimedOut", value: { generation: 1, nowMs: 11_000 } });
    expect(driver.state).toBe(before);
    expect(driver.ignored).toBe(true);
  });
});

describe("transitionConnection: connected", () => {
  it("pings and waits 3 s when somebody doubts the connection; any packet meets it [CONN-8] [LIVE-5]", () => {
    const driver = new ConnectionDriver().goOnline().wait(5_000);
    driver.give({ case: "verifyRequested", value: { nowMs: 6_000 } });
    expect(driver.connected.liveness).toMatchObject({ case: "verifying", value: { untilMs: 9_000 } });
    expect(driver.did).toEqual(["sendPing", "startTimer"]);
    driver.give({ case: "packetReceived", value: { generation: 1 } });
    expect(driver.connected.liveness.case).toBe("alive");
    expect(driver.effectsOf("cancelTimer")[0]?.timer).toBe(ConnectionTimer.VERIFY);
  });

  it("does not give a dead connection more time when it is doubted again [LIVE-5]", () => {
    const driver = new ConnectionDriver().goOnline();
    driver.give({ case: "verifyRequested", value: { nowMs: 6_000 } });
    driver.give({ case: "verifyRequested", value: { nowMs: 8_000 } });
    expect(driver.ignored).toBe(true);
    expect(driver.connected.liveness).toMatchObject({ value: { untilMs: 9_000 } });
  });

  it("keeps a connection whose check was met while the timer's event was under way [RUN-4]", () => {
    const driver = new ConnectionDriver().goOnline();
    driver.give({ case: "verifyRequested", value: { nowMs: 6_000 } });
    driver.give({ case: "packetReceived", value: { generation: 1 } });
    const late = { generation: 1, nowMs: 9_000, unitRandom: 0, verifyUntilMs: 9_000 };
    driver.give({ case: "livenessLost", value: late });
    expect(driver.phase).toBe("connected");
    driver.give({ case: "verifyRequested", value: { nowMs: 9_000 } });
    driver.give({ case: "livenessLost", value: late });
    expect(driver.phase).toBe("connected");
  });

  it("keeps the channel when the transport closes or fails [CONN-9]", () => {
    for (const driver of [new ConnectionDriver().goOnline().cut(), new ConnectionDriver().goOnline().fail()]) {
      expect(driver.did).toEqual(["cancelTimer", "detachChannel", "startTimer"]);
    }
  });

  it("retries after a gap, and not after any other violation [CONN-10]", () => {
    const gap = new ConnectionDriver().goOnline().wait(2_000);
    gap.give({
      case: "violated",
      value: { generation: 1, nowMs: 3_000, unitRandom: 0.9, code: CloseCode.PROTOCOL_GAP },
    });
    expect(gap.waitMs).toBe(225);
    expect(gap.effectsOf("closeTransport")[0]?.code).toBe(CloseCode.PROTOCOL_GAP);
    const malformed = new ConnectionDriver().goOnline();
    malformed.give({ case: "violated", value: { generation: 1, nowMs: 1_000, code: CloseCode.PACKET_MALFORMED } });
    expect(malformed.waitMs).toBeUndefined();
    expect(malformed.effectsOf("closeTransport")[0]?.code).toBe(CloseCode.PACKET_MALFORMED);
  });

  it("closes the dead transport when nothing comes for too long [CONN-11] [LIVE-3]", () => {
    const driver = new ConnectionDriver().goOnline().wait(25_000);
    driver.give({ case: "livenessLost", value: { generation: 1, nowMs: 26_000, unitRandom: 0.5 } });
    expect(driver.disconnected.loss).toMatchObject({ reason: ConnectionLossReason.LIVENESS_LOST });
    expect(driver.did).toEqual(["cancelTimer", "detachChannel", "closeTransport", "startTimer"]);
    expect(driver.waitMs).toBe(125);
  });

  it("follows code, verdict and hint of a go_away [CONN-12]", () => {
    const driver = new ConnectionDriver().goOnline().wait(2_000);
    driver.goAway(CloseCode.DAEMON_DRAINING, { hint: { afterMs: 3_000, jitterMs: 1_000 } });
    expect(driver.disconnected).toMatchObject({ verdict: RetryVerdict.BACKOFF, loss: { code: 4107 } });
    expect(driver.waitMs).toBe(3_500);
  });

  it("does not fight for a channel that lives on a newer connection: alone, its calls end [CONN-12] [CLOSE-4]", () => {
    const driver = new ConnectionDriver().goOnline();
    driver.give({ case: "superseded", value: { generation: 1, nowMs: 3_000, message: "newer" } });
    expect(driver.disconnected).toMatchObject({ verdict: RetryVerdict.STOP, loss: { code: CloseCode.SUPERSEDED } });
    expect(driver.waitMs).toBeUndefined();
    expect(driver.effectsOf("loseChannel")[0]?.reason).toBe(ChannelLossReason.CLIENT_STOPPED);
  });

  it("stays as it is when somebody wants a connection [CONN-16]", () => {
    const driver = new ConnectionDriver().goOnline();
    const before = driver.state;
    expect(driver.connect().state).toBe(before);
    expect(driver.ignored).toBe(true);
  });
});

describe("transitionConnection: disconnected", () => {
  it("dials the same path with the next generation when the wait is over [CONN-14]", () => {
    const driver = new ConnectionDriver().connect(Path.RELAY).fail().wait(500).retry();
    expect(driver.connecting).toMatchObject({ generation: 2, path: Path.RELAY, deadlineAtMs: 11_500 });
    expect(driver.did).toEqual(["cancelTimer", "startTimer", "openTransport"]);
  });

  it("dials at once when somebody asks, also after a verdict that stopped it [CONN-14]", () => {
    const waiting = new ConnectionDriver().connect().fail().connect(Path.RELAY);
    expect(waiting.connecting).toMatchObject({ generation: 2, path: Path.RELAY });
    expect(waiting.effectsOf("cancelTimer")[0]?.timer).toBe(ConnectionTimer.RETRY);
    const stopped = new ConnectionDriver().connect().open().reject(CloseCode.UNAUTHENTICATED).connect();
    expect(stopped.connecting.generation).toBe(2);
    expect(stopped.did).toEqual(["startTimer", "openTransport"]);
  });

  it("ignores a wait that is over where it does not wait, or that belongs to another connection [RUN-4]", () => {
    const stopped = new ConnectionDriver().connect().open().reject(CloseCode.HELLO_MALFORMED).retry();
    expect(stopped.phase).toBe("disconnected");
    const again = new ConnectionDriver().connect().fail().connect().fail();
    again.give({ case: "retryDue", value: { generation: 1, nowMs: 2_000 } });
    expect(again.ignored).toBe(true);
  });

  it("becomes a question to the user when no new credential can be had [CONN-14]", () => {
    const driver = new ConnectionDriver().connect().open().reject(CloseCode.CREDENTIAL_EXPIRED);
    driver.give({ case: "credentialRefreshFailed", value: { generation: 1, message: "cancelled" } });
    expect(driver.disconnected).toMatchObject({ verdict: RetryVerdict.ASK_USER, loss: { message: "cancelled" } });
    expect(driver.waitMs).toBeUndefined();
    expect(driver.effectsOf("loseChannel")[0]?.reason).toBe(ChannelLossReason.CLIENT_STOPPED);
  });

  it("ignores a credential that it did not ask for [RUN-4]", () => {
    const driver = new ConnectionDriver().connect().fail();
    driver.give({ case: "credentialRefreshed", value: { generation: 1, nowMs: 1_000 } });
    expect(driver.ignored).toBe(true);
    driver.give({ case: "credentialRefreshFailed", value: { generation: 1, message: "" } });
    expect(driver.ignored).toBe(true);
  });
});

describe("transitionConnection: disposed", () => {
  it.each([
    ["idle", (driver: ConnectionDriver) => driver, ["loseChannel"]],
    ["connecting", (driver: ConnectionDriver) => driver.connect(), ["cancelTimer", "closeTransport", "loseChannel"]],
    [
      "connected",
      (driver: ConnectionDriver) => driver.goOnline(),
      ["cancelTimer", "detachChannel", "closeTransport", "loseChannel"],
    ],
    ["disconnected", (driver: ConnectionDriver) => driver.connect().fail(), ["cancelTimer", "loseChannel"]],
  ])("is reached from %s, and ends the calls [CONN-15] [CALL-17]", (_name, come, did) => {
    const driver = come(new ConnectionDriver()).dispose();
    expect(driver.phase).toBe("disposed");
    expect(driver.did).toEqual(did);
    expect(driver.effectsOf("loseChannel")[0]?.reason).toBe(ChannelLossReason.CLIENT_STOPPED);
  });

  it("keeps the channel where it goes on elsewhere, and says so to the server [CONN-15]", () => {
    const driver = new ConnectionDriver({ redial: false }).goOnline().dispose(CloseCode.CONNECTION_DONE);
    expect(driver.did).toEqual(["cancelTimer", "detachChannel", "closeTransport"]);
    expect(driver.effectsOf("closeTransport")[0]?.code).toBe(CloseCode.CONNECTION_DONE);
  });

  it("says no goodbye on a transport that is not open yet, and ends the channel after one that is [CONN-15]", () => {
    const opening = new ConnectionDriver().connect().dispose();
    expect(opening.effectsOf("closeTransport")[0]?.code).toBe(CloseCode.UNSPECIFIED);
    const greeting = new ConnectionDriver().connect().open().dispose(CloseCode.UNSPECIFIED);
    expect(greeting.effectsOf("closeTransport")[0]?.code).toBe(CloseCode.CHANNEL_DONE);
  });

  it("is never left [INV-5] [CONN-15] [CONN-16]", () => {
    const driver = new ConnectionDriver().goOnline().dispose();
    const before = driver.state;
    expect(driver.connect().welcome().cut().retry().dispose().state).toBe(before);
  });
});
