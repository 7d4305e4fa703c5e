import { setTimeout as sleep } from "node:timers/promises";
import { type Rig, withRigs } from "../compare.ts";
import type { ProfiledWork } from "../profile.ts";
import { type BenchResult, toResults } from "../results.ts";
import type { RigProcess } from "../rig.ts";
import { manyConnections } from "./file-limit.ts";

const MOST_CLIENTS = 10_000;
const QUIET_MS = 200;
const QUIET_MICROS = 5_000;

const PROFILED_CLIENTS = 2_000;

/** The storm, to be profiled. */
export const resumeStormWork: ProfiledWork = {
  what: "resume storm",
  async prepare(rig) {
    await rig.client.ask({ do: "crowd", peer: rig.name, port: rig.port, count: PROFILED_CLIENTS });
    await storm(rig, PROFILED_CLIENTS);
    return PROFILED_CLIENTS;
  },
  // A process under the profiler is never quiet.
  async run({ client }) {
    await client.ask({ do: "cut" });
    await client.ask({ do: "comeBack" });
  },
};

/**
 * Cuts all clients at once, and has all come back: ours resume their channels, those of `ws` are accepted anew. What
 * counts is the CPU time of the server for each.
 */
export async function measureResumeStorm(rounds: number): Promise<BenchResult[]> {
  const clients = Math.min(MOST_CLIENTS, manyConnections());
  const figures = await withRigs(["moorline", "raw ws"], undefined, async (rigs) => {
    for (const { name, port, client } of rigs) await client.ask({ do: "crowd", peer: name, port, count: clients });
    const micros = new Map(rigs.map(({ name }) => [name, [] as number[]]));
    for (let round = 0; round <= rounds; round += 1) {
      for (const rig of rigs) {
        const cost = await storm(rig, clients);
        // The first round warms up.
        if (round > 0) micros.get(rig.name)?.push(cost);
      }
    }
    return micros;
  });
  return toResults(`resume storm of ${clients} clients, server CPU per resume, µs`, figures, {
    "raw ws": { most: 1.5 },
  });
}

async function storm({ server, client }: Rig, clients: number): Promise<number> {
  await client.ask({ do: "cut" });
  const before = await quietCpu(server);
  await client.ask({ do: "comeBack" });
  const after = await server.ask({ do: "cpu" });
  return (after - before) / clients;
}

/** Waits until the server has dealt with everything. @returns The CPU time that it has used so far. */
async function quietCpu(server: RigProcess): Promise<number> {
  // The collection of what the cut has left behind belongs to no round.
  await server.ask({ do: "usage" });
  for (;;) {
    const before = await server.ask({ do: "cpu" });
    await sleep(QUIET_MS);
    const after = await server.ask({ do: "cpu" });
    if (after - before < QUIET_MICROS) return after;
  }
}
