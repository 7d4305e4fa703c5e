import { existsSync, readFileSync } from "node:fs";
import { type Profiler as Inspector, type Runtime, Session } from "node:inspector/promises";
import { SourceMap } from "node:module";
import { fileURLToPath } from "node:url";

/** The time that a function has taken by itself. */
export interface SelfTime {
  /** Its name and where it stands. */
  readonly place: string;
  /** Its share of the time that the process was busy, from 0 to 1. */
  readonly share: number;
}

/** A CPU profile under way. */
export interface Profiler {
  /** Ends it. @returns The functions that took most, the costliest first. */
  stop(): Promise<readonly SelfTime[]>;
}

const INTERVAL_MICROS = 200;
const MOST_ROWS = 25;
/** What the profile itself costs, and what the process does not do. */
const LEFT_OUT = /^\(idle\)|^post node:inspector/;

/** Starts to profile this process. */
export async function startProfiler(): Promise<Profiler> {
  const session = new Session();
  session.connect();
  await session.post("Profiler.enable");
  await session.post("Profiler.setSamplingInterval", { interval: INTERVAL_MICROS });
  await session.post("Profiler.start");
  return {
    async stop() {
      const { profile } = await session.post("Profiler.stop");
      session.disconnect();
      return toSelfTimes(profile);
    },
  };
}

function toSelfTimes({ nodes, samples = [], timeDeltas = [] }: Inspector.Profile): readonly SelfTime[] {
  const places = new Map(nodes.map(({ id, callFrame }) => [id, toPlace(callFrame)]));
  const micros = new Map<string, number>();
  let total = 0;
  samples.forEach((id, i) => {
    const place = places.get(id) ?? "";
    const delta = timeDeltas[i] ?? 0;
    if (LEFT_OUT.test(place)) return;
    total += delta;
    micros.set(place, (micros.get(place) ?? 0) + delta);
  });
  const sorted = [...micros].sort(([, a], [, b]) => b - a).slice(0, MOST_ROWS);
  return sorted.map(([place, time]) => ({ place, share: time / total }));
}

function toPlace({ functionName, url, lineNumber, columnNumber }: Runtime.CallFrame): string {
  const name = functionName || "(anonymous)";
  const origin = sourceMapOf(url)?.findEntry(lineNumber, columnNumber);
  const [path, line] =
    origin !== undefined && "originalSource" in origin
      ? [origin.originalSource, origin.originalLine]
      : [url, lineNumber];
  const file = path.split(/[\\/]/).slice(-2).join("/");
  return file === "" ? name : `${name} ${file}:${line + 1}`;
}

const sourceMaps = new Map<string, SourceMap | undefined>();

/** The source map of a script that was built. */
function sourceMapOf(url: string): SourceMap | undefined {
  if (!sourceMaps.has(url)) {
    const path = url.startsWith("file:") ? `${fileURLToPath(url)}.map` : "";
    const map = existsSync(path) ? new SourceMap(JSON.parse(readFileSync(path, "utf8"))) : undefined;
    sourceMaps.set(url, map);
  }
  return sourceMaps.get(url);
}
