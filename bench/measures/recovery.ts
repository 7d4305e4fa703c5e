import { type Comparison, dial, measure, withRigs } from "../compare.ts";
import type { ProfiledWork } from "../profile.ts";
import { type BenchResult, toResults } from "../results.ts";

const RECOVERIES = 9;
const PINGS = 1000;
const PROFILED_RECOVERIES = 50;
const ping: Comparison = { what: "ping", measure: "ping", parameters: { size: 64 }, peers: [] };
const recovery: Comparison = { what: "recovery", measure: "recovery", parameters: {}, peers: [] };

/** The recovery, to be profiled. */
export const recoveryWork: ProfiledWork = {
  what: "recovery",
  async prepare(rig) {
    await dial(rig);
    await measure(recovery, rig.client, RECOVERIES);
    return PROFILED_RECOVERIES;
  },
  run: ({ client }, items) => measure(recovery, client, items),
};

/** From the dialling after a cut to the first frame that is sent again, beside the round trip of a message in the same run. */
export async function measureRecovery(rounds: number): Promise<BenchResult[]> {
  const figures = await withRigs(["moorline"], undefined, async ([rig]) => {
    const recoveries: number[] = [];
    const pings: number[] = [];
    if (rig === undefined) return new Map<string, number[]>();
    await dial(rig);
    for (let round = 0; round <= rounds; round += 1) {
      const roundTrip = await measure(ping, rig.client, PINGS);
      const recovered = await measure(recovery, rig.client, RECOVERIES);
      // The first round warms up.
      if (round > 0) pings.push(roundTrip);
      if (round > 0) recoveries.push(recovered);
    }
    return new Map([
      ["moorline", recoveries],
      ["its ping-pong p50", pings],
    ]);
  });
  const what = "from the retry after a cut to the first replayed frame, µs";
  return toResults(what, figures, { "its ping-pong p50": { most: 3 } });
}
