import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { JsonValue } from "@bufbuild/protobuf";
import type { DemoProcess, DemoProcesses } from "./demo-process.ts";

/** A daemon of the demo that listens. */
export interface DemoDaemon {
  readonly process: DemoProcess;
  readonly port: number;
  readonly serverId: string;
  /** Its transition log, as proto JSON. What it was about to write when it was killed is not there. */
  transitions(): JsonValue[];
}

/**
 * Starts `moorline daemon`, and comes back when it listens.
 * @param home The folder of its state, and of its log.
 * @param run Counts its starts.
 * @param port 0: a free one.
 * @throws Error where it ends first.
 */
export async function startDaemon(
  processes: DemoProcesses,
  home: string,
  run: number,
  port: number,
): Promise<DemoDaemon> {
  const log = join(home, `log-${run}.jsonl`);
  const place = ["--listen", `127.0.0.1:${port}`, "--state-dir", join(home, "state")];
  // `debug` has the events that were ignored as well.
  const started = processes.start(["daemon", ...place, "--log-level", "debug", "--json"], log);
  const listening = once(started.events, "line").then(([line]) => line as string);
  const first = await Promise.race([listening, started.ended]);
  if (first === undefined) throw new Error("the daemon has ended before it could be reached");
  const { endpoint, serverId } = JSON.parse(first) as { endpoint: string; serverId: string };
  return {
    process: started,
    port: Number(new URL(endpoint).port),
    serverId,
    transitions: () => readTransitions(log),
  };
}

/** The transitions of a log, of the lines that are whole. */
function readTransitions(path: string): JsonValue[] {
  const lines = readFileSync(path, "utf8").split("\n").slice(0, -1);
  return lines.flatMap((line) => {
    const { transition } = JSON.parse(line) as { transition?: JsonValue };
    return transition === undefined ? [] : [transition];
  });
}
