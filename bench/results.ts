import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
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
export type Goal = { readonly least: number } | { readonly most: number } | { readonly below: number };

/** Where results are written. */
export const RESULTS: string = fileURLToPath(new URL("./results", import.meta.url));

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
  const peers = [...figures.keys()].filter((peer) => peer !== "moorline");
  return peers.map((peer) => {
    const theirs = median(figures.get(peer) ?? []);
    const ratio = significant(ours / theirs);
    const base = { what, peer, ours: significant(ours), theirs: significant(theirs), ratio };
    const goal = goals[peer];
    if (goal === undefined) return { ...base, goal: "", runs };
    const { text, isMet } = judge(goal, ratio);
    return { ...base, goal: text, met: isMet, runs };
  });
}

function judge(goal: Goal, ratio: number): { readonly text: string; readonly isMet: boolean } {
  if ("least" in goal) return { text: `>= ${goal.least}`, isMet: ratio >= goal.least };
  if ("most" in goal) return { text: `<= ${goal.most}`, isMet: ratio <= goal.most };
  return { text: `< ${goal.below}`, isMet: ratio < goal.below };
}

/** One row, for the terminal. */
export function toLine({ what, peer, ours, theirs, ratio, goal, met }: BenchResult): string {
  const verdict = met === undefined ? " " : met ? "✓" : "✗";
  return `${verdict} ${what} | ${peer} | ${ours} / ${theirs} = ${ratio} | ${goal}`;
}

/** The results as a table. */
export function toMarkdown(results: readonly BenchResult[], machine: string): string {
  const rows = results.map(({ what, peer, ours, theirs, ratio, goal, met, runs }) => {
    const verdict = met === undefined ? "" : met ? "yes" : "**no**";
    return `| ${what} | ${peer} | ${ours} | ${theirs} | ${ratio} | ${goal} | ${verdict} | ${runs} |`;
  });
  return [
    "# Benchmarks",
    "",
    `${machine}. Made by \`npm run bench\`.`,
    "",
    "Server and client are two processes, each on a core of its own; the peers take turns in one run; figures are medians.",
    "Streams and calls are per second, and more is better; the others have their unit in their name, and less is better; a",
    "round trip is in microseconds, over two pairs of processes for each peer. Only the ratios, ours divided by theirs,",
    "mean something on another machine.",
    "",
    "| what | peer | ours | theirs | ratio | goal | met | runs |",
    "|---|---|---:|---:|---:|---|---|---:|",
    ...rows,
    "",
  ].join("\n");
}

/** The rows of the run before, none where there was none. */
export function readResults(): readonly BenchResult[] {
  const path = `${RESULTS}/latest.json`;
  return existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as BenchResult[]) : [];
}

/** Puts new rows in the place of older ones of the same thing and peer, and those without an older one at the end. */
export function mergeResults(before: readonly BenchResult[], now: readonly BenchResult[]): readonly BenchResult[] {
  const keyOf = ({ what, peer }: BenchResult): string => `${what} | ${peer}`;
  const merged = new Map([...before, ...now].map((row) => [keyOf(row), row]));
  return [...merged.values()];
}

/** Writes `latest.json` and `latest.md`. */
export function writeResults(results: readonly BenchResult[], machine: string): void {
  mkdirSync(RESULTS, { recursive: true });
  writeFileSync(`${RESULTS}/latest.json`, `${JSON.stringify(results, null, 2)}\n`);
  writeFileSync(`${RESULTS}/latest.md`, toMarkdown(results, machine));
}
