import { mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** One row of the results. */
export interface BenchResult {
  /** What was measured. */
  readonly what: string;
  /** Beside whom. */
  readonly peer: string;
  /** Our median. */
  readonly ours: number;
  /** The peer's median. */
  readonly theirs: number;
  /** Ours divided by theirs. */
  readonly ratio: number;
  /** What is wanted of the ratio, for example `>= 2`. Empty: nothing. */
  readonly goal: string;
  /** Whether it was met. Undefined: there is no goal. */
  readonly met?: boolean;
  /** How many rounds the medians are of. */
  readonly runs: number;
}

/** A bound of a ratio. */
export type Goal = { readonly least: number } | { readonly most: number };

const RESULTS = fileURLToPath(new URL("./results", import.meta.url));

/** The middle of some numbers. */
export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? Number.NaN;
}

/** Rounds to four significant digits, so that tables can be read. */
export function significant(number: number): number {
  return Number(number.toPrecision(4));
}

/** Compares our figures with each peer's. */
export function toResults(
  what: string,
  figures: ReadonlyMap<string, readonly number[]>,
  goals: Readonly<Record<string, Goal>>,
): BenchResult[] {
  const ours = median(figures.get("moorline") ?? []);
  const runs = figures.get("moorline")?.length ?? 0;
  return [...figures.keys()].filter((peer) => peer !== "moorline").map((peer) => {
    const theirs = median(figures.get(peer) ?? []);
    const ratio = significant(ours / theirs);
    const base = { what, peer, ours: significant(ours), theirs: significant(theirs), ratio, runs };
    const goal = goals[peer];
    if (goal === undefined) return { ...base, goal: "" };
    const isLeast = "least" in goal;
    const met = isLeast ? ratio >= goal.least : ratio <= goal.most;
    return { ...base, goal: isLeast ? `>= ${goal.least}` : `<= ${goal.most}`, met };
  });
}

/** The results as a table. */
export function toMarkdown(results: readonly BenchResult[], machine: string, runs: number): string {
  const rows = results.map(({ what, peer, ours, theirs, ratio, goal, met }) => {
    const verdict = met === undefined ? "" : met ? "yes" : "**no**";
    return `| ${what} | ${peer} | ${ours} | ${theirs} | ${ratio} | ${goal} | ${verdict} |`;
  });
  return [
    "# Benchmarks",
    "",
    `${machine}. Server and client are two processes; peers take turns in one run; medians of ${runs}. Streams and calls are`,
    "per second, round trips in microseconds. Only the ratios mean something on another machine.",
    "",
    "| what | peer | ours | theirs | ratio | goal | met |",
    "|---|---|---:|---:|---:|---|---|",
    ...rows,
    "",
  ].join("\n");
}

/** Writes `latest.json` and `latest.md`. */
export function writeResults(results: readonly BenchResult[], machine: string, runs: number): void {
  mkdirSync(RESULTS, { recursive: true });
  writeFileSync(`${RESULTS}/latest.json`, `${JSON.stringify(results, null, 2)}\n`);
  writeFileSync(`${RESULTS}/latest.md`, toMarkdown(results, machine, runs));
  console.log(`\n${toMarkdown(results, machine, runs)}`);
}
