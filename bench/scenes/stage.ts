import type { Rig } from "../compare.ts";
import type { ProfiledWork } from "../profile.ts";
import { type RigProcess, startRigProcess } from "../rig.ts";
import type { Figures } from "./scene.ts";

/** A scene of one peer, on two processes. */
export interface Staged {
  /** The peer. */
  readonly name: string;
  /** The process of the server. */
  readonly serverProcess: RigProcess;
  /** Asks the server to do something. */
  server(act: string, parameters?: Figures): Promise<Figures>;
  /** Asks the client to do something. */
  client(act: string, parameters?: Figures): Promise<Figures>;
  /** Asks the client to begin to do something. Resolves when it has begun, to what gives its outcome. */
  begin(act: string, parameters: Figures): Promise<() => Promise<Figures>>;
}

/** Puts a scene of some peers on the stage, each with a server and a client on a core of its own; ends it after the work. */
export async function withStage<T>(
  scene: string,
  peers: readonly string[],
  work: (staged: readonly Staged[]) => Promise<T>,
): Promise<T> {
  const processes: RigProcess[] = [];
  try {
    const staged: Staged[] = [];
    for (const name of peers) {
      const [server, client] = [startRigProcess(0), startRigProcess(1)];
      processes.push(server, client);
      staged.push(await stage(scene, name, { server, client }));
    }
    return await work(staged);
  } finally {
    for (const process of processes) process.end();
  }
}

/** Puts a scene on two processes that are there. */
export async function stage(
  scene: string,
  name: string,
  { server, client }: Pick<Rig, "server" | "client">,
): Promise<Staged> {
  const port = await server.ask({ do: "stage", scene, peer: name });
  await client.ask({ do: "stage", scene, peer: name, port });
  return {
    name,
    serverProcess: server,
    server: (act, parameters = {}) => server.ask<Figures>({ do: "act", act, parameters }),
    client: (act, parameters = {}) => client.ask<Figures>({ do: "act", act, parameters }),
    begin: async (act, parameters) => {
      await client.ask({ do: "begin", act, parameters });
      return () => client.ask<Figures>({ do: "outcome" });
    },
  };
}

/** Has the client listen, and then the server do what it is to hear of. @returns What each of them says. */
export async function hear(
  { server, begin }: Staged,
  listen: readonly [act: string, parameters: Figures],
  make: readonly [act: string, parameters: Figures],
): Promise<readonly [heard: Figures, made: Figures]> {
  // A client that is told to listen while the server begins misses what comes first, and waits for it without end.
  const outcome = await begin(...listen);
  return Promise.all([outcome(), server(...make)]);
}

/** Our own end of a scene, as something to profile. */
export function stagedWork(
  what: string,
  scene: string,
  prepare: (staged: Staged) => Promise<number>,
  run: (staged: Staged, items: number) => Promise<unknown>,
): ProfiledWork {
  let staged: Staged | undefined;
  return {
    what,
    async prepare(rig) {
      staged = await stage(scene, "moorline", rig);
      return prepare(staged);
    },
    run: (_rig, items) => (staged === undefined ? Promise.resolve() : run(staged, items)),
  };
}

/** Has each peer measured once for each round, in turns, after a round that warms up. @returns Figures by peer. */
export async function takeTurns(
  staged: readonly Staged[],
  rounds: number,
  measure: (staged: Staged) => Promise<Figures>,
): Promise<ReadonlyMap<string, readonly Figures[]>> {
  const figures = new Map(staged.map(({ name }) => [name, [] as Figures[]]));
  for (let round = -WARM_UPS; round < rounds; round += 1) {
    for (const each of staged) {
      const measured = await measure(each);
      if (round >= 0) figures.get(each.name)?.push(measured);
    }
  }
  return figures;
}

const WARM_UPS = 2;
