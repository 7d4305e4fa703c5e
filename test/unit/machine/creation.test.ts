import { describe, expect, it } from "vitest";
import type {
  CreationEffect,
  CreationEvent,
  CreationState,
} from "../../../gen/moorline/machine/v1/creation_moorline.ts";
import { CreationFailureReason } from "../../../gen/moorline/state/v1/creation_pb.ts";
import {
  creationMachine,
  defaultCreationConfig,
  startCreation,
  transitionCreation,
} from "../../../src/machine/creation.ts";
import { creationEvent } from "./machine-data.ts";
import { ServerDriver } from "./server-driver.ts";

const newCreation = (): ServerDriver<CreationState, CreationEvent, CreationEffect> =>
  new ServerDriver(startCreation(), (state, event) => transitionCreation(state, event, defaultCreationConfig));

const answered = (isAwaited = true): CreationEvent =>
  creationEvent({ case: "answered", value: { agentId: "a", isAwaited, nowMs: 1_000 } });
const appeared = creationEvent({ case: "appeared", value: { agentId: "a" } });
const abandoned = creationEvent({ case: "abandoned", value: {} });
const dismissed = creationEvent({ case: "dismissed", value: {} });
const bridgeDue = (bridgeAtMs: number, isFollowing = true): CreationEvent =>
  creationEvent({ case: "bridgeDue", value: { bridgeAtMs, isFollowing, nowMs: bridgeAtMs } });
const refused = (reason: CreationFailureReason = CreationFailureReason.REFUSED): CreationEvent =>
  creationEvent({ case: "refused", value: { reason, code: 3, message: "no" } });
const lost = refused(CreationFailureReason.OUTCOME_UNKNOWN);

describe("transitionCreation: pending", () => {
  it("sends the request first [CREATE-1]", () => {
    expect(newCreation().did).toEqual(["sendRequest"]);
  });

  it("becomes confirmed by the answer where the directory is still to show the agent [CREATE-3]", () => {
    const driver = newCreation().give(answered());
    expect([driver.phase, driver.data]).toEqual(["confirmed", expect.objectContaining({ bridgeAtMs: 11_000 })]);
    expect(driver.did).toEqual(["startTimer atMs=11000"]);
  });

  it("is reconciled by the answer where nothing is to come [CREATE-3]", () => {
    const driver = newCreation().give(answered(false));
    expect([driver.phase, driver.did]).toEqual(["reconciled", ["dropCreation"]]);
  });

  it("becomes appeared where the directory is first [CREATE-3]", () => {
    expect(newCreation().give(appeared)).toMatchObject({ phase: "appeared", did: [] });
  });

  it("fails with the reason of the daemon, and logs it [CREATE-4]", () => {
    const driver = newCreation().give(refused());
    expect([driver.phase, driver.data]).toEqual(["failed", expect.objectContaining({ code: 3, message: "no" })]);
    expect(creationMachine.describe(driver.state, refused())).toEqual({
      reason: { case: "creationFailure", value: CreationFailureReason.REFUSED },
      message: "no",
    });
  });

  it("ends its call when the host is stopped [CREATE-8]", () => {
    expect(newCreation().give(abandoned).did).toEqual(["cancelRequest", "dropCreation"]);
  });
});

describe("transitionCreation: appeared", () => {
  it("is reconciled by the answer [CREATE-3]", () => {
    expect(newCreation().give(appeared, answered()).phase).toBe("reconciled");
  });

  it("is reconciled where the answer is lost, for the agent is there [CREATE-5]", () => {
    expect(newCreation().give(appeared, lost).phase).toBe("reconciled");
  });

  it("fails where the daemon has taken the agent back [CREATE-5]", () => {
    expect(newCreation().give(appeared, refused()).phase).toBe("failed");
  });
});

describe("transitionCreation: confirmed", () => {
  it("is reconciled when the directory shows the agent [CREATE-3]", () => {
    expect(newCreation().give(answered(), appeared).did).toEqual(["cancelTimer", "dropCreation"]);
  });

  it("is reconciled when a directory that follows the daemon had time enough [CREATE-6]", () => {
    expect(newCreation().give(answered(), bridgeDue(11_000)).phase).toBe("reconciled");
  });

  it("gives a directory that does not follow the daemon more time, and heeds no older timer [CREATE-6]", () => {
    const driver = newCreation().give(answered(), bridgeDue(11_000, false));
    expect([driver.phase, driver.did]).toEqual(["confirmed", ["cancelTimer", "startTimer atMs=21000"]]);
    expect(driver.give(bridgeDue(11_000)).ignored).toBe(true);
  });
});

describe("transitionCreation: failed", () => {
  it("stays until it is dismissed, also where the agent appears late that was refused [CREATE-4]", () => {
    expect(newCreation().give(refused(), appeared)).toMatchObject({ phase: "failed", ignored: true });
    expect(newCreation().give(refused(), dismissed).did).toEqual(["dropCreation"]);
  });

  it("is reconciled by the agent where nobody knew whether there was one [CREATE-5]", () => {
    expect(newCreation().give(lost, appeared).phase).toBe("reconciled");
  });
});

describe("transitionCreation: over", () => {
  it.each([
    ["reconciled", answered(false)],
    ["dismissed", abandoned],
  ])("is terminal: %s", (_name, event) => {
    const driver = newCreation().give(event);
    const before = driver.state;
    expect(driver.give(answered(), appeared, refused(), bridgeDue(1), dismissed, abandoned).state).toBe(before);
  });
});
