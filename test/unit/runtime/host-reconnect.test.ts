import { describe, expect, it } from "vitest";
import { CloseCode } from "../../../gen/moorline/session/v1/close_code_pb.ts";
import { ChannelLossReason } from "../../../gen/moorline/session/v1/error_pb.ts";
import { HostErrorReason } from "../../../gen/moorline/state/v1/reason_pb.ts";
import { createHostProfile } from "../../../src/runtime/host/profile.ts";
import {
  activeCandidateOf,
  generationOf,
  hostFailureOf,
  isOnline,
  isReconnecting,
  retryAtOf,
} from "../../../src/runtime/selectors.ts";
import { stageDaemon } from "../server/support/daemon.ts";
import {
  Echo,
  FAR,
  goOnline,
  HERE,
  type HostStage,
  idOf,
  linesOf,
  linksOf,
  NEAR,
  networkOf,
  pass,
  phaseNameOf,
  stageHost,
  type Way,
} from "./support/host-stage.ts";

/** Cuts every connection of a way; both sides hear of it at once. */
function cut(stage: HostStage, way: Way): void {
  for (const link of linksOf(stage, way)) link.cut({ clientToldMs: 0, serverToldMs: 0 });
}

function setDialing(stage: HostStage, ways: readonly Way[], answer: "normal" | "refuse" | "hang"): void {
  for (const way of ways) networkOf(stage, way).setDialing(way.endpoint, answer);
}

describe("HostRuntime: a lost connection", () => {
  it("comes back on its own: shown like online for 1.5 s, so that a blip does not flicker [HOST-10]", async () => {
    const stage = stageHost({ ways: [NEAR] });
    await goOnline(stage);
    await pass(stage, 5_000);
    const said = stage.host.service(Echo).say({ text: "through" });
    cut(stage, NEAR);
    await pass(stage, 1);
    expect(phaseNameOf(stage.host)).toBe("interrupted");
    expect(isOnline(stage.host.getSnapshot())).toBe(true);
    await pass(stage, 1_000);
    expect(phaseNameOf(stage.host)).toBe("online");
    expect(generationOf(stage.host.getSnapshot())).toBe(2);
    expect((await said).text).toBe("through");
    expect(stage.phases).toEqual(["booting", "selecting", "online", "interrupted", "online"]);
  });

  it("is degraded after that, tries by backoff, and is online again when the network is [HOST-8, HOST-10]", async () => {
    const stage = stageHost();
    await goOnline(stage);
    await pass(stage, 5_000);
    setDialing(stage, [NEAR, FAR], "refuse");
    for (const way of [NEAR, FAR]) cut(stage, way);
    await pass(stage, 1_499);
    expect(phaseNameOf(stage.host)).toBe("interrupted");
    await pass(stage, 2);
    expect(phaseNameOf(stage.host)).toBe("degraded");
    expect(isReconnecting(stage.host.getSnapshot())).toBe(true);
    expect(activeCandidateOf(stage.host.getSnapshot())).toBe(idOf(NEAR));
    const said = stage.host.service(Echo).say({ text: "late" });
    await pass(stage, 45_000);
    expect(phaseNameOf(stage.host)).toBe("degraded");
    const retryAtMs = retryAtOf(stage.host.getSnapshot()) ?? 0;
    expect(retryAtMs).toBeGreaterThan(stage.clock.now());
    setDialing(stage, [NEAR, FAR], "normal");
    stage.host.retry();
    await pass(stage, 1_000);
    expect(phaseNameOf(stage.host)).toBe("online");
    expect((await said).text).toBe("late");
  });

  it.each(["online", "foreground"] as const)(
    "does not wait when the program hears %s [HOST-10, LIVE-5]",
    async (signal) => {
      const stage = stageHost({ ways: [NEAR] });
      await goOnline(stage);
      setDialing(stage, [NEAR], "refuse");
      cut(stage, NEAR);
      await pass(stage, 60_000);
      // Just after an attempt, so that the wait is a long one.
      while ((retryAtOf(stage.host.getSnapshot()) ?? 0) < stage.clock.now() + 2_000) await pass(stage, 100);
      setDialing(stage, [NEAR], "normal");
      stage.lifecycle.signal(signal);
      await pass(stage, 500);
      expect(phaseNameOf(stage.host)).toBe("online");
    },
  );

  it("takes the other path at once where that answered a moment ago [HOST-10, PATH-3]", async () => {
    const stage = stageHost();
    await goOnline(stage);
    await pass(stage, 12_000);
    setDialing(stage, [NEAR], "hang");
    cut(stage, NEAR);
    await pass(stage, 300);
    expect(phaseNameOf(stage.host)).toBe("online");
    expect(activeCandidateOf(stage.host.getSnapshot())).toBe(idOf(FAR));
  });

  it("does not go straight back to a path that was lost after a moment [PATH-5]", async () => {
    const stage = stageHost();
    await goOnline(stage);
    await pass(stage, 15_000);
    cut(stage, NEAR);
    await pass(stage, 1_000);
    expect(activeCandidateOf(stage.host.getSnapshot())).toBe(idOf(FAR));
    await pass(stage, 55_000);
    expect(activeCandidateOf(stage.host.getSnapshot())).toBe(idOf(FAR));
    await pass(stage, 60_000);
    expect(activeCandidateOf(stage.host.getSnapshot())).toBe(idOf(NEAR));
  });

  it("notices a half-open connection after sleep within seconds [HOST-10, LIVE-6]", async () => {
    const stage = stageHost({ ways: [NEAR] });
    const client = networkOf(stage, NEAR);
    await goOnline(stage);
    for (const link of linksOf(stage, NEAR)) {
      link.drop("up");
      link.drop("down");
    }
    stage.lifecycle.signal("hidden");
    await pass(stage, 3_600_000);
    expect(phaseNameOf(stage.host)).toBe("online");
    stage.lifecycle.signal("foreground");
    await pass(stage, 5_000);
    expect(phaseNameOf(stage.host)).toBe("online");
    expect(generationOf(stage.host.getSnapshot())).toBe(2);
    expect(client.links.filter((link) => !link.isOver)).toHaveLength(1);
  });

  it("comes back while it is hidden too, and its clients know that it is [HOST-10]", async () => {
    const stage = stageHost({ ways: [NEAR] });
    await goOnline(stage);
    stage.lifecycle.signal("hidden");
    cut(stage, NEAR);
    await pass(stage, 3_600_000);
    expect(phaseNameOf(stage.host)).toBe("online");
    const from = stage.logged.length;
    await pass(stage, 600_000);
    expect(stage.logged.slice(from)).toEqual([]);
  });
});

