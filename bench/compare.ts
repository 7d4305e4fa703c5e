import { startRigProcess, type RigProcess } from "./rig.ts";

/** One thing that is measured for several peers in the same run. */
export interface Comparison {
  /** What the tables call it. */
  readonly what: string;
  /** The name in `clientMeasures`. */
  readonly measure: string;
  /** Its parameters; `count` is for the first, slower run, and is then set for each peer to last about half a second. */
  readonly parameters: Readonly<Record<string, number>>;
  /** The peers, ours not among them. */
  readonly peers: readonly string[];
  /** The cores of the server and the client. Default: 0 and 1. */
  readonly cores?: readonly [number, number];
}

const TARGET_MS = 500;

/**
 * Measures all peers side by side: a server and a client process for each, on two cores, one round after the other with
 * the peers taking turns. @returns Each peer's figures, one for each round.
 */
export async function compare(comparison: Comparison, rounds: number): Promise<Map<string, number[]>> {
  const names = ["moorline", ...comparison.peers];
  const figures = new Map(names.map((name) => [name, [] as number[]]));
  const rigs: Array<{ name: string; server: RigProcess; client: RigProcess; count: number }> = [];
  const [serverCore, clientCore] = comparison.cores ?? [0, 1];
  try {
    for (const name of names) {
      const server = startRigProcess(serverCore);
      const client = startRigProcess(clientCore);
      rigs.push({ name, server, client, count: comparison.parameters.count ?? 1 });
      await client.ask({ do: "dial", peer: name, port: await server.ask({ do: "serve", peer: name }) });
    }
    for (const rig of rigs) rig.count = await calibrate(comparison, rig.client);
    for (let round = 0; round < rounds; round += 1) {
      for (const { name, client, count } of rigs) {
        figures.get(name)?.push(await client.ask(requestOf(comparison, count)));
      }
    }
    return figures;
  } finally {
    for (const { server, client } of rigs) {
      client.end();
      server.end();
    }
  }
}

async function calibrate(comparison: Comparison, client: RigProcess): Promise<number> {
  let count = comparison.parameters.count ?? 1;
  for (let run = 0; run < 2; run += 1) {
    const startMs = performance.now();
    await client.ask(requestOf(comparison, count));
    count = Math.max(64, Math.round((count * TARGET_MS) / (performance.now() - startMs)));
  }
  return count;
}

function requestOf({ measure, parameters }: Comparison, count: number) {
  return { do: "measure" as const, measure, parameters: { ...parameters, count } };
}
