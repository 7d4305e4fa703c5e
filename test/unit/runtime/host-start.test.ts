import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { HostProfileSchema } from "../../../gen/moorline/state/v1/host_profile_pb.ts";
import { HostErrorReason, HostFailureReason, SetAsideReason } from "../../../gen/moorline/state/v1/reason_pb.ts";
import { resolveHostOptions } from "../../../src/runtime/host/host-settings.ts";
import { candidatesOf, hostFailureOf, isOnItsWay, isOnline } from "../../../src/runtime/selectors.ts";
import { MoorlineError } from "../../../src/wire/moorline-error.ts";
import { rejectionOf, SESSION_KEY } from "../client/support/stage.ts";
import { SERVER_ID } from "../server/support/daemon.ts";
import { Echo, goOnline, HERE, linesOf, NEAR, pass, phaseNameOf, profileOf, stageHost } from "./support/host-stage.ts";

const KEY_ERROR = new MoorlineError("STORAGE_FAILED", "The storage cannot be read.");

describe("HostRuntime: booting", () => {
  it("does nothing before it is started, and dials the first candidate then [HOST-1, HOST-5]", async () => {
    const stage = stageHost();
    await pass(stage, 60_000);
    expect(linesOf(stage)).toEqual([]);
    await goOnline(stage);
    expect(linesOf(stage).slice(0, 3)).toEqual([
      "booting start_requested booting",
      "booting started selecting",
      "selecting client_connected online",
    ]);
    expect(stage.errors).toEqual([]);
  });

  it("fails with a typed reason where there is no session key, and tries again when it is started again [HOST-1]", async () => {
    let answer: () => Promise<typeof SESSION_KEY> = () => Promise.reject(KEY_ERROR);
    const stage = stageHost({ runtime: { sessionKey: () => answer() } });
    const waiting = stage.host.service(Echo).say({ text: "?" });
    waiting.catch(() => {});
    stage.host.start();
    await pass(stage, 0);
    expect(phaseNameOf(stage.host)).toBe("failed");
    expect(hostFailureOf(stage.host.getSnapshot())).toMatchObject({
      kind: "failed",
      failure: {
        reason: HostFailureReason.STORAGE_FAILED,
        message: KEY_ERROR.text,
        action: KEY_ERROR.action,
      },
    });
    await expect(waiting).rejects.toMatchObject({ code: 14 });
    await expect(stage.host.service(Echo).say({ text: "?" })).rejects.toMatchObject({ code: 14 });
    expect(stage.host.getSnapshot().sessionRef).toBe("");
    answer = () => Promise.resolve(SESSION_KEY);
    await goOnline(stage);
    expect(stage.host.getSnapshot().sessionRef).not.toBe("");
  });

  it.each([
    ["what is no key", () => "short" as never, HostFailureReason.SESSION_KEY_MALFORMED],
    ["nothing", () => undefined as never, HostFailureReason.SESSION_KEY_MALFORMED],
    ["another error", () => Promise.reject(new Error("SECRET")), HostFailureReason.SESSION_KEY_UNAVAILABLE],
  ])("fails where the function gives %s, and shows no secret [HOST-1]", async (_, sessionKey, reason) => {
    const stage = stageHost({ runtime: { sessionKey } });
    stage.host.start();
    await pass(stage, 0);
    expect(hostFailureOf(stage.host.getSnapshot())).toMatchObject({ kind: "failed", failure: { reason } });
    expect(stage.states.join()).not.toContain("SECRET");
    expect(stage.errors).toHaveLength(1);
  });

  it("takes the profile and the wish that were given while the key was loaded [HOST-2, PATH-7]", async () => {
    let give: (key: typeof SESSION_KEY) => void = () => {};
    const key = new Promise<typeof SESSION_KEY>((resolve) => {
      give = resolve;
    });
    const stage = stageHost({ runtime: { sessionKey: () => key, profile: profileOf([]) } });
    stage.host.start();
    stage.host.setProfile(profileOf([NEAR]));
    await pass(stage, 100);
    give(SESSION_KEY);
    await goOnline(stage);
  });

  it("refuses bad options at once [HOST-1]", () => {
    const options = { profile: profileOf([NEAR]), sessionKey: SESSION_KEY, client: { name: "test", version: "1" } };
    expect(() => resolveHostOptions({ ...options, sessionKey: "short" as never })).toThrow("SESSION_KEY_MALFORMED");
    expect(() => resolveHostOptions({ ...options, sessionKey: undefined as never })).toThrow("SESSION_KEY_MISSING");
    const profile = create(HostProfileSchema, { serverId: "x" });
    expect(() => resolveHostOptions({ ...options, profile })).toThrow("SERVER_ID_MALFORMED");
    expect(() => resolveHostOptions({ ...options, limits: { interruptionMs: 0 } })).toThrow("OPTION_INVALID");
    expect(() => resolveHostOptions({ ...options, limits: { openTimeoutMs: 0 } })).toThrow("OPTION_INVALID");
  });
});

