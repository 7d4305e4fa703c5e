import { SimulatedClock } from "../../../src/testing/simulated-clock.ts";
import { SimulatedNetwork } from "../../../src/testing/simulated-network.ts";
import { SimulatedRandom } from "../../../src/testing/simulated-random.ts";
import { ChannelBook, type Excuses } from "./channel-book.ts";
import { Credentials } from "./credentials.ts";
import { HelloBook } from "./hello-book.ts";
import { JournalDisk } from "./journal-disk.ts";
import { Judge } from "./judge.ts";
import { KeyedBook } from "./keyed-book.ts";
import { Ledger } from "./ledger.ts";
import type { Scene } from "./scene.ts";
import { drawSessionPlan, journalLimitsOf } from "./session-plan.ts";

/** Events without time passing that count as a loop. */
const MAX_EVENTS_PER_INSTANT = 5_000;

/** What everybody in a world shares, from its seed. */
export function createScene(
  seed: number,
  eventCount: number,
  known: Pick<Excuses, "isDone" | "isDraining"> & Pick<Scene, "isHeld">,
): Scene {
  const random = new SimulatedRandom(seed);
  const plan = drawSessionPlan(random);
  const clock = new SimulatedClock({ maxEventsPerInstant: MAX_EVENTS_PER_INSTANT });
  const { latencyMs, bytesPerMs } = plan;
  const network = new SimulatedNetwork({
    ...{ clock, random: random.fork(), historyLength: eventCount },
    ...{ latencyMs, jitterMs: latencyMs / 2, bytesPerMs },
  });
  network.note(`plan: ${JSON.stringify(plan)}`);
  const judge = new Judge();
  const endedRefs = new Set<string>();
  const { answers } = plan;
  const disk = new JournalDisk({ judge, clock, answers, random: random.fork(), limits: journalLimitsOf(plan) });
  return {
    ...{ plan, clock, random, network, judge, endedRefs, hashes: new Map() },
    ledger: new Ledger(judge),
    keyed: new KeyedBook(judge, disk, clock),
    channels: new ChannelBook(judge, {
      endedRefs,
      isDone: known.isDone,
      hasNarrowLimits: plan.limits === "narrow",
      get isDraining() {
        return known.isDraining;
      },
    }),
    isHeld: known.isHeld,
    hellos: new HelloBook(judge),
    credentials: new Credentials(plan, random.fork()),
  };
}
