import { type RigProcess, startRigProcess } from "./rig.ts";

/** One thing that is measured for several peers in the same run. */
export interface Comparison {
  /** What the tables call it. */
  readonly what: string;
  /** The name in `clientMeasures`. */
  readonly measure: string;
  /** Its parameters; `count` is for the first, slower run, and is then set for each peer to last about a second. */
  readonly parameters: Readonly<Record<string, number>>;
  /** The peers, ours not among them. */
  readonly peers: readonly string[];
  /** The cores of the server and the client. Default: 0 and 1. */
  readonly cores?: readonly [number, number];
  /**
   * How many servers and clients each peer has, which take turns as the peers do, and share a second. Default 1. More are
   * for small figures: two runs of one program differ by a tenth, by how the engine happens to have compiled it.
   */
  readonly pairs?: number;
}

/** The server and the client of one peer. */
export interface Rig {
  /** The name of the peer. */
  readonly name: string;
  /** Where its server listens. */
  readonly port: number;
  /** The process of the server. */
  readonly server: RigProcess;
  /** The process of the client. */
  readonly client: RigProcess;
}

const TARGET_MS = 1000;
const LEAST_COUNT = 64;
/** Runs before those that count: the first ones are slow, and the last one says how much a second is. */
const CALIBRATIONS = 6;

/**
 * Measures all peers side by side: server and client processes for each, on two cores, one round after the other with the
 * peers taking turns, there and back. @returns Each peer's figures, one for each round and pair of processes.
 */
export async function compare(comparison: Comparison, rounds: number): Promise<Map<string, number[]>> {
  const names = ["moorline", ...comparison.peers];
  const pairs = Array.from({ length: comparison.pairs ?? 1 }, () => names).flat();
  const figures = new Map(names.map((name) => [name, [] as number[]]));
  await withRigs(pairs, comparison.cores, async (rigs) => {
    const turns: Array<{ readonly rig: Rig; readonly count: number }> = [];
    for (const rig of rigs) {
      await dial(rig);
      turns.push({ rig, count: await calibrate(comparison, rig.client) });
    }
    for (let round = 0; round < rounds; round += 1) {
      for (const { rig, count } of turns) figures.get(rig.name)?.push(await measure(comparison, rig.client, count));
      turns.reverse();
    }
  });
  return figures;
}

/** Starts a server and a client process for each peer, and ends them after the work. */
export async function withRigs<T>(
  names: readonly string[],
  [serverCore, clientCore]: readonly [number, number] = [0, 1],
  work: (rigs: readonly Rig[]) => Promise<T>,
): Promise<T> {
  const processes: RigProcess[] = [];
  const start = (core: number): RigProcess => {
    const process = startRigProcess(core);
    processes.push(process);
    return process;
  };
  try {
    const rigs: Rig[] = [];
    for (const name of names) {
      const server = start(serverCore);
      const client = start(clientCore);
      const port = await server.ask({ do: "serve", peer: name });
      rigs.push({ name, port, server, client });
    }
    return await work(rigs);
  } finally {
    for (const process of processes) process.end();
  }
}

/** Connects the client to its server. */
export async function dial({ name, port, client }: Rig): Promise<void> {
  await client.ask({ do: "dial", peer: name, port });
}

/** Warms a client up, some seconds long. @returns The count that lasts about a second, or its share of one. */
export async function calibrate(comparison: Comparison, client: RigProcess): Promise<number> {
  let count = comparison.parameters.count ?? LEAST_COUNT;
  for (let run = 0; run < CALIBRATIONS; run += 1) {
    const startMs = performance.now();
    await measure(comparison, client, count);
    count = Math.max(LEAST_COUNT, Math.round((count * TARGET_MS) / (performance.now() - startMs)));
  }
  return Math.ceil(count / (comparison.pairs ?? 1));
}

/** Measures once. */
export function measure({ measure: name, parameters }: Comparison, client: RigProcess, count: number): Promise<number> {
  return client.ask({ do: "measure", measure: name, parameters: { ...parameters, count } });
}