describe("HostRuntime: functions that do not answer", () => {
  const forever = (): Promise<never> => new Promise(() => {});

  it("fails after 60 s without a session key, says which function it was, and asks again when it is retried [HOST-19, HOST-13]", async () => {
    let answer: () => Promise<typeof SESSION_KEY> = forever;
    const stage = stageHost({ ways: [HERE], runtime: { sessionKey: () => answer() } });
    const online = stage.host.ensureOnline();
    online.catch(() => {});
    await pass(stage, 59_999);
    expect(phaseNameOf(stage.host)).toBe("booting");
    await pass(stage, 1);
    expect(phaseNameOf(stage.host)).toBe("failed");
    expect(hostFailureOf(stage.host.getSnapshot())).toMatchObject({
      failure: {
        reason: HostFailureReason.SESSION_KEY_TIMED_OUT,
        message: "The function that gives the session key has not answered within 60 s.",
        action: expect.stringContaining("call retry"),
      },
    });
    expect((await rejectionOf(stage, online)).code).toBe("CALLBACK_TIMED_OUT");
    expect(stage.errors).toMatchObject([{ code: "CALLBACK_TIMED_OUT" }]);
    answer = () => Promise.resolve(SESSION_KEY);
    stage.host.retry();
    await pass(stage, 1_000);
    expect(phaseNameOf(stage.host)).toBe("online");
  });

  it("takes no key that comes after its time, and waits for none when it is stopped [HOST-19, HOST-11]", async () => {
    let give: (key: typeof SESSION_KEY) => void = () => {};
    const late = new Promise<typeof SESSION_KEY>((resolve) => {
      give = resolve;
    });
    const stage = stageHost({ runtime: { sessionKey: () => late, limits: { callbackTimeoutMs: 1_000 } } });
    stage.host.start();
    await pass(stage, 1_000);
    give(SESSION_KEY);
    await pass(stage, 1_000);
    expect(phaseNameOf(stage.host)).toBe("failed");
    const other = stageHost({ runtime: { sessionKey: forever } });
    other.host.start();
    other.host.stop();
    expect(other.clock.pending).toBe(0);
  });

  it("is in error after 60 s without another credential, says which function it was, and asks again when it is retried [HOST-19]", async () => {
    const tokens = ["old", undefined, "new"];
    let asked = 0;
    const stage = stageHost({
      ways: [HERE],
      daemon: {
        authenticate: ({ credential }) =>
          credential?.token === "new" ? { principal: "me" } : { rejected: "CREDENTIAL_EXPIRED" },
      },
      runtime: {
        credential: () => {
          const bearerToken = tokens[asked++];
          return bearerToken === undefined ? forever() : { bearerToken };
        },
      },
    });
    const online = stage.host.ensureOnline();
    online.catch(() => {});
    await pass(stage, 59_000);
    expect([phaseNameOf(stage.host), asked]).toEqual(["selecting", 2]);
    await pass(stage, 2_000);
    expect(phaseNameOf(stage.host)).toBe("error");
    expect(hostFailureOf(stage.host.getSnapshot())).toMatchObject({
      reason: HostErrorReason.CREDENTIAL_REFRESH_FAILED,
      loss: { message: "The function that gives the credential has not answered within 60 s." },
      retryAtMs: undefined,
    });
    expect(await rejectionOf(stage, online)).toMatchObject({
      code: "CREDENTIAL_REFRESH_FAILED",
      text: expect.stringContaining("has not answered"),
    });
    expect(stage.errors).toMatchObject([{ code: "CALLBACK_TIMED_OUT" }]);
    stage.host.retry();
    await pass(stage, 1_000);
    expect([phaseNameOf(stage.host), asked]).toEqual(["online", 3]);
  });

  it("goes on trying where the first credential does not come, says so, and asks again after its time [HOST-19]", async () => {
    let asked = 0;
    const stage = stageHost({
      ways: [HERE],
      runtime: { credential: () => (asked++ === 0 ? forever() : undefined) },
    });
    stage.host.start();
    await pass(stage, 10_001);
    const { loss } = { loss: undefined, ...hostFailureOf(stage.host.getSnapshot()) };
    expect(loss).toMatchObject({ message: "the credential callback has not answered in time" });
    expect(asked).toBe(1);
    await pass(stage, 110_000);
    expect([phaseNameOf(stage.host), asked]).toEqual(["online", 2]);
  });
});

