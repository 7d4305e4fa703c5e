import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ConnectionTimer } from "../../../gen/moorline/machine/v1/connection_pb.ts";
import { RetryVerdict } from "../../../gen/moorline/schema/v1/options_pb.ts";
import { CloseCode } from "../../../gen/moorline/session/v1/close_code_pb.ts";
import { ChannelLossReason } from "../../../gen/moorline/session/v1/error_pb.ts";
import { ConnectionDriver } from "./connection-driver.ts";

const unit = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

/** Waits until the machine dials again. */
function comeBack(driver: ConnectionDriver): ConnectionDriver {
  return driver.wait(driver.waitMs ?? 0).retry();
}

describe("transitionConnection: backoff", () => {
  it("doubles the bound of the wait with every failure in a row, up to 30 s [RETRY-2]", () => {
    const driver = new ConnectionDriver().connect();
    const waits: number[] = [];
    for (let i = 0; i < 8; i += 1) {
      waits.push(driver.fail(0.999_999).waitMs ?? -1);
      comeBack(driver);
    }
    expect(waits.map(Math.round)).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
  });

  it("has full jitter: any wait from 0 to the bound [RETRY-2]", () => {
    fc.assert(
      fc.property(unit, fc.integer({ min: 1, max: 9 }), (unitRandom, failures) => {
        const driver = new ConnectionDriver().connect();
        for (let i = 1; i < failures; i += 1) comeBack(driver.fail());
        const bound = Math.min(30_000, 500 * 2 ** failures);
        expect(driver.fail(unitRandom).waitMs).toBeCloseTo(unitRandom * bound, 3);
      }),
    );
  });

  it("counts no failure for a connection that lived 1 s, or carried a frame [RETRY-1]", () => {
    const cut = { unitRandom: 0.8 };
    expect(new ConnectionDriver().goOnline().wait(1_000).cut(cut).waitMs).toBe(200);
    expect(new ConnectionDriver().goOnline().cut({ ...cut, carriedFrames: true }).waitMs).toBe(200);
    expect(new ConnectionDriver().goOnline().wait(999).cut(cut).waitMs).toBe(800);
  });

  it("forgets failures only when a connection has lived or carried, not when it is welcomed [RETRY-1]", () => {
    const driver = comeBack(comeBack(new ConnectionDriver().connect().fail()).fail()).open().welcome();
    expect(driver.connected.retry?.failures).toBe(2);
    expect(driver.wait(1_000).cut().disconnected.retry?.failures).toBe(0);
  });

  it("waits after NOW as after BACKOFF, so that no reason makes a loop without a pause [RETRY-2]", () => {
    const gap = { code: CloseCode.PROTOCOL_GAP, unitRandom: 0.8 };
    expect(new ConnectionDriver().goOnline().wait(1_000).cut(gap).waitMs).toBe(200);
    expect(new ConnectionDriver().goOnline().cut(gap).waitMs).toBe(800);
  });
});

describe("transitionConnection: budget", () => {
  it("dials 20 times, then once every 3 s, however short the waits are [RETRY-3] [INV-14]", () => {
    const driver = new ConnectionDriver().connect();
    for (let i = 0; i < 19; i += 1) comeBack(driver.fail(0));
    expect(driver.nowMs).toBe(1_000);
    for (let i = 1; i <= 5; i += 1) {
      comeBack(driver.fail(0));
      expect(driver.nowMs).toBe(1_000 + i * 3_000);
    }
  });

  it("bounds the dials of a server that hints not to wait, and closes every connection [RETRY-3]", () => {
    const driver = new ConnectionDriver().goOnline();
    for (let i = 0; i < 30; i += 1) {
      driver.goAway(CloseCode.RELAY_DRAINING, { carriedFrames: true, hint: { afterMs: 0, jitterMs: 0 } });
      comeBack(driver).open().welcome();
    }
    expect(driver.nowMs).toBe(1_000 + 11 * 3_000);
  });

  it("never keeps a person waiting who asks for a connection [CONN-14]", () => {
    const driver = new ConnectionDriver().connect();
    for (let i = 0; i < 30; i += 1) driver.fail(0).connect();
    expect(driver.phase).toBe("connecting");
    expect(driver.nowMs).toBe(1_000);
    expect(driver.fail(0).waitMs).toBe(3_000);
  });
});

describe("transitionConnection: hints", () => {
  it("takes the hint of the Welcome for the first try, then backoff [RETRY-4]", () => {
    const driver = new ConnectionDriver().goOnline({ afterMs: 2_000, jitterMs: 1_000 }).wait(5_000);
    expect(driver.cut({ unitRandom: 0.5 }).waitMs).toBe(2_500);
    expect(comeBack(driver).fail(0.5).waitMs).toBe(500);
  });

  it("prefers the hint of the go_away to that of the Welcome [RETRY-4]", () => {
    const driver = new ConnectionDriver().goOnline({ afterMs: 2_000, jitterMs: 0 }).wait(5_000);
    driver.goAway(CloseCode.CHANNEL_LOST, { hint: { afterMs: 70, jitterMs: 0 } });
    expect(driver.waitMs).toBe(70);
  });

  it("goes by backoff where the hinted try itself was a failure [RETRY-4]", () => {
    const driver = new ConnectionDriver().goOnline({ afterMs: 0, jitterMs: 0 });
    expect(driver.cut({ unitRandom: 0.5 }).waitMs).toBe(500);
  });

  it("waits as long as a rejection says; a time of 0 says nothing [RETRY-4]", () => {
    expect(new ConnectionDriver().connect().open().reject(CloseCode.RATE_LIMITED, 60_000).waitMs).toBe(60_000);
    expect(new ConnectionDriver().connect().open().reject(CloseCode.RATE_LIMITED, 0).waitMs).toBe(500);
  });
});

