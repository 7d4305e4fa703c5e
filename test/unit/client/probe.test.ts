import { describe, expect, it } from "vitest";
import { CloseCode } from "../../../gen/moorline/session/v1/close_code_pb.ts";
import { Path } from "../../../gen/moorline/session/v1/packet_pb.ts";
import { ProbePhase } from "../../../gen/moorline/state/v1/phase_pb.ts";
import { ProbeEndReason } from "../../../gen/moorline/state/v1/reason_pb.ts";
import { createCredentialSource } from "../../../src/client/credential.ts";
import {
  hasPathFailed,
  isProbeOver,
  phaseOfProbe,
  probedServerOf,
  probeEndOf,
  roundTripsOf,
} from "../../../src/client/probe-selectors.ts";
import { stageDaemon } from "../server/support/daemon.ts";
import { ENDPOINT, LATENCY_MS, placeOf, probeAt, stageNetwork } from "./support/probe-stage.ts";
import { SERVER_ID } from "./support/scripted-daemon.ts";
import { connect, linesOf, SESSION_KEY, stageAt } from "./support/stage.ts";

const ROUND_TRIP_MS = 2 * LATENCY_MS;
const OTHER_SERVER_ID = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

describe("Probe: measuring", () => {
  it("dials at once, says hello, and tells the daemon and the round trip [PROBE-6, PROBE-7]", () => {
    const stage = stageNetwork();
    const measured = probeAt(stage, { expectedServerId: SERVER_ID });
    expect(phaseOfProbe(measured.probe.state)).toBe(ProbePhase.OPENING);
    stage.clock.advance(1_000);
    expect(placeOf(measured)).toBe("probed");
    expect(probedServerOf(measured.probe.state)).toMatchObject({ serverId: SERVER_ID, name: "test" });
    expect(roundTripsOf(measured.probe.state)).toMatchObject({ lastMs: ROUND_TRIP_MS, samples: 1 });
    expect(linesOf(measured)).toEqual([
      "opening transport_opened opening",
      "opening welcomed probed",
      "probed ponged probed",
    ]);
  });

  it("sends 16 KiB and takes them back, one ping at a time, and keeps the last and the smallest round trip [PROBE-7]", () => {
    const stage = stageNetwork();
    const pings: [string, number][] = [];
    stage.network.onMessage = (_, direction, message) => {
      if (message.length > 16_000) pings.push([direction, message.length]);
      return message;
    };
    const { probe } = probeAt(stage);
    stage.clock.advance(1_000);
    stage.network.links[0]?.stall("down", 300);
    probe.measure();
    probe.measure();
    stage.clock.advance(1_000);
    expect(pings.map(([direction]) => direction)).toEqual(["up", "down", "up", "down"]);
    expect(roundTripsOf(probe.state)).toMatchObject({ leastMs: ROUND_TRIP_MS, lastMs: 300 + LATENCY_MS, samples: 2 });
  });

  it("touches no session, and nothing of the client beside it [PROBE-6, INV-7]", async () => {
    const stage = stageDaemon();
    const { transport } = stage.pair;
    const beside = stageAt(stage.clock, stage.pair, { sessionKey: SESSION_KEY });
    await connect(beside);
    const before = beside.client.state;
    const sessions = JSON.stringify(stage.server.sessions.list());
    const measured = probeAt({ clock: stage.clock, transport });
    await stage.clock.advanceAsync(100);
    expect(placeOf(measured)).toBe("probed");
    expect(JSON.stringify(stage.server.sessions.list())).toBe(sessions);
    expect(beside.client.state).toBe(before);
    measured.probe.close();
    await stage.clock.advanceAsync(100);
    expect(JSON.stringify(stage.server.sessions.list())).toBe(sessions);
    expect(beside.client.state).toBe(before);
    expect(beside.phases.at(-1)).toBe("connected");
  });

  it("says its path and its generation in hello, state and log [PROBE-6, CONN-19, LOG-1]", () => {
    const stage = stageNetwork();
    const measured = probeAt(stage, { path: Path.RELAY, generation: 7 });
    stage.clock.advance(1_000);
    expect(stage.transitions.find(({ to }) => to === "probing")).toMatchObject({ path: Path.RELAY });
    expect(measured.transitions.map(({ machine, path, generation }) => [machine, path, generation])).toEqual(
      Array(3).fill(["probe", Path.RELAY, 7]),
    );
    expect(measured.transitions.at(-1)).toMatchObject({ serverId: SERVER_ID, sessionRef: "4ad47d453c752624" });
  });
});

