import { type Fault, faults } from "../../../src/testing/fault-schedule.ts";
import type { SimulatedRandom } from "../../../src/testing/simulated-random.ts";
import type { Program } from "./program.ts";
import type { Village } from "./village.ts";

/** Longer than a channel without a connection is kept. */
const ABSENCE_MS = 16 * 60_000;
const MAX_PROGRAMS = 6;

/** The faults of the network, and what programs, daemons and their users do. */
export function createSessionFaults(village: Village): Readonly<Record<string, Fault>> {
  const { scene, daemon } = village;
  const { random, plan, credentials, clock } = scene;
  const onProgram = (strike: (program: Program) => void) => (): void => {
    const living = village.livingPrograms();
    if (living.length > 0) strike(random.pick(living));
  };
  const restartLater = (): void => {
    clock.setTimer(maybeLong(random), () => daemon.start());
  };
  return {
    ...faults,
    cutMore: faults.cut as Fault,
    lateDeliveryMore: faults.lateDelivery as Fault,
    crashDaemon: rarely(random, 0.4, () => {
      daemon.crash(random.chance(0.7));
      restartLater();
    }),
    drainDaemon: rarely(random, 0.3, () => {
      daemon.drain();
      clock.setTimer(14_000 + maybeLong(random), () => daemon.start());
    }),
    sleepDaemon: () => daemon.process?.host.sleep(maybeLong(random)),
    killProgram: onProgram((program) => village.restart(program, () => program.process.host.crash(random.chance(0.6)))),
    endProgram: onProgram((program) =>
      village.restart(program, () => program.process.perform(() => program.end(random.pick(["close", "dispose"])))),
    ),
    addProgram: () => {
      if (village.livingPrograms().length < MAX_PROGRAMS) village.addProgram();
    },
    switchPath: onProgram((program) => program.process.perform(() => program.owner.switchPath())),
    probe: () => village.probe(),
    refuseCredential: onProgram((program) => {
      if (!credentials.areNeeded) return;
      program.standing.mayStop = true;
      credentials.disfavour(program.name, random.pick(["expired", "wrong"]));
      clock.setTimer(maybeLong(random), () => credentials.favour(program.name));
    }),
    expireCredential: onProgram((program) => credentials.spoil(program.name)),
    revokeCredential: rarely(
      random,
      0.3,
      onProgram((program) => {
        if (!credentials.areNeeded) return;
        program.standing.mayStop = true;
        program.standing.isRevoked = true;
        daemon.revoke(program.name);
      }),
    ),
    endSession: rarely(
      random,
      0.1,
      onProgram((program) => village.endSession(program)),
    ),
    absence: onProgram((program) => {
      if (plan.hasAbsences) program.process.host.sleep(ABSENCE_MS * (0.9 + 0.4 * random.unit()));
    }),
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