describe("HostRuntime: candidates", () => {
  it("has no connections where the profile has no candidates, and connects when there are [HOST-2]", async () => {
    const stage = stageHost({ runtime: { profile: profileOf([]) } });
    const online = stage.host.ensureOnline();
    expect((await rejectionOf(stage, online)).code).toBe("NOT_CONNECTED");
    expect(phaseNameOf(stage.host)).toBe("no_connections");
    stage.host.setProfile(profileOf([NEAR]));
    await pass(stage, 1_000);
    expect(phaseNameOf(stage.host)).toBe("online");
    stage.host.setProfile(profileOf([]));
    await pass(stage, 1_000);
    expect(phaseNameOf(stage.host)).toBe("no_connections");
    expect(stage.networks.get(NEAR.endpoint)?.links).toEqual([]);
  });

  it("keeps a candidate of a kind that it does not know, and does not try it [HOST-2, INV-15]", async () => {
    const profile = profileOf([NEAR]);
    const unknown = Uint8Array.of(0x1a, 9, 10, 3, 110, 101, 119, 0x1a, 2, 8, 1);
    const newer = fromBinary(HostProfileSchema, Uint8Array.of(...toBinary(HostProfileSchema, profile), ...unknown));
    expect(newer.candidates.map(({ id, kind }) => [id, kind.case])).toEqual([
      [`direct ${NEAR.endpoint}`, "direct"],
      ["new", undefined],
    ]);
    expect(toBinary(HostProfileSchema, newer)).toEqual(
      Uint8Array.of(...toBinary(HostProfileSchema, profile), ...unknown),
    );
    const stage = stageHost({ runtime: { profile: newer } });
    await goOnline(stage);
    expect(candidatesOf(stage.host.getSnapshot()).map(({ setAside }) => setAside?.reason)).toEqual([
      undefined,
      SetAsideReason.UNKNOWN_KIND,
    ]);
  });

  it("sets addresses aside that it must not dial; with nothing else it is in error and calls end [HOST-2, HOST-9, HOST-12]", async () => {
    const profile = create(HostProfileSchema, {
      serverId: SERVER_ID,
      candidates: ["ws://elsewhere.example/", "nowhere"].map((endpoint) => ({
        id: endpoint,
        kind: { case: "direct" as const, value: { endpoint } },
      })),
    });
    const stage = stageHost({ runtime: { profile } });
    const said = stage.host.service(Echo).say({ text: "?" });
    said.catch(() => {});
    const online = stage.host.ensureOnline();
    expect((await rejectionOf(stage, online)).code).toBe("NOT_CONNECTED");
    const snapshot = stage.host.getSnapshot();
    expect(hostFailureOf(snapshot)).toMatchObject({ reason: HostErrorReason.ALL_SET_ASIDE, retryAtMs: undefined });
    expect(candidatesOf(snapshot).map(({ setAside }) => setAside?.reason)).toEqual([
      SetAsideReason.INSECURE_ENDPOINT,
      SetAsideReason.ENDPOINT_MALFORMED,
    ]);
    expect(isOnItsWay(snapshot)).toBe(false);
    await expect(said).rejects.toMatchObject({ code: 14 });
    stage.host.retry();
    expect(phaseNameOf(stage.host)).toBe("error");
  });

  it("takes no profile of another daemon", async () => {
    const stage = stageHost();
    await goOnline(stage);
    stage.host.setProfile(create(HostProfileSchema, { serverId: "A".repeat(43) }));
    expect(phaseNameOf(stage.host)).toBe("online");
    expect(stage.errors).toMatchObject([{ code: "WRONG_SERVER" }]);
  });
});

