import { type Fault, faults } from "../../../src/testing/fault-schedule.ts";
import type { SimulatedRandom } from "../../../src/testing/simulated-random.ts";
import type { Program } from "./program.ts";
import { maxProgramsOf } from "./session-plan.ts";
import type { SessionWorld } from "./session-world.ts";

/** Longer than a channel without a connection is kept. */
const ABSENCE_MS = 16 * 60_000;
/** Longer than a drain takes. */
const DRAIN_MS = 14_000;

/** The faults of the network, and what programs, daemons and their users do. */
export function createSessionFaults(world: SessionWorld): Readonly<Record<string, Fault>> {
  return {
    ...faults,
    cutMore: faults.cut as Fault,
    lateDeliveryMore: faults.lateDelivery as Fault,
    probe: () => world.probe(),
    ...createDaemonFaults(world),
    ...createProgramFaults(world),
    ...createCredentialFaults(world),
  };
}

function createDaemonFaults(world: SessionWorld): Readonly<Record<string, Fault>> {
  const { daemon, scene } = world;
  const { random, clock } = scene;
  const startLater = (afterMs: number): void => {
    clock.setTimer(afterMs + maybeLong(random), () => daemon.start());
  };
  const crash = (): void => {
    daemon.crash(random.chance(0.7));
    startLater(0);
  };
  const drain = (): void => {
    daemon.drain();
    startLater(DRAIN_MS);
  };
  return {
    crashDaemon: rarely(random, 0.4, crash),
    drainDaemon: rarely(random, 0.3, drain),
    sleepDaemon: () => daemon.process?.host.sleep(maybeLong(random)),
    endSession: rarely(
      random,
      0.1,
      onProgram(world, (program) => world.endSession(program)),
    ),
  };
}

function createProgramFaults(world: SessionWorld): Readonly<Record<string, Fault>> {
  const { random, plan } = world.scene;
  const kill = ({ process }: Program): void => process.host.crash(random.chance(0.6));
  const end = (program: Program): void => program.process.perform(() => program.end(random.pick(["close", "dispose"])));
  return {
    killProgram: onProgram(world, (program) => world.restart(program, () => kill(program))),
    endProgram: onProgram(world, (program) => world.restart(program, () => end(program))),
    addProgram: () => {
      if (world.livingPrograms().length < maxProgramsOf(plan)) world.addProgram();
    },
    switchPath: onProgram(world, ({ process, owner }) => process.perform(() => owner.switchPath())),
    absence: onProgram(world, ({ process }) => {
      if (plan.hasAbsences) process.host.sleep(ABSENCE_MS * (0.9 + 0.4 * random.unit()));
    }),
  };
}

function createCredentialFaults(world: SessionWorld): Readonly<Record<string, Fault>> {
  const { daemon, scene } = world;
  const { random, credentials, clock } = scene;
  const refuse = ({ standing, name }: Program): void => {
    standing.mayStop = true;
    credentials.disfavour(name, random.pick(["expired", "wrong"]));
    clock.setTimer(maybeLong(random), () => credentials.favour(name));
  };
  const revoke = ({ standing, name }: Program): void => {
    standing.mayStop = true;
    standing.isRevoked = true;
    daemon.revoke(name);
  };
  const expire = ({ standing, name }: Program): void => {
    standing.credentialSpoiled();
    credentials.spoil(name);
  };
  if (!credentials.areNeeded) return {};
  return {
    refuseCredential: onProgram(world, refuse),
    revokeCredential: rarely(random, 0.3, onProgram(world, revoke)),
    expireCredential: onProgram(world, expire),
  };
}

function onProgram(world: SessionWorld, strike: (program: Program) => void): () => void {
  return () => {
    const living = world.livingPrograms();
    if (living.length > 0) strike(world.scene.random.pick(living));
  };
}

function rarely(random: SimulatedRandom, probability: number, fault: () => void): Fault {
  return () => {
    if (random.chance(probability)) fault();
  };
}

/** From 20 ms to 20 s, each order of magnitude as probable as the others. */
function maybeLong(random: SimulatedRandom): number {
  return 20 * 1_000 ** random.unit();
}
