import { SimulatedClock } from "../../../src/testing/simulated-clock.ts";
import { SimulatedNetwork } from "../../../src/testing/simulated-network.ts";
import { SimulatedRandom } from "../../../src/testing/simulated-random.ts";
import { journalLimits } from "../../../src/wire/limits.ts";
import { AgentHistory } from "../mirrors/agent-history.ts";
import { DaemonTimelines } from "../mirrors/daemon-timelines.ts";
import { MirrorDisk } from "../mirrors/mirror-disk.ts";
import { StoredJudge } from "../mirrors/stored-judge.ts";
import { Credentials } from "../session/credentials.ts";
import { JournalDisk } from "../session/journal-disk.ts";
import { Judge } from "../session/judge.ts";
import { KeyedBook } from "../session/keyed-book.ts";
import { Ledger } from "../session/ledger.ts";
import { drawHostPlan, type HostPlan } from "./host-plan.ts";
import { StepJudge } from "./step-judge.ts";
import { Ways } from "./ways.ts";

/** Events without time passing that count as a loop. */
const MAX_EVENTS_PER_INSTANT = 5_000;

/** What everybody in a world shares. */
export interface HostScene {
  readonly plan: HostPlan;
  readonly clock: SimulatedClock;
  readonly random: SimulatedRandom;
  readonly network: SimulatedNetwork;
  readonly judge: Judge;
  readonly ledger: Ledger;
  readonly keyed: KeyedBook;
  readonly credentials: Credentials;
  readonly steps: StepJudge;
  readonly ways: Ways;
  /** What was ever true of the agents of the daemon. */
  readonly agents: AgentHistory;
  readonly timelines: DaemonTimelines;
  /** Where all tabs keep their mirrors. */
  readonly disk: MirrorDisk;
}

/** What everybody in a world shares, from its seed. */
export function createHostScene(seed: number, eventCount: number): HostScene {
  const random = new SimulatedRandom(seed);
  const plan = drawHostPlan(random);
  const clock = new SimulatedClock({ maxEventsPerInstant: MAX_EVENTS_PER_INSTANT });
  const network = new SimulatedNetwork({ clock, random: random.fork(), historyLength: eventCount });
  network.note(`plan: ${JSON.stringify(plan)}`);
  const judge = new Judge();
  const disk = new JournalDisk({ judge, clock, answers: "atOnce", random: random.fork(), limits: journalLimits });
  const agents = new AgentHistory();
  const timelines = new DaemonTimelines(judge, random.fork(), plan.timelines);
  const stored = new StoredJudge(judge, agents, timelines);
  return {
    ...{ plan, clock, random, network, judge, agents, timelines },
    disk: new MirrorDisk(judge, random.fork(), (...kept) => stored.kept(...kept)),
    ledger: new Ledger(judge),
    keyed: new KeyedBook(judge, disk, clock),
    credentials: new Credentials(plan, random.fork()),
    steps: new StepJudge(judge, plan.probeIntervalMs),
    ways: new Ways(network, random.fork(), plan),
  };
}
