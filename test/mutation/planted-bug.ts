/** A bug that is planted into the real `src`, and what has to catch it. */
export interface PlantedBug {
  /** What goes wrong with it. */
  readonly name: string;
  /** The file that it is planted into, from the project root. */
  readonly file: string;
  /** A piece of that file. It has to occur in it exactly once, else the bug no longer applies and its test fails. */
  readonly find: string;
  /** What takes its place. */
  readonly replace: string;
  /** What catches it. */
  readonly caughtBy: WorldCatch | TestCatch;
  /** What the failure says: a bug has to be caught for what it does. */
  readonly shows: RegExp;
}

/** A simulated world catches it, with one of its first seeds. */
export interface WorldCatch {
  /** The name of the world. */
  readonly world: string;
  /** How many seeds may be needed. */
  readonly maxSeeds: number;
}

/** A test file catches it. */
export interface TestCatch {
  /** The file, from the project root. */
  readonly test: string;
}

/** The text of the file with the bug in it. Throws where the piece does not occur exactly once. */
export function plant(source: string, { name, file, find, replace }: Omit<PlantedBug, "caughtBy" | "shows">): string {
  const pieces = source.split(find);
  if (pieces.length !== 2)
    throw new Error(`"${name}" does not apply: its piece occurs ${pieces.length - 1} times in ${file}`);
  return pieces.join(replace);
}

/** The variable that hands a bug, as JSON, to the process that loads it. */
export const PLANTED_BUG = "MOORLINE_PLANTED_BUG";

/** The bug that this process has to load. */
export function readPlantedBug(): Omit<PlantedBug, "caughtBy" | "shows"> {
  return JSON.parse(process.env[PLANTED_BUG] ?? "") as PlantedBug;
}