describe("Probe: ending", () => {
  it("gives a path up that takes a hello and swallows data [PROBE-8]", () => {
    const stage = stageNetwork();
    stage.network.onMessage = (_, direction, message) =>
      direction === "up" && message.length > 1_400 ? undefined : message;
    const { probe } = probeAt(stage);
    stage.clock.advance(1_000);
    expect(roundTripsOf(probe.state)).toBeUndefined();
    stage.clock.advance(5_000);
    expect(probeEndOf(probe.state)?.reason).toBe(ProbeEndReason.PONG_MISSING);
    expect(hasPathFailed(probe.state)).toBe(true);
  });

  it.each([
    ["hang", ProbeEndReason.OPEN_TIMED_OUT, 10_000],
    ["refuse", ProbeEndReason.TRANSPORT_FAILED, 1_000],
  ] as const)("gives a transport up that dialling makes %s [PROBE-8]", (answer, reason, afterMs) => {
    const stage = stageNetwork();
    stage.network.setDialing(ENDPOINT, answer);
    const { probe } = probeAt(stage);
    stage.clock.advance(afterMs);
    expect(probeEndOf(probe.state)).toMatchObject({ reason, code: CloseCode.UNSPECIFIED });
    expect(hasPathFailed(probe.state)).toBe(true);
    stage.clock.advance(60_000);
    expect(stage.clock.pending).toBe(0);
  });

  it("ends with its connection [PROBE-8]", () => {
    const stage = stageNetwork();
    const { probe } = probeAt(stage);
    stage.clock.advance(1_000);
    stage.network.links[0]?.cut({ clientToldMs: 0 });
    stage.clock.advance(1_000);
    expect(probeEndOf(probe.state)?.reason).toBe(ProbeEndReason.TRANSPORT_CLOSED);
    expect(hasPathFailed(probe.state)).toBe(true);
  });

  it("says WRONG_SERVER where another daemon answers, which is no failure of the path [PROBE-8, WELCOME-2]", () => {
    const stage = stageNetwork();
    const { probe } = probeAt(stage, { expectedServerId: OTHER_SERVER_ID });
    stage.clock.advance(1_000);
    expect(probeEndOf(probe.state)).toMatchObject({
      reason: ProbeEndReason.WRONG_SERVER,
      code: CloseCode.WRONG_SERVER,
    });
    expect(hasPathFailed(probe.state)).toBe(false);
  });

  it("says OVERLOADED as a reason of its own, which is no failure of the path [PROBE-9, PROBE-5]", () => {
    const stage = stageNetwork();
    const probes = Array.from({ length: 11 }, () => probeAt(stage).probe);
    stage.clock.advance(1_000);
    expect(probes.filter(({ state }) => state.state.case === "probed")).toHaveLength(10);
    const [refused] = probes.filter(({ state }) => state.state.case === "closed");
    expect(refused && probeEndOf(refused.state)).toMatchObject({
      reason: ProbeEndReason.OVERLOADED,
      code: CloseCode.OVERLOADED,
    });
    expect(refused && hasPathFailed(refused.state)).toBe(false);
  });

  it("ends a little before the daemon would end it, and says goodbye [PROBE-10]", () => {
    const stage = stageNetwork();
    const { probe } = probeAt(stage);
    for (let second = 0; second < 55; second += 1) {
      stage.clock.advance(1_000);
      probe.measure();
    }
    expect(probe.state.state.case).toBe("probed");
    stage.clock.advance(1_000);
    expect(probeEndOf(probe.state)?.reason).toBe(ProbeEndReason.EXPIRED);
    expect(stage.transitions.at(-1)).toMatchObject({ from: "probing", event: "goodbye" });
    stage.clock.advance(5_000);
    expect(stage.clock.pending).toBe(0);
  });

  it.each(["hang", "normal"] as const)(
    "blames no path for what could not come while the process slept, dialling %s [PROBE-8, LIVE-6]",
    (answer) => {
      const stage = stageNetwork();
      stage.network.setDialing(ENDPOINT, answer);
      const host = stage.network.host("sleeper");
      const measured = probeAt({ clock: host.clock, transport: host.transport });
      stage.clock.advance(1_000);
      measured.probe.measure();
      host.sleep(30_000);
      stage.clock.advance(31_000);
      expect(probeEndOf(measured.probe.state)?.reason).toBe(ProbeEndReason.EXPIRED);
      expect(hasPathFailed(measured.probe.state)).toBe(false);
    },
  );

  it.each([0, 1, 1_000])(
    "closes when its owner wants it, %i ms after it was made, and leaves nothing [PROBE-8]",
    (afterMs) => {
      const stage = stageNetwork();
      const { probe } = probeAt(stage);
      stage.clock.advance(afterMs);
      probe.close();
      probe.close();
      probe.measure();
      expect(probeEndOf(probe.state)?.reason).toBe(ProbeEndReason.REQUESTED);
      expect(isProbeOver(probe.state)).toBe(true);
      expect(hasPathFailed(probe.state)).toBe(false);
      stage.clock.advance(20_000);
      expect(stage.server.metrics.open.probing).toBe(0);
      expect(stage.clock.pending).toBe(0);
    },
  );

  it("stays probed where the daemon pings it, and answers [PROBE-6, LIVE-2]", () => {
    const stage = stageNetwork();
    const { probe } = probeAt(stage);
    stage.clock.advance(40_000);
    expect(probe.state.state.case).toBe("probed");
    expect(stage.server.metrics.pongMissing).toBe(0);
  });
});

