import { describe, expect, it } from "vitest";
import { CloseCode } from "../../../gen/moorline/session/v1/close_code_pb.ts";
import { Path } from "../../../gen/moorline/session/v1/packet_pb.ts";
import { HostErrorReason, SetAsideReason } from "../../../gen/moorline/state/v1/reason_pb.ts";
import { A, B, facts, HostDriver, R } from "./host-driver.ts";

const EXPIRED = { code: CloseCode.CREDENTIAL_EXPIRED };
const MINUTE_MS = 60_000;

/** Online over `a`, with `b` beside it. */
function online(...candidates: (typeof A)[]): HostDriver {
  const [first = A] = candidates;
  const driver = new HostDriver().start(...(candidates.length === 0 ? [A, B] : candidates));
  return driver
    .wait(40)
    .connected(first.candidateId)
    .wait(2 * MINUTE_MS);
}

describe("transitionHost: selecting", () => {
  it("greets with the first candidate, probes with the next after 250 ms, with relays from 300 ms on [HOST-5]", () => {
    const driver = new HostDriver().start(A, R, B);
    expect(driver.did).toEqual(["openClient 1 a", "startTimer"]);
    expect(driver.stages).toEqual({ a: "greeting", b: "waiting", r: "waiting" });
    expect((driver.timers.get("raceDue") ?? 0) - driver.nowMs).toBe(250);
    driver.due("raceDue");
    expect(driver.did).toEqual(["cancelTimer", "openProbe 2 b", "startTimer"]);
    expect(driver.stages).toEqual({ a: "greeting", b: "probing", r: "waiting" });
    expect((driver.timers.get("raceDue") ?? 0) - 1_000).toBe(500);
    const relays = new HostDriver().start(A, R);
    expect((relays.timers.get("raceDue") ?? 0) - relays.nowMs).toBe(300);
  });

  it("promotes the probe that answers first, and closes every other before [HOST-6]", () => {
    const driver = new HostDriver().start(A, B).due("raceDue").answered("b");
    expect(driver.phase).toBe("connecting_active");
    expect(driver.did).toEqual(["closeConnection 1", "promoteProbe 2"]);
    expect(driver.connected("b").phase).toBe("online");
    expect(driver.online).toMatchObject({ generation: 1, candidateId: "b", connection: 2 });
  });

  it("ignores an answer of a connection that it does not hold any more [INV-8, RUN-4]", () => {
    const driver = new HostDriver().start(A, B).due("raceDue").answered("b");
    const { state } = driver;
    const loss = { connection: 1, nowMs: 2_000, unitRandom: 0, wasHealthy: false };
    expect(driver.give({ case: "clientLost", value: loss }).ignored).toBe(true);
    expect(driver.give({ case: "clientConnected", value: { connection: 1, nowMs: 2_000 } }).ignored).toBe(true);
    const answer = { connection: 2, nowMs: 2_000, roundTripMs: 1, isActiveDoubted: false };
    expect(driver.give({ case: "probeAnswered", value: answer }).ignored).toBe(true);
    expect(driver.give({ case: "raceDue", value: { dueAtMs: 1_250, nowMs: 2_000 } }).ignored).toBe(true);
    expect(driver.state).toBe(state);
  });

  it("goes on with those that were held where the winner fails, one after the other [HOST-6]", () => {
    const driver = new HostDriver().start(A, B, R).due("raceDue").answered("b").lost("b");
    expect(driver.phase).toBe("selecting");
    expect(driver.stages).toEqual({ a: "greeting", b: "beaten", r: "waiting" });
    expect(driver.memory.candidates.find(({ candidateId }) => candidateId === "b")?.failures).toBe(1);
  });

  it("gives a barred candidate 2 s more than the others before it starts [PATH-5]", () => {
    const driver = online()
      .lost("a", { code: CloseCode.REVOKED, wasHealthy: true })
      .say("retryRequested")
      .connected("a");
    driver.wait(10_000).lost("a", { wasHealthy: true }).due("retryDue");
    expect(driver.stages).toEqual({ b: "greeting", a: "waiting" });
    expect((driver.timers.get("raceDue") ?? 0) - driver.nowMs).toBe(2_250);
  });

  it("waits as long as the daemon asks, else by backoff that grows with each race [HOST-8, RETRY-2]", () => {
    const driver = new HostDriver()
      .start(A)
      .lost("a", { code: CloseCode.DAEMON_BUSY, hint: { afterMs: 7_000, jitterMs: 0 } });
    expect(driver.phase).toBe("error");
    expect(driver.retryAtMs).toBe(driver.nowMs + 7_000);
    const waits = [1, 2, 3, 4, 5, 6, 7, 8].map(() => {
      driver.due("retryDue").lost("a");
      return (driver.retryAtMs ?? 0) - driver.nowMs;
    });
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000, 15_000]);
  });

  it("is in error without a retry where all refuse, and says what the first one said [HOST-9]", () => {
    const driver = new HostDriver().start(A, B).due("raceDue");
    driver.probeFailed("b", CloseCode.PERMISSION_DENIED).lost("a", { code: CloseCode.UNAUTHENTICATED });
    expect(driver.did).toEqual(["closeConnection 1", "forgetCredential", "loseChannel"]);
    expect(driver.state.state.value).toMatchObject({
      reason: HostErrorReason.ALL_REFUSED,
      candidateId: "a",
      loss: { code: CloseCode.UNAUTHENTICATED },
    });
    expect(driver.retryAtMs).toBeUndefined();
    expect(driver.say("woke").ignored && driver.say("wentOnline").ignored).toBe(true);
  });

  it("asks for a credential once, closes everything meanwhile, and gives up after two that did not help [RETRY-5]", () => {
    const driver = new HostDriver().start(A, B).due("raceDue").lost("a", EXPIRED);
    expect(driver.did).toEqual(["closeConnection 1", "closeConnection 2", "refreshCredential"]);
    driver.refreshed().lost("a", EXPIRED).refreshed().lost("a", EXPIRED);
    expect(driver.stages).toEqual({ a: "beaten", b: "greeting" });
    expect(driver.lost("b", EXPIRED).phase).toBe("error");
    expect(driver.say("retryRequested").lost("a", EXPIRED).request).toBeGreaterThan(0);
  });

  it("races at once where the user asks while a credential is waited for, which may never come [HOST-10, RETRY-5]", () => {
    const first = new HostDriver().start(A).lost("a", EXPIRED);
    const late = first.request;
    expect(first.say("retryRequested").stages).toEqual({ a: "greeting" });
    expect(first.refreshed(late).ignored).toBe(true);
    const later = online().activeLost(EXPIRED);
    expect([later.phase, later.request > 0]).toEqual(["interrupted", true]);
    expect(later.say("retryRequested").stages).toEqual({ a: "waiting", b: "greeting" });
    expect(later.phase).toBe("interrupted");
  });
});

