import { type Comparison, calibrate, dial, measure, type Rig, withRigs } from "../compare.ts";
import { type BenchResult, toResults } from "../results.ts";
import { startRigProcess } from "../rig.ts";
import { manyConnections } from "./file-limit.ts";

const STREAMS = [1, 4, 16, 64, 256];
const SESSIONS = [1, 1000, 5000];
const STREAM_COUNT = 20_000;
/** Room for the connections of the busy client. */
const FEW = 10;
/** Flat enough: never less than two thirds of what it is at the start. */
const flat = { least: 0.67 } as const;

function streams(count: number): Comparison {
  const parameters = { size: 64, count: STREAM_COUNT, streams: count };
  return { what: `${count} streams`, measure: "downTogether", parameters, peers: [] };
}

/** What is profiled where the curve is not flat. */
export const manyStreams: Comparison = { ...streams(256), what: "growth: streams of one channel, 256 of them" };

/** How many messages a second one channel carries, over the number of the streams that share it. */
export async function measureStreamGrowth(rounds: number): Promise<BenchResult[]> {
  const figures = await withMoorline(async (rig) => {
    const points = new Map<number, number[]>();
    const counts = new Map<number, number>();
    await dial(rig);
    for (const count of STREAMS) counts.set(count, await calibrate(streams(count), rig.client));
    for (let round = 0; round < rounds; round += 1) {
      for (const count of STREAMS) {
        add(points, count, await measure(streams(count), rig.client, counts.get(count) ?? STREAM_COUNT));
      }
    }
    return points;
  });
  return toCurve(figures, (count) => `growth: 64 B messages over ${count} streams of one channel`, "1 stream");
}

/** How many messages a second one stream carries, over the number of idle sessions beside it. */
export async function measureSessionGrowth(rounds: number): Promise<BenchResult[]> {
  const figures = await withMoorline(async (rig) => {
    const points = new Map<number, number[]>();
    await dial(rig);
    // In a process of its own: it is the server that is to feel the crowd.
    const crowd = startRigProcess(1);
    let sessions = 0;
    for (const count of [...SESSIONS, manyConnections() - FEW]) {
      await crowd.ask({ do: "crowd", peer: rig.name, port: rig.port, count: count - sessions });
      sessions = count;
      const messages = await calibrate(streams(1), rig.client);
      for (let round = 0; round < rounds; round += 1)
        add(points, count, await measure(streams(1), rig.client, messages));
    }
    crowd.end();
    return points;
  });
  return toCurve(figures, (count) => `growth: 64 B messages beside ${count} idle sessions`, "1 session");
}

function withMoorline<T>(work: (rig: Rig) => Promise<T>): Promise<T> {
  return withRigs(["moorline"], undefined, ([rig]) => {
    if (rig === undefined) throw new Error("there is no rig");
    return work(rig);
  });
}

function add(points: Map<number, number[]>, at: number, figure: number): void {
  points.set(at, [...(points.get(at) ?? []), figure]);
}

/** Each point of a curve beside its first one. */
function toCurve(points: ReadonlyMap<number, number[]>, toWhat: (at: number) => string, base: string): BenchResult[] {
  const [[start], ...rest] = [...points] as [[number, number[]], ...[number, number[]][]];
  return rest.flatMap(([at, figures]) => {
    const pair = new Map([
      ["moorline", figures],
      [base, points.get(start) ?? []],
    ]);
    return toResults(toWhat(at), pair, { [base]: flat });
  });
}
