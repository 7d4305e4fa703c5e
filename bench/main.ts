/** `npm run bench`: measures Moorline beside its peers in one run, prints the table and writes it to bench/results/. */
import { cpus } from "node:os";
import { Command, InvalidArgumentError } from "commander";
import { compare } from "./compare.ts";
import { benchGoals } from "./comparisons.ts";
import { lifecycleBenches } from "./measures/lifecycle.ts";
import { type BenchResult, toMarkdown, toResults, writeResults } from "./results.ts";
import { canPin } from "./rig.ts";

function atLeastFive(text: string): number {
  const rounds = Number(text);
  if (!Number.isInteger(rounds) || rounds < 5) throw new InvalidArgumentError("a whole number, 5 or more");
  return rounds;
}

const options = new Command("bench")
  .option("--only <name>", "only what has this in its name")
  .option("--rounds <n>", "rounds of each measurement; the median counts", atLeastFive, 5)
  .parse()
  .opts<{ only?: string; rounds: number }>();

const isWanted = (what: string): boolean => options.only === undefined || what.includes(options.only);
const results: BenchResult[] = [];
const show = (more: readonly BenchResult[]): void => {
  results.push(...more);
  for (const { what, peer, ours, theirs, ratio, goal, met } of more) {
    console.log(`${met === false ? "✗" : met ? "✓" : " "} ${what} | ${peer} | ${ours} / ${theirs} = ${ratio} | ${goal}`);
  }
};

for (const { comparison, goals } of benchGoals) {
  if (isWanted(comparison.what)) show(toResults(comparison.what, await compare(comparison, options.rounds), goals));
}
for (const bench of lifecycleBenches) {
  if (isWanted(bench.what)) show(await bench.run(options.rounds));
}
const machine = `${cpus().length} × ${cpus()[0]?.model ?? "unknown"}, Node ${process.version}, ${canPin ? "" : "not "}pinned`;
if (options.only === undefined) writeResults(results, machine, options.rounds);
else console.log(toMarkdown(results, machine, options.rounds));
process.exit(0);