describe("transitionHost: online", () => {
  it("keeps at most 32 round trips of each candidate [INV-14]", () => {
    const driver = online();
    for (let i = 0; i < 80; i += 1)
      driver
        .due("probeDue")
        .measured(40 + (i % 10))
        .answered("b", 40);
    expect(driver.memory.candidates.map(({ samples }) => samples.length)).toEqual([32, 32]);
    expect(driver.memory.candidates[0]?.samples.at(-1)?.roundTripMs).toBe(49);
  });

  it("bars what it leaves for 1, 2, 4 … 60 min, and forgives what has served 10 min [PATH-5]", () => {
    const driver = online();
    const barOf = (id: string): number => {
      const record = driver.memory.candidates.find(({ candidateId }) => candidateId === id);
      return ((record?.barredUntilMs ?? 0) - driver.nowMs) / MINUTE_MS;
    };
    const bars = [];
    for (let i = 0; i < 8; i += 1) {
      driver.prefer("b").connected("b");
      bars.push(barOf("a"));
      driver.prefer("a").connected("a");
    }
    expect(bars).toEqual([1, 2, 4, 8, 16, 32, 60, 60]);
    driver
      .wait(10 * MINUTE_MS)
      .prefer("b")
      .connected("b");
    expect(barOf("a")).toBe(1);
  });

  it("opens the next before it closes the present one, and only when the next is connected [HOST-4, INV-9]", () => {
    const driver = online().prefer("b");
    expect(driver.did.filter((did) => did.includes("Connection"))).toEqual([]);
    expect(driver.did).toContain("openClient 2 b");
    driver.lost("a", { code: CloseCode.SUPERSEDED, wasHealthy: true });
    expect(driver.did).toEqual(["closeConnection 1"]);
    expect(driver.phase).toBe("online");
    expect(driver.online.switch?.present.case).toBe("superseded");
    expect(driver.connected("b").online).toMatchObject({ generation: 2, candidateId: "b", connection: 2 });
  });

  it("begins no second switch, and measures nothing, while one is under way [HOST-4]", () => {
    const driver = online(A, B, R).prefer("b");
    expect(driver.timers.get("probeDue")).toBeUndefined();
    driver.doubt();
    expect(driver.did).toEqual([]);
    driver.prefer("r");
    expect(driver.did).toEqual(["closeConnection 2", "openClient 3 r"]);
    driver.lost("a", { code: CloseCode.SUPERSEDED }).prefer("b");
    expect(driver.online.switch?.candidateId).toBe("r");
  });

  it("goes on with the switch where the present connection is lost otherwise [HOST-4]", () => {
    const driver = online().prefer("b").lost("a", { wasHealthy: true });
    expect(driver.phase).toBe("interrupted");
    expect(driver.stages).toEqual({ b: "greeting", a: "waiting" });
    expect(driver.did).toEqual(["closeConnection 1", "startTimer", "startTimer"]);
  });

  it("never switches to a loopback-worthy path: the active one is on this machine [PATH-6]", () => {
    const driver = online(facts("here", Path.DIRECT, true), B);
    expect(driver.timers.get("probeDue")).toBeUndefined();
    expect(driver.prefer("b").online.switch?.candidateId).toBe("b");
  });

  it("says nothing is wrong with a candidate whose probe the server did not take, and waits longer [PROBE-9, PATH-8]", () => {
    const driver = online().due("probeDue").probeFailed("b", CloseCode.OVERLOADED);
    expect(driver.memory.candidates[1]).toMatchObject({ failures: 0 });
    expect(driver.memory.candidates[1]?.probeAtMs).toBe(driver.nowMs + 30_000);
    driver.wait(30_000).due("probeDue").probeFailed("b", CloseCode.WRONG_SERVER);
    expect(driver.memory.candidates[1]?.setAside?.reason).toBe(SetAsideReason.WRONG_SERVER);
    expect(driver.phase).toBe("online");
  });

  it("tries again what was refused when the user retries, also while another is online or at it [HOST-9]", () => {
    const refused = online().due("probeDue").probeFailed("b", CloseCode.UNAUTHENTICATED);
    expect(refused.memory.candidates[1]?.setAside?.reason).toBe(SetAsideReason.REFUSED);
    expect(refused.say("retryRequested").memory.candidates[1]?.setAside).toBeUndefined();
    expect([refused.ignored, refused.phase]).toEqual([false, "online"]);
    expect(refused.due("probeDue").did).toContain("openProbe 3 b");

    const racing = new HostDriver().start(A, B).due("raceDue").probeFailed("b", CloseCode.UNAUTHENTICATED);
    const { state } = racing;
    expect(racing.say("retryRequested").memory.candidates[1]?.setAside).toBeUndefined();
    expect([racing.stages, racing.did]).toEqual([{ a: "greeting", b: "beaten" }, []]);
    expect(racing.state).not.toBe(state);
    expect(racing.say("retryRequested").ignored).toBe(true);
  });

  it("counts a connection that was lost at once as a failure, and resets the count for one that lived [HOST-8, RETRY-1]", () => {
    const driver = new HostDriver().start(A);
    for (let failures = 1; failures < 4; failures += 1) {
      driver.connected("a").lost("a");
      expect(driver.memory.retry?.failures).toBe(failures);
      driver.due("retryDue");
    }
    driver.connected("a").wait(2_000).lost("a", { wasHealthy: true });
    expect(driver.memory.retry?.failures).toBe(0);
  });
});