describe("HostRuntime: what the daemon says", () => {
  it("attaches the channel again, after a wait, where a late hello of a failed switch has taken it [HOST-14, ATTEMPT-1]", async () => {
    const stage = stageHost();
    await goOnline(stage);
    await pass(stage, 4_000);
    stage.host.useCandidate(idOf(FAR));
    await pass(stage, 150);
    for (const link of linksOf(stage, FAR)) link.delay("up", 8_000);
    await pass(stage, 6_000);
    expect(linesOf(stage)).toContain("online client_lost online");
    expect(generationOf(stage.host.getSnapshot())).toBe(1);
    stage.host.useCandidate(undefined);
    for (let i = 0; i < 30_000 && phaseNameOf(stage.host) === "online"; i += 100) await pass(stage, 100);
    expect(phaseNameOf(stage.host)).toBe("interrupted");
    const lost = stage.logged.findLast(({ machine, to }) => machine === "host" && to === "interrupted");
    expect(lost?.reason).toEqual({ case: "closeCode", value: CloseCode.SUPERSEDED });
    const { state } = stage.host.getSnapshot().host;
    expect(state.case === "interrupted" && state.value.memory?.retry?.failures).toBe(1);
    await pass(stage, 2_000);
    expect(phaseNameOf(stage.host)).toBe("online");
    expect(stage.transitions.filter(({ machine, to }) => machine === "channel" && to === "lost")).toEqual([]);
  });

  it("goes on with a new channel after the daemon was started again; calls end, and who listens hears of it [HOST-3, RESUME-7]", async () => {
    const stage = stageHost({ ways: [NEAR] });
    await goOnline(stage);
    const lost: ChannelLossReason[] = [];
    stage.host.on("channel_lost", ({ reason }) => lost.push(reason));
    const talk = stage.host.service(Echo).talk(never());
    const ended = talk[Symbol.asyncIterator]()
      .next()
      .catch((error: unknown) => error);
    await pass(stage, 2_000);
    const network = networkOf(stage, NEAR);
    const { server } = stageDaemon({
      simulated: stage.clock,
      echo: { say: ({ text }) => ({ text: `new ${text}` }) },
      seed: 2,
    });
    for (const link of linksOf(stage, NEAR)) link.server?.crash(true);
    network.host("daemon").listen(NEAR.endpoint, (connection) => server.accept(connection));
    await pass(stage, 3_000);
    expect(phaseNameOf(stage.host)).toBe("online");
    expect(lost).toEqual([ChannelLossReason.EPOCH_CHANGED]);
    expect(await ended).toMatchObject({ code: 14 });
    const said = stage.host.service(Echo).say({ text: "day" });
    await pass(stage, 100);
    expect((await said).text).toBe("new day");
  });

  it("waits as long as a draining daemon asks for [HOST-8]", async () => {
    const stage = stageHost({ ways: [NEAR], daemon: { reconnectHint: { afterMs: 5_000, jitterMs: 0 } } });
    await goOnline(stage);
    await pass(stage, 5_000);
    setDialing(stage, [NEAR], "refuse");
    void stage.server.drain();
    await pass(stage, 3_000);
    expect(phaseNameOf(stage.host)).toBe("degraded");
    const retryAtMs = retryAtOf(stage.host.getSnapshot());
    expect(retryAtMs).toBeGreaterThan(stage.clock.now() + 1_000);
    expect(retryAtMs).toBeLessThan(stage.clock.now() + 5_000);
  });

  it("is in error where the daemon ends the connection for good: calls end, and nothing is tried [HOST-9, HOST-12]", async () => {
    const stage = stageHost({
      daemon: { authenticate: () => ({ principal: "owner", credentialId: "device" }) },
      runtime: { credential: { bearerToken: "token" } },
    });
    await goOnline(stage);
    const said = stage.host.service(Echo).talk(never())[Symbol.asyncIterator]().next();
    said.catch(() => {});
    await pass(stage, 1_000);
    void stage.server.revoke("device");
    await pass(stage, 1_000);
    expect(phaseNameOf(stage.host)).toBe("error");
    expect(hostFailureOf(stage.host.getSnapshot())).toMatchObject({
      reason: HostErrorReason.ACTIVE_ENDED,
      loss: { code: CloseCode.REVOKED },
      retryAtMs: undefined,
    });
    await expect(said).rejects.toMatchObject({ code: 14 });
    const from = stage.logged.length;
    await pass(stage, 600_000);
    expect(stage.logged).toHaveLength(from);
    stage.host.retry();
    await pass(stage, 1_000);
    expect(phaseNameOf(stage.host)).toBe("online");
  });

  it("asks for a new credential where the present one has expired, and goes on with the channel [HOST-8, RETRY-5]", async () => {
    let now = 1;
    const stage = stageHost({
      daemon: {
        authenticate: ({ credential }) =>
          credential?.token === `token ${now}` ? { principal: "owner" } : { rejected: "CREDENTIAL_EXPIRED" },
      },
      runtime: { credential: () => ({ bearerToken: `token ${now}` }) },
    });
    await goOnline(stage);
    await pass(stage, 5_000);
    now = 2;
    const said = stage.host.service(Echo).say({ text: "through" });
    for (const way of [NEAR, FAR]) cut(stage, way);
    await pass(stage, 2_000);
    expect(phaseNameOf(stage.host)).toBe("online");
    expect((await said).text).toBe("through");
    expect(linesOf(stage)).toContain("interrupted credential_refreshed interrupted");
  });

  it("asks the user where new credentials do not help, or there are none [HOST-9, RETRY-5]", async () => {
    for (const credential of [() => ({ bearerToken: "token" }), { bearerToken: "token" }]) {
      const stage = stageHost({
        daemon: { authenticate: () => ({ rejected: "CREDENTIAL_EXPIRED" }) },
        runtime: { credential },
      });
      stage.host.start();
      await pass(stage, 5_000);
      expect(phaseNameOf(stage.host)).toBe("error");
      expect(hostFailureOf(stage.host.getSnapshot())).toMatchObject({ retryAtMs: undefined });
      const from = stage.logged.length;
      await pass(stage, 600_000);
      expect(stage.logged).toHaveLength(from);
    }
  });
});

