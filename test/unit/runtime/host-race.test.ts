import { describe, expect, it } from "vitest";
import { CloseCode } from "../../../gen/moorline/session/v1/close_code_pb.ts";
import { HostErrorReason, SetAsideReason } from "../../../gen/moorline/state/v1/reason_pb.ts";
import { activeCandidateOf, candidatesOf, hostFailureOf, retryAtOf } from "../../../src/runtime/selectors.ts";
import type { AuthenticateRequest, Denial, Grant } from "../../../src/server/authenticate.ts";
import { probeAt } from "../client/support/probe-stage.ts";
import { rejectionOf } from "../client/support/stage.ts";
import {
  Echo,
  FAR,
  goOnline,
  type HostStage,
  idOf,
  linesOf,
  NEAR,
  networkOf,
  pass,
  phaseNameOf,
  profileOf,
  stageHost,
  type Way,
} from "./support/host-stage.ts";

const LARGE = 8_000;

function authenticate({ credential }: AuthenticateRequest): Grant | Denial {
  return credential?.token === "right" ? { principal: "owner" } : { rejected: "UNAUTHENTICATED" };
}

function asidesOf(stage: HostStage): (SetAsideReason | undefined)[] {
  return candidatesOf(stage.host.getSnapshot()).map(({ setAside }) => setAside?.reason);
}

/** How often a way was dialled. */
function dialsOf(stage: HostStage, way: Way): number {
  return networkOf(stage, way).history.filter((line) => line.includes("dials")).length;
}

/** How often each purpose was said on a way: the connections of the server. */
function hellosOf(stage: HostStage): { readonly sessions: number; readonly probes: number } {
  const of = (to: string): number =>
    stage.transitions.filter(({ machine, event, to: place }) => {
      return machine === "server_connection" && event === "hello_accepted" && place === to;
    }).length;
  return { sessions: of("attached"), probes: of("probing") };
}

