import { readFileSync } from "node:fs";

/** The doors that an app on React Native opens. */
const FOR_APPS = [".", "./probe", "./serve", "./runtime", "./react"] as const;

/** The doors that no such app opens, and why. */
const NOT_FOR_APPS: Readonly<Record<string, string>> = {
  "./node": "needs Node",
  "./server": "needs Node",
  "./otel": "belongs to programs that have OpenTelemetry",
  "./testing": "belongs to tests",
  "./schema/*.js": "generated code, of which the doors bundle theirs",
  "./schema/*": "generated code, of which the doors bundle theirs",
  "./proto/*": "is no code",
};

/** What is to be bundled, and what is not. */
export interface Doors {
  /** Doors to bundle, by their names in `exports`. */
  readonly bundled: readonly string[];
  /** What is left out, one line each, with the reason. */
  readonly leftOut: readonly string[];
}

/**
 * Sorts the doors of the package.
 * @param manifest The path of package.json.
 * @throws Error for a door that nobody has decided about.
 */
export function sortDoors(manifest: string): Doors {
  const { exports } = JSON.parse(readFileSync(manifest, "utf8")) as {
    readonly exports: Readonly<Record<string, unknown>>;
  };
  const names = Object.keys(exports);
  const known: readonly string[] = [...FOR_APPS, ...Object.keys(NOT_FOR_APPS)];
  const undecided = names.filter((name) => !known.includes(name));
  if (undecided.length > 0) throw new Error(`say in doors.ts whether apps open ${undecided.join(", ")}`);
  return {
    bundled: FOR_APPS,
    leftOut: names.filter((name) => name in NOT_FOR_APPS).map((name) => `${name}: ${NOT_FOR_APPS[name]}`),
  };
}
