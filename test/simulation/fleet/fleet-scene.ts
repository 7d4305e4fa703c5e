import type { HostProfile } from "../../../gen/moorline/state/v1/host_profile_pb.ts";
import { SimulatedClock } from "../../../src/testing/simulated-clock.ts";
import { SimulatedNetwork } from "../../../src/testing/simulated-network.ts";
import { SimulatedRandom } from "../../../src/testing/simulated-random.ts";
import { AgentHistory } from "../mirrors/agent-history.ts";
import { DaemonTimelines } from "../mirrors/daemon-timelines.ts";
import { MirrorDisk } from "../mirrors/mirror-disk.ts";
import { StoredJudge } from "../mirrors/stored-judge.ts";
import { Judge } from "../session/judge.ts";
import { Ledger } from "../session/ledger.ts";
import { FleetDaemon } from "./fleet-daemon.ts";
import { drawFleetPlan, type FleetPlan } from "./fleet-plan.ts";
import { SharedRegistry } from "./shared-registry.ts";

/** Events without time passing that count as a loop. */
const MAX_EVENTS_PER_INSTANT = 10_000;

/** What everybody in a world of fleets shares. */
export interface FleetScene {
  readonly plan: FleetPlan;
  readonly clock: SimulatedClock;
  readonly random: SimulatedRandom;
  readonly network: SimulatedNetwork;
  readonly judge: Judge;
  readonly ledger: Ledger;
  readonly daemons: readonly FleetDaemon[];
  readonly registry: SharedRegistry;
  readonly disk: MirrorDisk;
}

/** What everybody in a world shares, from its seed. */
export function createFleetScene(seed: number, eventCount: number): FleetScene {
  const random = new SimulatedRandom(seed);
  const plan = drawFleetPlan(random);
  const clock = new SimulatedClock({ maxEventsPerInstant: MAX_EVENTS_PER_INSTANT });
  const network = new SimulatedNetwork({ clock, random: random.fork(), historyLength: eventCount });
  network.note(`plan: ${JSON.stringify(plan)}`);
  const judge = new Judge();
  const agents = new AgentHistory();
  const stored = new StoredJudge(judge, agents, new DaemonTimelines(judge, random.fork(), 0));
  return {
    ...{ plan, clock, random, network, judge },
    ledger: new Ledger(judge),
    daemons: Array.from(
      { length: plan.daemons },
      (_, number) => new FleetDaemon({ plan, clock, random, network, judge, agents }, number),
    ),
    registry: new SharedRegistry(judge, random.fork()),
    disk: new MirrorDisk(judge, random.fork(), (...kept) => stored.kept(...kept)),
  };
}

/** The server ids of profiles, in their order. */
export function idsOf(profiles: readonly Pick<HostProfile, "serverId">[]): string[] {
  return profiles.map(({ serverId }) => serverId);
}
