import { type Fault, faults } from "../../../src/testing/fault-schedule.ts";
import type { SimulatedRandom } from "../../../src/testing/simulated-random.ts";
import type { DiskMood } from "../mirrors/mirror-disk.ts";
import type { HostWorld } from "./host-world.ts";
import type { Tab } from "./tab.ts";

const DRAIN_MS = 14_000;
const FLICKERS = 40;
const FLICKER_GAP_MS = 120;

/** Everything that goes wrong in a world. */
export function createHostFaults(world: HostWorld): Readonly<Record<string, Fault>> {
  const { cut, cutAndToldLate, cutAndNeverTold, halfOpen, stall, lateDelivery } = faults;
  return {
    ...({ cut, cutAndToldLate, cutAndNeverTold, halfOpen, stall, lateDelivery } as Readonly<Record<string, Fault>>),
    ...createWayFaults(world),
    ...createDaemonFaults(world),
    ...createTabFaults(world),
    ...createCredentialFaults(world),
    ...createDiskFaults(world),
  };
}

function createWayFaults({ scene: { ways, random, clock } }: HostWorld): Readonly<Record<string, Fault>> {
  const changeMood = (): void => ways.changeMood(random.pick(ways.all));
  return {
    changeMood,
    changeMoodMore: changeMood,
    openWay: () => ways.changeMood(random.pick(ways.all), "open"),
    changeSpeed: () => ways.changeSpeed(random.pick(ways.all)),
    changeSpeedMore: () => ways.changeSpeed(random.pick(ways.all)),
    blackhole: () => {
      const way = random.pick(ways.all);
      ways.changeWidth(way, "narrow");
      clock.setTimer(anyTime(random, 30_000), () => ways.changeWidth(way, "wide"));
    },
  };
}

function createDaemonFaults({ scene, daemon }: HostWorld): Readonly<Record<string, Fault>> {
  const { random, clock } = scene;
  return {
    crashDaemon: () => {
      daemon.crash(random.chance(0.7));
      clock.setTimer(anyTime(random, 8_000), () => daemon.start());
    },
    drainDaemon: () => {
      if (!random.chance(0.3)) return;
      daemon.drain();
      clock.setTimer(DRAIN_MS, () => daemon.start());
    },
    sleepDaemon: () => daemon.process?.host.sleep(anyTime(random, 8_000)),
    omitChange: () => daemon.agents.omitNext(),
  };
}

function createTabFaults(world: HostWorld): Readonly<Record<string, Fault>> {
  const { random, clock, judge } = world.scene;
  const sleep = onTab(world, (tab) => tab.sleep(anyTime(random, 20_000)));
  const signal = (name: "online" | "foreground" | "hidden" | "frozen" | "offline"): Fault =>
    onTab(world, ({ process, lifecycle }) => process.perform(() => lifecycle.signal(name)));
  const hide = onTab(world, ({ process, lifecycle }) => {
    process.perform(() => lifecycle.signal(random.pick(["hidden", "frozen"])));
    clock.setTimer(anyTime(random, 15_000), () => process.perform(() => lifecycle.signal("foreground")));
  });
  /** The system changes its mind about the network again and again. */
  const flicker = onTab(world, ({ process, lifecycle }) => {
    judge.facts.count("flickers");
    for (let i = 0; i < FLICKERS; i += 1) {
      clock.setTimer(i * FLICKER_GAP_MS, () => process.perform(() => lifecycle.signal("online")));
    }
  });
  return {
    sleep,
    hide,
    flicker,
    foreground: signal("foreground"),
    online: signal("online"),
    offline: signal("offline"),
  };
}

function createCredentialFaults(world: HostWorld): Readonly<Record<string, Fault>> {
  const { daemon, scene } = world;
  const { random, credentials, clock } = scene;
  if (!credentials.areNeeded) return {};
  return {
    refuseCredential: onTab(world, ({ name }) => {
      credentials.disfavour(name, random.pick(["expired", "wrong"]));
      clock.setTimer(anyTime(random, 10_000), () => credentials.favour(name));
    }),
    revokeCredential: onTab(world, ({ name }) => daemon.revoke(name)),
    expireCredential: onTab(world, ({ name }) => credentials.spoil(name)),
  };
}

/** Programs are killed at any moment, and others begin with what they have kept; and the disk does what disks do. */
function createDiskFaults(world: HostWorld): Readonly<Record<string, Fault>> {
  const { plan, disk, random, clock } = world.scene;
  if (plan.disk === "none") return {};
  const killAnd = (harm: () => void): Fault =>
    onTab(world, (tab) => {
      tab.kill(random.chance(0.7));
      harm();
      clock.setTimer(anyTime(random, 3_000), () => world.openAnother());
    });
  const kill = killAnd(() => {});
  if (plan.disk === "good") return { kill, killMore: kill };
  const moods: readonly DiskMood[] = ["late", "slow", "throwing", "full", "silent"];
  const spoil = (): void => {
    disk.mood = random.pick(moods);
    clock.setTimer(anyTime(random, 8_000), () => disk.recover());
  };
  return {
    ...{ kill, spoil, spoilMore: spoil, rollBack: () => disk.rollBack() },
    killAndSpoil: killAnd(spoil),
    killAndRollBack: killAnd(() => disk.rollBack()),
    killAndDamage: killAnd(() => disk.damage()),
  };
}

function onTab(world: HostWorld, strike: (tab: Tab) => void): Fault {
  return () => {
    const tabs = world.tabs.filter(({ standing }) => !standing.isStopped);
    if (tabs.length > 0) strike(world.scene.random.pick(tabs));
  };
}

/** From 20 ms to `maxMs`, each order of magnitude as probable as the others. */
function anyTime(random: SimulatedRandom, maxMs: number): number {
  return 20 * (maxMs / 20) ** random.unit();
}
