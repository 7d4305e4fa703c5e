import { readdirSync } from "node:fs";
import { Facts, type Failure, type Report, type World, type WorldOptions } from "./world.ts";

/** Which seeds of a world are played. */
export interface SeedRange {
  /** The first one. */
  readonly firstSeed: number;
  /** How many. */
  readonly seeds: number;
}

/** What came of many seeds. */
export interface Totals {
  /** Seeds without a failure. */
  readonly passed: number;
  /** The failures, each with its seed. */
  readonly failures: ReadonlyArray<Failure & { readonly seed: number }>;
  /** What happened in all of them. */
  readonly facts: Readonly<Record<string, number>>;
}

/** How seeds are played. */
export interface RunOptions extends WorldOptions {
  /** Stops after so many failures. */
  readonly maxFailures: number;
}

/** Every world: each file of `worlds` exports one by the name `world`. */
export async function loadWorlds(): Promise<readonly World[]> {
  const files = readdirSync(new URL("worlds/", import.meta.url)).filter((file) => file.endsWith(".ts"));
  return Promise.all(files.sort().map(loadWorld));
}

async function loadWorld(file: string): Promise<World> {
  const { world } = (await import(/* @vite-ignore */ `./worlds/${file}`)) as { readonly world: World };
  return world;
}

/** Plays seeds of a world, one after the other. */
export async function runSeeds(world: World, range: SeedRange, options: RunOptions): Promise<Totals> {
  const facts = new Facts();
  const failures: Array<Failure & { readonly seed: number }> = [];
  let passed = 0;
  for (let seed = range.firstSeed; seed < range.firstSeed + range.seeds; seed += 1) {
    if (failures.length >= options.maxFailures) break;
    const report = await runSeed(world, seed, options);
    facts.addAll(report.facts);
    if (report.failure === undefined) passed += 1;
    else failures.push({ seed, ...report.failure });
  }
  return { passed, failures, facts: facts.toRecord() };
}

/** A failure as people read it, with the command that plays it again. */
export function describeFailure(world: World, failure: Failure & { readonly seed: number }): string {
  const command = `npm run simulate -- --world ${world.name} --first-seed ${failure.seed} --seeds 1`;
  const events = failure.events.map((event) => `  ${event}`);
  return [`${world.name}, seed ${failure.seed}: ${failure.broken}`, ...events, `again: ${command}`].join("\n");
}

async function runSeed(world: World, seed: number, options: WorldOptions): Promise<Report> {
  try {
    return await world.run(seed, options);
  } catch (error) {
    const broken = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { facts: {}, failure: { broken, events: [] } };
  }
}