describe("Probe: credentials", () => {
  it("are asked for once by all that share a source, and again when they are refused [RETRY-6]", async () => {
    const stage = stageDaemon({
      authenticate: ({ credential }) =>
        credential?.token === "new" ? { principal: "owner" } : { rejected: "CREDENTIAL_EXPIRED" },
    });
    const { clock, pair } = stage;
    const { transport } = pair;
    const tokens = ["old", "new", "none"];
    let asked = 0;
    const credential = createCredentialSource(async () => {
      asked += 1;
      return { bearerToken: tokens[asked - 1] ?? "" };
    });
    const first = [probeAt({ clock, transport }, { credential }), probeAt({ clock, transport }, { credential })];
    await clock.advanceAsync(100);
    expect(first.map(({ probe }) => probeEndOf(probe.state)?.code)).toEqual(
      Array(2).fill(CloseCode.CREDENTIAL_EXPIRED),
    );
    const measured = probeAt({ clock, transport }, { credential });
    const beside = stageAt(clock, pair, { credential });
    await connect(beside);
    await clock.advanceAsync(100);
    expect(placeOf(measured)).toBe("probed");
    expect(asked).toBe(2);
  });

  it("that cannot be had are no failure of the path, and nothing is dialled [PROBE-8]", async () => {
    const stage = stageNetwork();
    const thrown = new Error("signed out");
    const measured = probeAt(stage, { credential: () => Promise.reject(thrown) });
    await stage.clock.advanceAsync(100);
    expect(probeEndOf(measured.probe.state)?.reason).toBe(ProbeEndReason.CREDENTIAL_FAILED);
    expect(hasPathFailed(measured.probe.state)).toBe(false);
    expect(measured.errors).toEqual([thrown]);
    expect(stage.network.links).toEqual([]);
    expect(stage.clock.pending).toBe(0);
  });

  it("that nobody gives are waited for no longer than a connection [PROBE-8, RUN-3]", async () => {
    const stage = stageNetwork();
    const measured = probeAt(stage, { credential: () => new Promise(() => {}) });
    await stage.clock.advanceAsync(10_000);
    expect(probeEndOf(measured.probe.state)?.reason).toBe(ProbeEndReason.OPEN_TIMED_OUT);
    expect(stage.clock.pending).toBe(0);
  });

  it("that come after the probe was closed are not used [PROBE-8, INV-8]", async () => {
    const stage = stageNetwork();
    const { probe } = probeAt(stage, { credential: async () => ({ bearerToken: "late" }) });
    probe.close();
    await stage.clock.advanceAsync(1_000);
    expect(stage.network.links).toEqual([]);
  });
});
