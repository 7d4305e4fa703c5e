import { describe, expect, it } from "vitest";
import type { SessionEffect, SessionEvent, SessionState } from "../../../gen/moorline/machine/v1/session_pb.ts";
import { defaultSessionConfig, sessionEvent, startSession, transitionSession } from "../../../src/machine/session.ts";
import { ServerDriver } from "./server-driver.ts";

const SESSION_MS = 604_800_000;

function newSession(): ServerDriver<SessionState, SessionEvent, SessionEffect> {
  return new ServerDriver(startSession(7_000), (state, event) => transitionSession(state, event, defaultSessionConfig));
}

const attached = sessionEvent({ case: "attached", value: {} });
const ended = sessionEvent({ case: "ended", value: {} });
const lastLost = (nowMs: number): SessionEvent => sessionEvent({ case: "lastChannelLost", value: { nowMs } });
const served = (nowMs: number): SessionEvent => sessionEvent({ case: "callServed", value: { nowMs } });
const expired = (deadlineAtMs: number): SessionEvent =>
  sessionEvent({ case: "sessionExpired", value: { deadlineAtMs } });

describe("transitionSession: idle", () => {
  it("starts with what is left of its lifetime", () => {
    expect(newSession().data).toMatchObject({ deadlineAtMs: 7_000 });
    expect(newSession().did).toEqual(["startTimer atMs=7000"]);
  });

  it("becomes active with a channel, and has no deadline then [SESM-2] [RUN-3]", () => {
    const driver = newSession().give(attached);
    expect(driver.phase).toBe("active");
    expect(driver.did).toEqual(["cancelTimer"]);
  });

  it("gets a new deadline with every plain RPC, and the old one means nothing any more [SESM-2]", () => {
    const driver = newSession().give(served(1_000));
    expect(driver.did).toEqual(["cancelTimer", `startTimer atMs=${1_000 + SESSION_MS}`]);
    expect(driver.give(expired(7_000)).ignored).toBe(true);
    expect(driver.give(expired(1_000 + SESSION_MS)).phase).toBe("expired");
  });

  it.each([
    ["session_expired", expired(7_000)],
    ["ended", ended],
  ])("leaves registry and store by %s [SESM-2] [SESM-3]", (_name, event) => {
    const driver = newSession().give(event);
    expect(driver.phase).toBe("expired");
    expect(driver.did).toEqual(["cancelTimer", "forgetSession"]);
  });
});

describe("transitionSession: active", () => {
  it("takes further channels, without any change [SESM-1]", () => {
    const driver = newSession().give(attached);
    const before = driver.state;
    expect(driver.give(attached).state).toBe(before);
    expect(driver.ignored).toBe(false);
  });

  it("does not expire, and renews nothing for a plain RPC", () => {
    const driver = newSession().give(attached);
    expect(driver.give(expired(7_000)).ignored).toBe(true);
    expect(driver.give(served(1_000)).ignored).toBe(true);
  });

  it("has its whole lifetime again from the loss of its last channel [SESM-1]", () => {
    const driver = newSession().give(attached, lastLost(3_000));
    expect(driver.data).toMatchObject({ deadlineAtMs: 3_000 + SESSION_MS });
    expect(driver.did).toEqual([`startTimer atMs=${3_000 + SESSION_MS}`]);
  });

  it("takes its channels with it when it is ended [SESM-1]", () => {
    const driver = newSession().give(attached, ended);
    expect(driver.phase).toBe("expired");
    expect(driver.did).toEqual(["endChannels", "forgetSession"]);
  });
});

describe("transitionSession: expired", () => {
  it("is terminal [SESM-3]", () => {
    const driver = newSession().give(ended);
    const before = driver.state;
    expect(driver.give(attached, served(1), lastLost(1), expired(7_000), ended).state).toBe(before);
  });
});