describe("transitionConnection: verdicts", () => {
  const { NOW, BACKOFF, REFRESH_CREDENTIAL, NEW_CHANNEL, STOP, ASK_USER } = RetryVerdict;
  const codes = Object.entries(CloseCode).filter(([name]) => name !== "UNSPECIFIED");

  it.each(codes)("has the verdict of its range for %s [CLOSE-1] [CONN-13]", (_name, code) => {
    const verdict = [NOW, BACKOFF, REFRESH_CREDENTIAL, NEW_CHANNEL, STOP, ASK_USER][Math.floor(code / 100) - 40];
    const driver = new ConnectionDriver().goOnline().wait(2_000).goAway(code);
    expect(driver.disconnected.verdict).toBe(verdict);
    expect(driver.waitMs !== undefined).toBe(verdict === NOW || verdict === BACKOFF || verdict === NEW_CHANNEL);
    expect(driver.did.includes("refreshCredential")).toBe(verdict === REFRESH_CREDENTIAL);
  });

  it.each([
    [4_050, NOW],
    [4_199, BACKOFF],
    [4_250, REFRESH_CREDENTIAL],
    [4_301, NEW_CHANNEL],
    [4_499, STOP],
    [4_599, ASK_USER],
    [0, BACKOFF],
    [1_000, BACKOFF],
    [1_006, BACKOFF],
    [4_600, BACKOFF],
  ])("understands the unknown code %i by its range [CLOSE-1] [VER-2]", (code, verdict) => {
    const driver = new ConnectionDriver()
      .goOnline()
      .wait(2_000)
      .cut({ code: code as CloseCode });
    expect(driver.disconnected.verdict).toBe(verdict);
    expect(driver.disconnected.loss?.code).toBe(code);
  });

  it.each([
    ["CHANNEL_LOST", ChannelLossReason.CHANNEL_UNKNOWN],
    ["CHANNEL_DONE", ChannelLossReason.CHANNEL_DONE],
    ["SESSION_ENDED", ChannelLossReason.SESSION_ENDED],
    ["REVOKED", ChannelLossReason.CLIENT_STOPPED],
    ["PROTOCOL_VIOLATION", ChannelLossReason.CLIENT_STOPPED],
    ["DROPPED", undefined],
    ["CREDENTIAL_EXPIRED", undefined],
  ] as const)("ends the calls after %s where nothing brings the channel back [CALL-17]", (name, reason) => {
    const driver = new ConnectionDriver().goOnline().goAway(CloseCode[name]);
    expect(driver.effectsOf("loseChannel")[0]?.reason).toBe(reason);
  });
});

describe("transitionConnection: credentials", () => {
  function refreshed(driver: ConnectionDriver): ConnectionDriver {
    const { generation, nowMs } = driver;
    return driver.give({ case: "credentialRefreshed", value: { generation, nowMs } });
  }

  it("asks for a new credential before it dials, and keeps the channel [RETRY-5]", () => {
    const driver = new ConnectionDriver().connect().open().reject(CloseCode.CREDENTIAL_EXPIRED);
    expect(driver.did).toEqual(["cancelTimer", "closeTransport", "refreshCredential"]);
    expect(driver.waitMs).toBeUndefined();
    expect(refreshed(driver).connecting.generation).toBe(2);
  });

  it("asks the user after two refreshes in a row that did not help [RETRY-5]", () => {
    const driver = new ConnectionDriver().connect();
    for (let i = 0; i < 2; i += 1) refreshed(driver.open().reject(CloseCode.CREDENTIAL_EXPIRED));
    driver.open().reject(CloseCode.CREDENTIAL_EXPIRED);
    expect(driver.disconnected.verdict).toBe(RetryVerdict.ASK_USER);
    expect(driver.did).toEqual(["cancelTimer", "closeTransport", "loseChannel"]);
    expect(refreshed(driver).phase).toBe("disconnected");
  });

  it("does not count a welcome that is taken back at once as help, but a connection that lived [RETRY-5]", () => {
    const driver = new ConnectionDriver().goOnline();
    for (let i = 0; i < 2; i += 1) refreshed(driver.goAway(CloseCode.CREDENTIAL_EXPIRED)).open().welcome();
    expect(driver.goAway(CloseCode.CREDENTIAL_EXPIRED).disconnected.verdict).toBe(RetryVerdict.ASK_USER);
    driver.goOnline().wait(1_000).goAway(CloseCode.CREDENTIAL_EXPIRED);
    expect(driver.disconnected).toMatchObject({ verdict: RetryVerdict.REFRESH_CREDENTIAL, retry: { refreshes: 1 } });
  });
});

describe("transitionConnection: inside a runtime", () => {
  it("never dials or asks for a credential by itself, whatever the verdict [CONN-13]", () => {
    for (const code of [...Object.values(CloseCode), 1_006 as CloseCode]) {
      const driver = new ConnectionDriver({ redial: false }).goOnline().wait(2_000).goAway(code);
      expect(driver.waitMs).toBeUndefined();
      expect(driver.effectsOf("startTimer").filter(({ timer }) => timer === ConnectionTimer.RETRY)).toEqual([]);
      expect(driver.did).not.toContain("refreshCredential");
      expect(driver.retry().phase).toBe("disconnected");
    }
  });

  it("keeps its channel through every verdict but those that say that it is gone", () => {
    const lost = Object.values(CloseCode).filter((code) =>
      new ConnectionDriver({ redial: false }).goOnline().goAway(code).did.includes("loseChannel"),
    );
    expect(lost).toEqual([CloseCode.CHANNEL_LOST, CloseCode.CHANNEL_DONE, CloseCode.SESSION_ENDED]);
  });
});
