import { describe, expect, it } from "vitest";
import { ClientInstance } from "../../../src/client/client-instance.ts";
import type { DaemonClient } from "../../../src/client/daemon-client.ts";
import { isProbeOver } from "../../../src/client/probe-selectors.ts";
import { SimulatedRandom } from "../../../src/testing/simulated-random.ts";
import { ENDPOINT, type NetworkStage, type ProbeStage, probeAt, stageNetwork } from "./support/probe-stage.ts";
import { stageAt } from "./support/stage.ts";

const SEEDS = 40;
const STEPS = 60;

/** A host on which probes come and go, are promoted and forgotten, while the network does what it likes. */
class ProbeWorld {
  readonly stage: NetworkStage = stageNetwork();
  readonly probes: ProbeStage[] = [];
  readonly clients: DaemonClient[] = [];
  private readonly random: SimulatedRandom;
  private readonly instance: ClientInstance;
  /** Hellos of the clients. Probes must not take any. */
  private attempts = 0;

  constructor(seed: number) {
    this.random = new SimulatedRandom(seed);
    this.instance = new ClientInstance({ random: this.random });
  }

  async step(): Promise<void> {
    const { clock, network } = this.stage;
    const { random } = this;
    const link = random.pick([undefined, ...network.links]);
    const direction = random.pick(["up", "down"] as const);
    const probe = random.pick([undefined, ...this.probes])?.probe;
    random.pick<() => void>([
      () => void this.probes.push(this.createProbe()),
      () => void this.probes.push(this.createProbe()),
      () => probe?.measure(),
      () => probe?.measure(),
      () => probe?.close(),
      () => this.promote(),
      () => this.promote(),
      () => link?.cut(),
      () => link?.drop(direction),
      () => link?.stall(direction, random.int(8_000)),
      () => network.setDialing(ENDPOINT, random.pick(["normal", "normal", "refuse", "hang"])),
      () => clock.sleep(random.int(20_000)),
    ])();
    await clock.advanceAsync(random.pick([0, 1, 50, 100, 1_000, 6_000]));
    this.judge();
  }

  /** Lets go of everything, and waits until nothing is left. */
  async end(): Promise<void> {
    const { clock, network, server } = this.stage;
    network.heal();
    for (const { probe } of this.probes) probe.close();
    for (const client of this.clients) client.dispose();
    await clock.advanceAsync(120_000);
    for (const { probe } of this.probes) expect(isProbeOver(probe.state)).toBe(true);
    expect(server.metrics.open).toMatchObject({ probing: 0, attached: 0 });
    expect(network.thrown).toEqual([]);
  }

  private createProbe(): ProbeStage {
    return probeAt(this.stage, { random: this.random, generation: this.probes.length });
  }

  /** A client takes over from a probe that is there, half of the time without ever dialling. */
  private promote(): void {
    const ready = this.probes.find(({ probe }) => probe.state.state.case === "probed");
    if (ready === undefined) return;
    const transport = ready.probe.promote();
    if (this.random.chance(0.2)) return;
    const options = { transport, redial: false, instance: this.instance, random: this.random };
    const { client } = stageAt(this.stage.clock, this.stage.pair, options);
    this.clients.push(client);
    client.ensureConnected().catch(() => {});
  }

  private judge(): void {
    const { highestAttempt } = this.instance;
    expect(highestAttempt).toBeGreaterThanOrEqual(this.attempts);
    expect(highestAttempt).toBeLessThanOrEqual(this.clients.length);
    this.attempts = highestAttempt;
    expect(this.clients.filter(({ state }) => state.state.case === "connected").length).toBeLessThanOrEqual(1);
    for (const { errors } of this.probes) expect(errors).toEqual([]);
    if (this.clients.length === 0) expect(this.stage.server.sessions.list()).toEqual([]);
  }
}

describe("Probe: random schedules", () => {
  it("take no attempt, make no session, leave nothing behind, and promote to one client at most [INV-7, INV-8, PROBE-6, PROBE-11]", async () => {
    let promoted = 0;
    for (let seed = 1; seed <= SEEDS; seed += 1) {
      const world = new ProbeWorld(seed);
      try {
        for (let step = 0; step < STEPS; step += 1) await world.step();
        await world.end();
      } catch (error) {
        console.error(`seed ${seed}: ${world.stage.network.history.join("\n")}`);
        throw error;
      }
      promoted += world.clients.length;
    }
    expect(promoted).toBeGreaterThan(SEEDS);
  });
});