describe("transitionHost: interrupted", () => {
  it("waits at least by the first backoff where it was superseded, and refuses nobody [HOST-14]", () => {
    const driver = online(A).lost("a", { code: CloseCode.SUPERSEDED, wasHealthy: true });
    expect(driver.phase).toBe("interrupted");
    expect((driver.retryAtMs ?? 0) - driver.nowMs).toBe(500);
    expect(driver.memory.candidates[0]?.setAside).toBeUndefined();
  });

  it("lasts 1.5 s, whatever is tried meanwhile [HOST-10]", () => {
    const driver = online(A).lost("a", { wasHealthy: true });
    const untilMs = driver.nowMs + 1_500;
    driver.due("retryDue").lost("a").due("retryDue").lost("a");
    expect(driver.timers.get("interruptionTimedOut")).toBe(untilMs);
    expect(driver.give({ case: "interruptionTimedOut", value: { dueAtMs: untilMs - 1 } }).ignored).toBe(true);
    expect(driver.due("interruptionTimedOut").phase).toBe("degraded");
  });
});

describe("transitionHost: stopped", () => {
  it("closes everything for good and forgets it [HOST-11]", () => {
    const driver = online().due("probeDue").prefer("b").stop();
    expect(driver.did).toEqual(["closeConnection 1 for good", "closeConnection 3 for good", "loseChannel"]);
    expect(driver.stop().ignored).toBe(true);
  });
});