describe("HostRuntime: intents", () => {
  it("refreshes the mirrors while it is online, and connects where it is not", async () => {
    const stage = stageHost({ ways: [HERE] });
    let refreshes = 0;
    stage.host.onRefresh(() => {
      refreshes += 1;
    });
    await goOnline(stage);
    stage.host.refresh();
    expect(refreshes).toBe(1);
    setDialing(stage, [HERE], "refuse");
    cut(stage, HERE);
    await pass(stage, 60_000);
    setDialing(stage, [HERE], "normal");
    stage.host.refresh();
    await pass(stage, 1_000);
    expect(phaseNameOf(stage.host)).toBe("online");
    expect(refreshes).toBe(1);
  });

  it("leaves the path that the profile has no more, and the calls go on [HOST-2]", async () => {
    const stage = stageHost();
    await goOnline(stage);
    const said = stage.host.service(Echo).say({ text: "through" });
    const { serverId } = stage.host.getSnapshot();
    stage.host.setProfile(createHostProfile({ serverId, candidates: [{ direct: FAR.endpoint }] }));
    await pass(stage, 1_000);
    expect(activeCandidateOf(stage.host.getSnapshot())).toBe(idOf(FAR));
    expect((await said).text).toBe("through");
    expect(linksOf(stage, NEAR)).toEqual([]);
  });

  it("dials what the profile had as long as a listener's new one is not taken [HOST-2]", async () => {
    const stage = stageHost();
    const { serverId } = stage.host.getSnapshot();
    const once = stage.host.subscribe(() => {
      if (phaseNameOf(stage.host) !== "selecting") return;
      once();
      stage.host.setProfile(createHostProfile({ serverId, candidates: [{ direct: FAR.endpoint }] }));
    });
    await goOnline(stage);
    expect(activeCandidateOf(stage.host.getSnapshot())).toBe(idOf(FAR));
    expect(stage.errors).toEqual([]);
  });

  it("gives the same service, and the same snapshot until something changes", async () => {
    const stage = stageHost({ ways: [HERE] });
    await goOnline(stage);
    expect(stage.host.service(Echo)).toBe(stage.host.service(Echo));
    const snapshot = stage.host.getSnapshot();
    await pass(stage, 60_000);
    expect(stage.host.getSnapshot()).toBe(snapshot);
  });
});

async function* never(): AsyncGenerator<{ text: string }> {
  await new Promise(() => {});
  yield { text: "" };
}
