/** A simulated world: from a seed follows one schedule of traffic and faults, always the same. */
export interface World {
  /** What `--world` calls it. */
  readonly name: string;
  /** What has to happen at least once in some hundred seeds, by the names of the facts: else the world shows nothing. */
  readonly mustHappen: readonly string[];
  /** Plays one seed. What it throws counts as a failure as well. */
  run(seed: number, options: WorldOptions): Report | Promise<Report>;
}

/** How a seed is played. */
export interface WorldOptions {
  /** How many of the last events a failure reports. */
  readonly eventCount: number;
}

/** What came of one seed. */
export interface Report {
  /** How often things happened that the world is there for, by name: `resumed`, `calls ended`. For the totals. */
  readonly facts: Readonly<Record<string, number>>;
  /** What went wrong, if anything. */
  readonly failure?: Failure | undefined;
}

/** A broken invariant. */
export interface Failure {
  /** Which invariant, and what was there instead. */
  readonly broken: string;
  /** The last events, oldest first. */
  readonly events: readonly string[];
}

/** An invariant does not hold. Thrown from anywhere inside a world. */
export class Broken extends Error {
  override readonly name = "Broken";
}

/** How often things have happened. */
export class Facts {
  private readonly counts: Record<string, number> = {};

  /** Counts something, `times` times. */
  count(what: string, times = 1): void {
    this.counts[what] = (this.counts[what] ?? 0) + times;
  }

  /** Counts what another seed has counted. */
  addAll(counts: Readonly<Record<string, number>>): void {
    for (const [what, times] of Object.entries(counts)) this.count(what, times);
  }

  /** The counts so far, by name. */
  toRecord(): Readonly<Record<string, number>> {
    return { ...this.counts };
  }
}

/** A world of one seed that is played to its end without waiting for anything. */
export interface PlayedWorld {
  readonly facts: Facts;
  readonly network: { readonly history: readonly string[] };
  /** Plays it. Throws where something is broken. */
  play(): void;
}

/** Plays a world. @returns What came of it, whatever it has thrown. */
export function playWorld(world: PlayedWorld): Report {
  try {
    world.play();
    return { facts: world.facts.toRecord() };
  } catch (error) {
    const broken = error instanceof Broken ? error.message : describe(error);
    return { facts: world.facts.toRecord(), failure: { broken, events: world.network.history } };
  }
}

/** A world of one seed that runs on promises, and is judged while it does. */
export interface WatchedWorld {
  readonly scene: { readonly judge: WorldJudge; readonly network: { readonly history: readonly string[] } };
  /** Plays it. */
  play(): Promise<void>;
}

/** What judges such a world. */
interface WorldJudge {
  readonly facts: Facts;
  readonly broken: string | undefined;
  fail(broken: string): void;
}

/** Plays such a world. @returns What came of it, whatever it has thrown. */
export async function playWatched(world: WatchedWorld): Promise<Report> {
  const { judge, network } = world.scene;
  try {
    await world.play();
  } catch (error) {
    judge.fail(describe(error));
  }
  const facts = judge.facts.toRecord();
  const { broken } = judge;
  return broken === undefined ? { facts } : { facts, failure: { broken, events: network.history } };
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
