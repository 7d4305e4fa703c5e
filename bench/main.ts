/** `npm run bench`: measures Moorline beside its peers in one run, prints the table and writes it to bench/results/. */
import { cpus } from "node:os";
import { Command, InvalidArgumentError } from "commander";
import { buildChild } from "./build.ts";
import { compare } from "./compare.ts";
import { benchGoals } from "./comparisons.ts";
import { daemonBenches } from "./measures/daemon/index.ts";
import { lifecycleBenches } from "./measures/lifecycle.ts";
import { profileWork, workOf } from "./profile.ts";
import { type BenchResult, mergeResults, readResults, toLine, toMarkdown, toResults, writeResults } from "./results.ts";
import { canPin } from "./rig.ts";

interface BenchOptions {
  readonly only?: string;
  readonly profile?: string;
  readonly rounds: number;
}

const LEAST_ROUNDS = 5;
const otherBenches = [...lifecycleBenches, ...daemonBenches];

function toRounds(text: string): number {
  const rounds = Number(text);
  if (!Number.isInteger(rounds) || rounds < LEAST_ROUNDS) {
    throw new InvalidArgumentError(`a whole number, ${LEAST_ROUNDS} or more`);
  }
  return rounds;
}

const options = new Command("bench")
  .description("Measures Moorline beside its peers and writes bench/results/latest.json and latest.md.")
  .option("--only <name>", "only what has this in its name; the other rows of the results stay as they are")
  .option("--rounds <n>", "rounds of each measurement; the median counts", toRounds, LEAST_ROUNDS)
  .option("--profile <name>", "measure nothing, but profile what has this in its name")
  .parse()
  .opts<BenchOptions>();

async function profile(name: string): Promise<void> {
  for (const { comparison } of benchGoals) {
    if (comparison.what.includes(name)) console.log(await profileWork(workOf(comparison)));
  }
  for (const { what, profile: write } of otherBenches) if (what.includes(name)) console.log(await write());
}

async function bench({ only, rounds }: BenchOptions): Promise<void> {
  const isWanted = (what: string): boolean => only === undefined || what.includes(only);
  const results: BenchResult[] = [];
  const show = (more: readonly BenchResult[]): void => {
    results.push(...more);
    for (const row of more) console.log(toLine(row));
  };
  for (const { comparison, goals } of benchGoals) {
    if (!isWanted(comparison.what)) continue;
    const rows = toResults(comparison.what, await compare(comparison, rounds), goals);
    show(rows);
    if (rows.some(({ met }) => met === false)) console.log(`  ${await profileWork(workOf(comparison))}`);
  }
  for (const { what, run, profile: write } of otherBenches) {
    if (!isWanted(what)) continue;
    const rows = await run(rounds);
    show(rows);
    if (rows.some(({ met }) => met === false)) console.log(`  ${await write()}`);
  }
  const machine = `${cpus().length} × ${cpus()[0]?.model ?? "unknown"}, Node ${process.version}, ${canPin ? "" : "not "}pinned`;
  const all = only === undefined ? results : mergeResults(readResults(), results);
  writeResults(all, machine);
  console.log(`\n${toMarkdown(all, machine)}`);
}

await buildChild();
if (options.profile === undefined) await bench(options);
else await profile(options.profile);
process.exit(0);
