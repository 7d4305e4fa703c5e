import { withRigs } from "../compare.ts";
import type { HeapUse } from "../heap.ts";
import { writeHeapProfile } from "../profile.ts";
import { type BenchResult, toResults } from "../results.ts";
import type { Usage } from "../rig.ts";
import { manyConnections } from "./file-limit.ts";

const WARM_UP = 200;
const PROFILED = 2000;
const MOST_KINDS = 40;
/** What we want of both figures: at most twice a bare connection, and below socket.io. */
const goals = { "raw ws": { most: 2 }, "socket.io": { below: 1 } } as const;

/**
 * What an idle session with its channel takes on the server, beside an idle connection of the peers. The connections come
 * in as many steps as there are rounds; each step gives one figure.
 */
export async function measureIdleMemory(rounds: number): Promise<BenchResult[]> {
  const connections = manyConnections();
  const resident = new Map<string, number[]>();
  const heap = new Map<string, number[]>();
  for (const peer of ["moorline", "raw ws", "socket.io"]) {
    const usages = await growCrowd(peer, Math.floor((connections - WARM_UP) / rounds), rounds);
    resident.set(
      peer,
      differences(usages, ({ rssBytes }) => rssBytes),
    );
    heap.set(
      peer,
      differences(usages, ({ heapBytes }) => heapBytes),
    );
  }
  return [
    ...toResults(`memory per idle session, ${connections} of them, resident bytes`, resident, goals),
    ...toResults(`memory per idle session, ${connections} of them, heap bytes`, heap, goals),
  ];
}

/** What the heap of the server holds for each of some idle sessions. @returns The path of the file. */
export async function profileIdleMemory(): Promise<string> {
  return withRigs(["moorline"], undefined, async ([rig]) => {
    if (rig === undefined) throw new Error("there is no rig");
    const { server, client, port } = rig;
    await client.ask({ do: "crowd", peer: "moorline", port, count: WARM_UP });
    const before = await server.ask<readonly HeapUse[]>({ do: "heap" });
    await client.ask({ do: "crowd", peer: "moorline", port, count: PROFILED });
    const after = await server.ask<readonly HeapUse[]>({ do: "heap" });
    const bytesBefore = new Map(before.map(({ kind, bytes }) => [kind, bytes]));
    const uses = after.map(({ kind, bytes }) => ({ kind, bytes: bytes - (bytesBefore.get(kind) ?? 0) }));
    const largest = uses.sort((a, b) => b.bytes - a.bytes).slice(0, MOST_KINDS);
    return writeHeapProfile("memory per idle session", largest, PROFILED);
  });
}

interface Step extends Usage {
  readonly connections: number;
}

async function growCrowd(peer: string, step: number, rounds: number): Promise<readonly Step[]> {
  return withRigs([peer], undefined, async ([rig]) => {
    if (rig === undefined) return [];
    const { server, client, port } = rig;
    const steps: Step[] = [];
    let connections = 0;
    for (const count of [WARM_UP, ...new Array<number>(rounds).fill(step)]) {
      connections += count;
      await client.ask({ do: "crowd", peer, port, count });
      steps.push({ ...(await server.ask<Usage>({ do: "usage" })), connections });
    }
    return steps;
  });
}

/** Bytes for each connection, step by step. */
function differences(steps: readonly Step[], bytesOf: (usage: Usage) => number): number[] {
  return steps.slice(1).map((step, i) => {
    const before = steps[i] as Step;
    return (bytesOf(step) - bytesOf(before)) / (step.connections - before.connections);
  });
}
