/**
 * Holds docs/spec.md against the tests: every clause has a test that cites it, every citation names a clause.
 * A clause is an id in bold at the start of a list item, paragraph or table row; a test cites it in brackets in its title.
 */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** What the clauses and the test titles say about each other; every list in order of appearance. */
export interface Coverage {
  /** Clause ids of the specification, each once. */
  readonly clauses: readonly string[];
  /** Clause ids defined more than once. */
  readonly repeated: readonly string[];
  /** Clauses that no test cites. */
  readonly untested: readonly string[];
  /** Citations of clauses that do not exist, as `ID: test title`. */
  readonly unknown: readonly string[];
}

const CLAUSE = /^[ \t]*(?:(?:[-*+]|\d+\.)[ \t]+|\|[ \t]*)?\*\*([A-Z]+-\d+)\*\*/gm;
const CITATION = /\[([A-Z]+-\d+(?:,\s*[A-Z]+-\d+)*)\]/g;

/** The clause ids a specification defines, in order, repetitions included. */
export function parseClauses(spec: string): string[] {
  return [...spec.matchAll(CLAUSE)].map((match) => match[1] ?? "");
}

/** The clause ids a test title cites: `[CHAN-7]`, `[CHAN-7, CHAN-8]`. */
export function parseCitations(title: string): string[] {
  return [...title.matchAll(CITATION)].flatMap((match) => (match[1] ?? "").split(/,\s*/));
}

/** Compares the text of a specification with full test titles. */
export function measureCoverage(spec: string, titles: readonly string[]): Coverage {
  const defined = parseClauses(spec);
  const clauses = [...new Set(defined)];
  const known = new Set(clauses);
  const cited = new Set(titles.flatMap(parseCitations));
  const isUnknown = (id: string): boolean => !known.has(id);
  return {
    clauses,
    repeated: [...new Set(defined.filter((id, index) => defined.indexOf(id) !== index))],
    untested: clauses.filter((id) => !cited.has(id)),
    unknown: titles.flatMap((title) =>
      parseCitations(title)
        .filter(isUnknown)
        .map((id) => `${id}: ${title}`),
    ),
  };
}

/** The titles of all tests that would run, `describe` titles in front; skipped tests are not among them. */
function listTestTitles(root: string): string[] {
  const vitest = `${root}/node_modules/vitest/vitest.mjs`;
  return ["vitest.config.ts", "vitest.browser.config.ts"].flatMap((config) => {
    const args = [vitest, "list", "--json", "--staticParse=false", "--config", config];
    const options = { cwd: root, encoding: "utf8" as const, maxBuffer: 1 << 28 };
    const json = execFileSync(process.execPath, args, options);
    return (JSON.parse(json) as ReadonlyArray<{ readonly name: string }>).map(({ name }) => name);
  });
}

function main(): void {
  const root = fileURLToPath(new URL("..", import.meta.url));
  const result = measureCoverage(readFileSync(`${root}/docs/spec.md`, "utf8"), listTestTitles(root));
  for (const id of result.repeated) console.log(`${id}: defined more than once`);
  for (const id of result.untested) console.log(`${id}: no test`);
  for (const line of result.unknown) console.log(`unknown clause ${line}`);
  console.log(`${result.clauses.length} clauses, ${result.untested.length} without a test`);
  const problems = result.repeated.length + result.untested.length + result.unknown.length;
  process.exitCode = problems === 0 && result.clauses.length > 0 ? 0 : 1;
}

if (import.meta.main) main();
