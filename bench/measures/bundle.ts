import { writeFileSync } from "node:fs";
import { type BenchResult, RESULTS, toResults } from "../results.ts";
import { bundlePage, kib, MEASURED, type PageBundle, pages, toSizeRow } from "./doors.ts";

const GOAL_KIB = 36;
const MOST_FILES = 25;

/** What one entry of a table takes. */
interface Part {
  readonly name: string;
  readonly bytes: number;
}

/** The sizes of what pages have to load, minified; writes them, and what they consist of, to bench/results/bundle.md. */
export async function measureBundle(): Promise<BenchResult[]> {
  const bundles = new Map<string, PageBundle>();
  for (const [name, imports] of pages) {
    const bundle = await bundlePage(imports);
    if (bundle !== undefined) bundles.set(name, bundle);
  }
  const measured = bundles.get(MEASURED);
  if (measured === undefined) throw new Error("nothing was bundled");
  const sizes = [...bundles].map(([name, bundle]) => toSizeRow(name, bundle));
  writeFileSync(`${RESULTS}/bundle.md`, [...HEAD, ...sizes, "", ...describe(measured)].join("\n"));
  const goal = `${GOAL_KIB} KiB`;
  const figures = new Map([
    ["moorline", [measured.gzipBytes / 1024]],
    [goal, [GOAL_KIB]],
  ]);
  return toResults(`${MEASURED}, minified + gzip, KiB`, figures, { [goal]: { most: 1 } });
}

const HEAD = [
  "# What a page has to load",
  "",
  "Bundled by esbuild for browsers, minified; without what pages bring themselves, the peer dependencies. Every door of",
  "package.json that a browser can load has a row, with all that it exports, by itself: what two doors stand on is in both.",
  "Made by `npm run bench -- --only doors`; a test holds the code to the table.",
  "",
  "| what | minified, KiB | gzip, KiB |",
  "|---|---:|---:|",
];

function describe({ text, gzipBytes, metafile }: PageBundle): string[] {
  const inputs = Object.values(metafile.outputs)[0]?.inputs ?? {};
  const files = Object.entries(inputs).map(([name, { bytesInOutput }]) => ({ name, bytes: bytesInOutput }));
  const gzipShare = gzipBytes / text.length;
  return [
    `What ${MEASURED} consists of. The column of gzip is each part's share of the whole, not measured by itself.`,
    "",
    "## By package and folder",
    "",
    ...toTable(group(files), gzipShare),
    "## The largest files",
    "",
    ...toTable([...files].sort(bySize).slice(0, MOST_FILES), gzipShare),
  ];
}

function group(files: readonly Part[]): Part[] {
  const sums = new Map<string, number>();
  for (const { name, bytes } of files) sums.set(folderOf(name), (sums.get(folderOf(name)) ?? 0) + bytes);
  return [...sums].map(([name, bytes]) => ({ name, bytes })).sort(bySize);
}

function folderOf(file: string): string {
  const [, packageName] = /node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*node_modules)/.exec(file) ?? [];
  return packageName ?? file.split("/").slice(0, -1).slice(0, 3).join("/");
}

function bySize(a: Part, b: Part): number {
  return b.bytes - a.bytes;
}

function toTable(parts: readonly Part[], gzipShare: number): string[] {
  const rows = parts.map(({ name, bytes }) => `| ${name} | ${kib(bytes)} | ${kib(bytes * gzipShare)} |`);
  return ["| part | minified, KiB | gzip, KiB |", "|---|---:|---:|", ...rows, ""];
}