describe("HostRuntime: the race for the first connection", () => {
  it("goes on with the second candidate where the first one is dead, and no two hellos for the session fight [HOST-5, HOST-6]", async () => {
    const stage = stageHost();
    networkOf(stage, NEAR).setDialing(NEAR.endpoint, "hang");
    stage.host.start();
    await pass(stage, 249);
    expect(networkOf(stage, FAR).links).toEqual([]);
    await pass(stage, 2_000);
    expect(phaseNameOf(stage.host)).toBe("online");
    expect(activeCandidateOf(stage.host.getSnapshot())).toBe(idOf(FAR));
    expect(stage.phases).toEqual(["booting", "selecting", "connecting_active", "online"]);
    expect(hellosOf(stage)).toEqual({ sessions: 0, probes: 1 });
    expect(networkOf(stage, NEAR).links.some(({ id }) => id === 1)).toBe(false);
  });

  it("starts the next one at once where the first is refused [HOST-5]", async () => {
    const stage = stageHost();
    networkOf(stage, NEAR).setDialing(NEAR.endpoint, "refuse");
    stage.host.start();
    await pass(stage, 245);
    expect(networkOf(stage, FAR).links).toHaveLength(1);
    await pass(stage, 500);
    expect(phaseNameOf(stage.host)).toBe("online");
    expect(hellosOf(stage)).toEqual({ sessions: 1, probes: 0 });
  });

  it("lets a slow hello for the session win where it is welcomed before a probe has answered [HOST-6]", async () => {
    const stage = stageHost({ ways: [{ ...NEAR, latencyMs: 80 }, FAR] });
    stage.host.start();
    await pass(stage, 2_000);
    expect(activeCandidateOf(stage.host.getSnapshot())).toBe(idOf(NEAR));
    expect(stage.phases).toEqual(["booting", "selecting", "online"]);
  });

  it("sets a candidate aside where another daemon answers, and never tries it again [HOST-7, HELLO-6]", async () => {
    const stage = stageHost({ lies: [NEAR] });
    stage.host.start();
    await pass(stage, 600_000);
    expect(activeCandidateOf(stage.host.getSnapshot())).toBe(idOf(FAR));
    expect(asidesOf(stage)).toEqual([SetAsideReason.WRONG_SERVER, undefined]);
    stage.host.retry();
    stage.host.credentialChanged();
    await pass(stage, 60_000);
    expect(asidesOf(stage)).toEqual([SetAsideReason.WRONG_SERVER, undefined]);
    expect(dialsOf(stage, NEAR)).toBe(1);
    stage.host.setProfile(profileOf([FAR, NEAR]));
    expect(asidesOf(stage)).toEqual([undefined, undefined]);
    await pass(stage, 60_000);
    expect(asidesOf(stage)).toEqual([undefined, SetAsideReason.WRONG_SERVER]);
    expect(activeCandidateOf(stage.host.getSnapshot())).toBe(idOf(FAR));
  });

  it("is in error where only other daemons answer [HOST-7, HOST-9]", async () => {
    const stage = stageHost({ lies: [NEAR, FAR] });
    const online = stage.host.ensureOnline();
    online.catch(() => {});
    await pass(stage, 5_000);
    expect((await rejectionOf(stage, online)).code).toBe("WRONG_SERVER");
    expect(hostFailureOf(stage.host.getSnapshot())).toMatchObject({ reason: HostErrorReason.ALL_REFUSED });
  });

  it("does not let a path win that takes a hello and no data [HOST-6, PROBE-7]", async () => {
    const stage = stageHost({ ways: [NEAR, FAR, { endpoint: "wss://third.example/", latencyMs: 90 }] });
    networkOf(stage, NEAR).setDialing(NEAR.endpoint, "hang");
    networkOf(stage, FAR).onMessage = (_, __, message) => (message.length > LARGE ? undefined : message);
    stage.host.start();
    await pass(stage, 3_000);
    expect(activeCandidateOf(stage.host.getSnapshot())).toBe(idOf({ endpoint: "wss://third.example/" }));
  });

  it("tries again by backoff where nobody answers, and shows when [HOST-8]", async () => {
    const stage = stageHost();
    for (const way of [NEAR, FAR]) networkOf(stage, way).setDialing(way.endpoint, "refuse");
    const online = stage.host.ensureOnline();
    await pass(stage, 1_000);
    expect(phaseNameOf(stage.host)).toBe("error");
    const snapshot = stage.host.getSnapshot();
    expect(hostFailureOf(snapshot)).toMatchObject({ reason: HostErrorReason.ALL_FAILED });
    expect(retryAtOf(snapshot)).toBeGreaterThan(0);
    expect(candidatesOf(snapshot).map(({ failures }) => failures > 0)).toEqual([true, true]);
    const said = stage.host.service(Echo).say({ text: "late" });
    networkOf(stage, FAR).setDialing(FAR.endpoint, "normal");
    await pass(stage, 30_000);
    await online;
    expect((await said).text).toBe("late");
  });

  it("keeps to the retry budget, however long nobody answers; the user need not wait for it [RETRY-3, HOST-8]", async () => {
    const stage = stageHost({ ways: [NEAR] });
    networkOf(stage, NEAR).setDialing(NEAR.endpoint, "refuse");
    stage.host.start();
    const count = (): number =>
      stage.logged.filter(({ machine, to }) => machine === "connection" && to === "connecting").length;
    for (let i = 0; i < 120; i += 1) {
      stage.lifecycle.signal("online");
      await pass(stage, 1_000);
    }
    const dials = count();
    expect(dials).toBeGreaterThan(20);
    expect(dials).toBeLessThanOrEqual(20 + 120 / 3);
    await pass(stage, 500);
    stage.host.retry();
    await pass(stage, 0);
    expect(count()).toBeGreaterThan(dials);
  });

  it("says hello for the session where the server takes no more probes [HOST-5, PROBE-5, PROBE-9]", async () => {
    const stage = stageHost({ daemon: { limits: { probe: { maxPerMinute: 1 } } } });
    for (let i = 0; i < 2; i += 1) {
      const { transport } = networkOf(stage, FAR).host(`prober ${i}`);
      probeAt({ ...stage, transport }, { endpoint: FAR.endpoint });
    }

    await pass(stage, 1_000);
    networkOf(stage, NEAR).setDialing(NEAR.endpoint, "hang");
    stage.host.start();
    await pass(stage, 9_000);
    expect(phaseNameOf(stage.host)).toBe("selecting");
    await pass(stage, 3_000);
    expect(phaseNameOf(stage.host)).toBe("online");
    expect(candidatesOf(stage.host.getSnapshot())[1]?.failures).toBe(0);
  });

  it("is in error where every candidate refuses; the credential that the user gives then is tried [HOST-9, HOST-12]", async () => {
    let token = "wrong";
    const stage = stageHost({
      daemon: { authenticate },
      runtime: { credential: () => ({ bearerToken: token }) },
    });
    const said = stage.host.service(Echo).say({ text: "?" });
    said.catch(() => {});
    stage.host.start();
    await pass(stage, 5_000);
    expect(phaseNameOf(stage.host)).toBe("error");
    const problem = hostFailureOf(stage.host.getSnapshot());
    expect(problem).toMatchObject({ reason: HostErrorReason.ALL_REFUSED, retryAtMs: undefined });
    expect(problem).toMatchObject({ loss: { code: CloseCode.UNAUTHENTICATED } });
    expect(candidatesOf(stage.host.getSnapshot())[0]?.setAside?.reason).toBe(SetAsideReason.REFUSED);
    await expect(said).rejects.toMatchObject({ code: 14 });
    const from = stage.logged.length;
    await pass(stage, 600_000);
    stage.lifecycle.signal("foreground");
    await pass(stage, 1_000);
    expect(linesOf(stage, from)).toEqual(["error foregrounded error"]);
    token = "right";
    stage.host.credentialChanged();
    await pass(stage, 2_000);
    expect(phaseNameOf(stage.host)).toBe("online");
    expect(JSON.stringify(stage.states)).not.toContain("wrong");
    await goOnline(stage);
  });
});
