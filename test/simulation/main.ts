import { Command, InvalidArgumentError } from "commander";
import { describeFailure, loadWorlds, runSeeds, type SeedRange } from "./run-seeds.ts";
import type { Facts, World } from "./world.ts";

/** What the command line asks for. */
interface Asked extends SeedRange {
  readonly world?: string;
  readonly events: number;
  readonly maxFailures: number;
}

function parseCount(text: string): number {
  const count = Number(text);
  if (!Number.isSafeInteger(count) || count < 0) throw new InvalidArgumentError("not a whole number from 0 on");
  return count;
}

function createCommand(): Command {
  return new Command("simulate")
    .description("Plays random schedules of traffic and faults and checks that nothing is lost, doubled or unbounded.")
    .option("--seeds <count>", "how many seeds of each world", parseCount, 100)
    .option("--first-seed <seed>", "the first seed", parseCount, 1)
    .option("--world <name>", "one world only")
    .option("--events <count>", "how many of the last events a failure shows", parseCount, 60)
    .option("--max-failures <count>", "stop a world after so many failures", parseCount, 3);
}

async function main(): Promise<void> {
  const command = createCommand().parse();
  const asked = command.opts<Asked>();
  const all = await loadWorlds();
  const worlds = all.filter(({ name }) => asked.world === undefined || name === asked.world);
  if (worlds.length === 0)
    command.error(`there is no such world; there are: ${all.map(({ name }) => name).join(", ")}`);
  let passed = 0;
  let failed = 0;
  for (const world of worlds) {
    const totals = await playWorld(world, asked);
    passed += totals.passed;
    failed += totals.failed;
  }
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
}

async function playWorld(world: World, asked: Asked): Promise<{ readonly passed: number; readonly failed: number }> {
  const { firstSeed, seeds, events: eventCount, maxFailures } = asked;
  console.log(`${world.name}: ${seeds} seeds from ${firstSeed}`);
  const startedAt = performance.now();
  const { passed, failures, facts } = await runSeeds(world, { firstSeed, seeds }, { eventCount, maxFailures });
  const perSecond = (1000 * (passed + failures.length)) / (performance.now() - startedAt);
  for (const failure of failures) console.log(describeFailure(world, failure));
  console.log(`${world.name}: ${perSecond.toFixed(0)} seeds a second; ${describeFacts(facts)}`);
  return { passed, failed: failures.length };
}

function describeFacts(facts: ReturnType<Facts["toRecord"]>): string {
  return Object.entries(facts)
    .map(([what, times]) => `${what} ${times}`)
    .sort()
    .join(", ");
}

await main();
