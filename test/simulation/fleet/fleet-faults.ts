import { type Fault, faults } from "../../../src/testing/fault-schedule.ts";
import type { SimulatedRandom } from "../../../src/testing/simulated-random.ts";
import type { DiskMood } from "../mirrors/mirror-disk.ts";
import type { FleetApp } from "./fleet-app.ts";
import type { FleetWorld } from "./fleet-world.ts";
import type { RegistryMood } from "./shared-registry.ts";

/** Everything that goes wrong in a world of fleets. */
export function createFleetFaults(world: FleetWorld): Readonly<Record<string, Fault>> {
  const { cut, cutAndNeverTold, stall } = faults;
  return {
    ...({ cut, cutAndNeverTold, stall } as Readonly<Record<string, Fault>>),
    ...createDaemonFaults(world),
    ...createAppFaults(world),
    ...createKeepingFaults(world),
  };
}

function createDaemonFaults({
  scene: { daemons, random, clock, network },
}: FleetWorld): Readonly<Record<string, Fault>> {
  return {
    crashDaemon: () => {
      const daemon = random.pick(daemons);
      daemon.crash(random.chance(0.7));
      clock.setTimer(anyTime(random, 6_000), () => daemon.start());
    },
    refuseDials: () => {
      const endpoint = random.pick(random.pick(daemons).endpoints);
      network.setDialing(endpoint, random.pick(["refuse", "hang"]));
      clock.setTimer(anyTime(random, 6_000), () => network.setDialing(endpoint, "normal"));
    },
    omitChange: () => random.pick(daemons).agents.omitNext(),
  };
}

function createAppFaults(world: FleetWorld): Readonly<Record<string, Fault>> {
  const { random, clock } = world.scene;
  const another = (): void => void clock.setTimer(anyTime(random, 2_000), () => world.openAnother());
  return {
    sleep: onApp(world, (app) => app.sleep(anyTime(random, 12_000))),
    kill: onApp(world, (app) => {
      app.kill(random.chance(0.7));
      another();
    }),
    stop: onApp(world, (app) => {
      if (!random.chance(0.3)) return;
      app.process.perform(() => app.stop());
      another();
    }),
  };
}

function createKeepingFaults({ scene }: FleetWorld): Readonly<Record<string, Fault>> {
  const { plan, registry, disk, random, clock } = scene;
  const diskMoods: readonly DiskMood[] = ["late", "slow", "throwing", "full"];
  const registryMoods: readonly RegistryMood[] = ["late", "throwing", "full"];
  const spoilDisk: Fault = () => {
    disk.mood = random.pick(diskMoods);
    clock.setTimer(anyTime(random, 6_000), () => disk.recover());
  };
  const spoilRegistry: Fault = () => {
    registry.mood = random.pick(registryMoods);
    clock.setTimer(anyTime(random, 6_000), () => {
      registry.mood = "well";
    });
  };
  return {
    ...(plan.registry === "bad" ? { spoilRegistry, spoilRegistryMore: spoilRegistry } : {}),
    ...(plan.disk === "bad" ? { spoilDisk, rollBack: () => disk.rollBack(), damage: () => disk.damage() } : {}),
  };
}

function onApp(world: FleetWorld, strike: (app: FleetApp) => void): Fault {
  return () => {
    const { living } = world;
    if (living.length > 0) strike(world.scene.random.pick(living));
  };
}

/** From 20 ms to `maxMs`, each order of magnitude as probable as the others. */
function anyTime(random: SimulatedRandom, maxMs: number): number {
  return 20 * (maxMs / 20) ** random.unit();
}