describe("HostRuntime: stopping", () => {
  it("stops while it connects: everything is closed, everybody is settled, no timer is left [HOST-11, HOST-13, INV-5]", async () => {
    const stage = stageHost({ ways: [NEAR] });
    stage.networks.get(NEAR.endpoint)?.setDialing(NEAR.endpoint, "hang");
    const online = stage.host.ensureOnline();
    const said = stage.host.service(Echo).say({ text: "?" });
    said.catch(() => {});
    await pass(stage, 1_000);
    expect(phaseNameOf(stage.host)).toBe("selecting");
    stage.host.stop();
    expect((await rejectionOf(stage, online)).code).toBe("DISPOSED");
    await expect(said).rejects.toMatchObject({ code: 14 });
    await pass(stage, 3_000);
    expect(stage.networks.get(NEAR.endpoint)?.links.filter((link) => !link.clientEnd.isOver)).toEqual([]);
    expect(stage.lifecycle.listenerCount).toBe(0);
    const logged = stage.logged.length;
    await pass(stage, 600_000);
    expect(stage.logged).toHaveLength(logged);
  });

  it("ends the channel on the daemon's side too [HOST-11]", async () => {
    const stage = stageHost({ ways: [HERE] });
    await goOnline(stage);
    stage.host.stop();
    await pass(stage, 1_000);
    expect(stage.transitions.filter(({ machine, to }) => machine === "channel" && to === "lost")).toHaveLength(1);
  });

  it("takes no intent after that, throws nothing, and logs each as ignored [HOST-11, INV-5]", async () => {
    const stage = stageHost();
    await goOnline(stage);
    stage.host.stop();
    await pass(stage, 1_000);
    const from = stage.logged.length;
    const snapshot = stage.host.getSnapshot();
    stage.host.start();
    stage.host.retry();
    stage.host.refresh();
    stage.host.useCandidate("x");
    stage.host.setProfile(profileOf([HERE]));
    stage.host.credentialChanged();
    stage.host.stop();
    expect(linesOf(stage, from)).toEqual(
      [
        ...["start_requested", "retry_requested", "refresh_requested", "candidate_preferred", "candidates_changed"],
        ...["credential_changed", "stop_requested"],
      ].map((event) => `stopped ${event} stopped (ignored)`),
    );
    expect(stage.host.getSnapshot()).toBe(snapshot);
    expect(isOnline(snapshot)).toBe(false);
    expect((await rejectionOf(stage, stage.host.ensureOnline())).code).toBe("DISPOSED");
    await expect(stage.host.service(Echo).say({ text: "?" })).rejects.toMatchObject({ code: 14 });
  });
});
