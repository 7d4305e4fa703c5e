import type { Comparison } from "./compare.ts";

/** A comparison and what is wanted of it: our figure divided by the peer's, and the bound of that ratio. */
export interface BenchGoal {
  /** What is measured. */
  readonly comparison: Comparison;
  /** For each peer with a goal: the bound. `least`: the ratio is to be at least so much; `most`: at most. */
  readonly goals: Readonly<Record<string, { readonly least: number } | { readonly most: number }>>;
}

const ALL = ["raw ws", "grpc-js", "connect-node", "socket.io"];

function stream(measure: "down" | "up", size: number, label: string, least: number): BenchGoal {
  const direction = measure === "down" ? "to the client" : "to the server";
  const count = size > 10_000 ? 200 : 5000;
  const comparison = { what: `stream ${direction}, ${label}`, measure, parameters: { size, count }, peers: ALL };
  return { comparison, goals: { "raw ws": { least } } };
}

function unary(measure: "unary" | "unaryWithDeadline", size: number, label: string): BenchGoal {
  const how = measure === "unary" ? "" : ", with a deadline and an interceptor";
  const what = `unary, 128 in flight, ${label}${how}`;
  const comparison = { what, measure, parameters: { size, count: 500, inFlight: 128 }, peers: ALL };
  return { comparison, goals: { "grpc-js": { least: 8 }, "connect-node": { least: 13 }, "socket.io": { least: 1.2 } } };
}

function ping(what: string, cores: readonly [number, number], most: number): BenchGoal {
  const comparison = { what, measure: "ping", parameters: { size: 64, count: 300 }, peers: ALL, cores, pairs: 2 };
  return { comparison, goals: { "raw ws": { most } } };
}

/** Every comparison of calls and streams, with the goals of the project. */
export const benchGoals: readonly BenchGoal[] = [
  stream("down", 64, "64 B", 2),
  stream("down", 1024, "1 KiB", 1.5),
  stream("down", 65_536, "64 KiB", 0.85),
  stream("up", 64, "64 B", 2),
  stream("up", 1024, "1 KiB", 1.5),
  stream("up", 65_536, "64 KiB", 0.85),
  ping("ping-pong p50 across cores, 64 B", [0, 1], 1.1),
  ping("ping-pong p50 on one core, 64 B", [0, 0], 1.3),
  unary("unary", 64, "64 B"),
  unary("unary", 1024, "1 KiB"),
  unary("unaryWithDeadline", 64, "64 B"),
];
