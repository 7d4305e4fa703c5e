import { describe, expect, it } from "vitest";
import { CloseCode } from "../../../gen/moorline/session/v1/close_code_pb.ts";
import { HostPhase } from "../../../gen/moorline/state/v1/phase_pb.ts";
import { createDaemonClient } from "../../../src/client/daemon-client.ts";
import { isConnected } from "../../../src/client/selectors.ts";
import {
  activeCandidateOf,
  candidatesOf,
  hostFailureOf,
  hostPhaseOf,
  retryAtOf,
} from "../../../src/runtime/selectors.ts";
import { SimulatedRandom } from "../../../src/testing/simulated-random.ts";
import { MoorlineError } from "../../../src/wire/moorline-error.ts";
import { SESSION_KEY } from "../client/support/stage.ts";
import {
  addHost,
  createRouted,
  Echo,
  type HostStage,
  idOf,
  linksOf,
  pass,
  profileOf,
  stageHost,
  type Way,
} from "./support/host-stage.ts";

/** Slow ways, so that every probe is open for long. */
const WAYS: readonly Way[] = [90, 100, 110, 120].map((latencyMs) => ({
  endpoint: `wss://way-${latencyMs}.example/`,
  latencyMs,
}));

type Tab = ReturnType<typeof addHost>;

/** Runtimes of one session key, as in so many tabs. */
function openTabs(stage: HostStage, count: number): Tab[] {
  return Array.from({ length: count }, (_, i) =>
    addHost(stage, { profile: profileOf(WAYS), random: new SimulatedRandom(i + 1) }, `tab ${i}`),
  );
}

function phasesOf(tabs: readonly Tab[]): HostPhase[] {
  return tabs.map(({ host }) => hostPhaseOf(host.getSnapshot()));
}

/** Hellos for the session that the daemon has judged so far, and probes. */
function hellosOf(stage: HostStage): {
  readonly sessions: number;
  readonly probes: number;
  readonly overloads: number;
} {
  const ends = stage.transitions.filter(({ machine }) => machine === "server_connection");
  return {
    sessions: ends.filter(({ to }) => to === "attached").length,
    probes: ends.filter(({ to }) => to === "probing").length,
    overloads: ends.filter(({ reason }) => reason.value === CloseCode.OVERLOADED).length,
  };
}

describe("HostRuntime: many of one session key", () => {
  it("has 12 tabs online, each on a channel of its own, without a storm, though not all probes are taken [PROBE-5, PATH-8]", async () => {
    const stage = stageHost({ ways: WAYS });
    const tabs = openTabs(stage, 12);
    for (const { host } of tabs) host.start();
    await pass(stage, 5_000);
    expect(new Set(phasesOf(tabs))).toEqual(new Set([HostPhase.ONLINE]));
    const said = tabs.map(({ host }, i) => host.service(Echo).say({ text: `${i}` }));
    await pass(stage, 1_000);
    expect((await Promise.all(said)).map(({ text }) => text)).toEqual(tabs.map((_, i) => `${i}`));
    await pass(stage, 60_000);
    const from = hellosOf(stage);
    await pass(stage, 240_000);
    const perMinute = (key: keyof typeof from): number => (hellosOf(stage)[key] - from[key]) / 4;
    expect(perMinute("sessions")).toBe(0);
    expect(perMinute("overloads")).toBeGreaterThan(0);
    // Without more patience after each OVERLOADED it would be 216 probes in a minute.
    expect(perMinute("probes") + perMinute("overloads")).toBeLessThan(160);
    for (const { host, phases, errors } of tabs) {
      expect(phases).not.toContain("error");
      expect(errors).toEqual([]);
      expect(activeCandidateOf(host.getSnapshot())).toBe(idOf(WAYS[0] as Way));
      expect(candidatesOf(host.getSnapshot()).map(({ failures }) => failures)).toEqual([0, 0, 0, 0]);
    }
  });

  it("brings all of them back after the network was away, each with few attempts [HOST-8, RETRY-3]", async () => {
    const stage = stageHost({ ways: WAYS });
    const tabs = openTabs(stage, 12);
    for (const { host } of tabs) host.start();
    await pass(stage, 60_000);
    const before = hellosOf(stage).sessions;
    for (const way of WAYS) for (const link of linksOf(stage, way)) link.cut({ clientToldMs: 0, serverToldMs: 0 });
    await pass(stage, 10_000);
    expect(new Set(phasesOf(tabs))).toEqual(new Set([HostPhase.ONLINE]));
    expect(hellosOf(stage).sessions - before).toBeLessThanOrEqual(24);
    expect(stage.transitions.filter(({ machine, to }) => machine === "channel" && to === "lost")).toEqual([]);
  });

  it("says why the 17th has no channel, tries by backoff, and gets one as soon as another tab is closed [HOST-8, SESSION-3]", async () => {
    const stage = stageHost({ ways: WAYS });
    const tabs = openTabs(stage, 17);
    for (const { host } of tabs.slice(0, 16)) host.start();
    await pass(stage, 5_000);
    const last = tabs[16] as Tab;
    let online = false;
    const waiting = last.host.ensureOnline().then(() => {
      online = true;
    });
    await pass(stage, 5_000);
    const problem = hostFailureOf(last.host.getSnapshot());
    expect(problem).toMatchObject({ kind: "error", loss: { code: CloseCode.TOO_MANY_CHANNELS } });
    expect(retryAtOf(last.host.getSnapshot())).toBeGreaterThan(stage.clock.now());
    expect(MoorlineError.fromCloseCode(CloseCode.TOO_MANY_CHANNELS, "").action).toContain("Close other clients");
    await pass(stage, 180_000);
    expect(new Set(phasesOf(tabs.slice(0, 16)))).toEqual(new Set([HostPhase.ONLINE]));
    const attempts = last.logged.filter(({ event }) => event === "connect_requested").length;
    expect(attempts).toBeLessThanOrEqual(20 + 185 / 3);
    expect(online).toBe(false);
    tabs[0]?.host.stop();
    await pass(stage, 31_000);
    await waiting;
    expect(online).toBe(true);
  });
});

describe("DaemonClient: many of one session key", () => {
  it("waits by backoff where the session is full, and connects as soon as there is room [RETRY-2, SESSION-3]", async () => {
    const stage = stageHost({ ways: WAYS });
    const clients = Array.from({ length: 17 }, (_, i) =>
      createDaemonClient({
        endpoint: WAYS[0]?.endpoint ?? "",
        sessionKey: SESSION_KEY,
        client: { name: "test", version: "1.0.0" },
        ...{
          transport: createRouted(stage.networks, `client ${i}`),
          clock: stage.clock,
          random: new SimulatedRandom(i + 1),
        },
      }),
    );
    for (const client of clients.slice(0, 16)) await Promise.all([client.ensureConnected(), pass(stage, 1_000)]);
    const last = clients[16];
    const connected = last?.ensureConnected();
    await pass(stage, 60_000);
    expect(last?.state.state).toMatchObject({
      case: "disconnected",
      value: { loss: { code: CloseCode.TOO_MANY_CHANNELS } },
    });
    expect(clients.slice(0, 16).every(({ state }) => isConnected(state))).toBe(true);
    clients[0]?.dispose();
    await pass(stage, 31_000);
    await connected;
    expect(clients.slice(1).every(({ state }) => isConnected(state))).toBe(true);
  });
});
