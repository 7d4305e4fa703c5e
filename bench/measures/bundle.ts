import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build, type Metafile } from "esbuild";
import { type BenchResult, RESULTS, toResults } from "../results.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const GOAL_KIB = 36;
const MOST_FILES = 25;

/** The services and messages that a client of agents uses, with everything of the door. */
const AGENT_FAMILY = [
  "agent",
  "agent_service",
  "directory_service",
  "error",
  "provider",
  "timeline",
  "timeline_service",
];
const DOORS = {
  "the client door": ['export * from "moorline";'],
  "the client door with the agent family": [
    'export * from "moorline";',
    ...AGENT_FAMILY.map((file) => `export * from "moorline/schema/moorline/agent/v1/${file}_pb";`),
  ],
  "one client, agents watched": [
    'export { createDaemonClient, createSessionKey } from "moorline";',
    'export { AgentDirectoryService } from "moorline/schema/moorline/agent/v1/directory_service_pb";',
  ],
} as const;
const MEASURED = "the client door with the agent family";

/** What one entry of a table takes. */
interface Part {
  readonly name: string;
  readonly bytes: number;
}

/** The size of what a page has to load, minified; writes what it consists of to bench/results/bundle.md. */
export async function measureBundle(): Promise<BenchResult[]> {
  const bundles = new Map<string, Awaited<ReturnType<typeof bundle>>>();
  for (const [name, lines] of Object.entries(DOORS)) bundles.set(name, await bundle(lines.join("\n")));
  const measured = bundles.get(MEASURED);
  if (measured === undefined) throw new Error("nothing was bundled");
  const sizes = [...bundles].map(
    ([name, { text }]) => `| ${name} | ${kib(text.length)} | ${kib(gzipSync(text).length)} |`,
  );
  writeFileSync(
    `${RESULTS}/bundle.md`,
    [...HEAD, ...sizes, "", ...describe(measured.metafile, measured.text)].join("\n"),
  );
  const gzipKib = gzipSync(measured.text).length / 1024;
  const goal = `${GOAL_KIB} KiB`;
  const figures = new Map([
    ["moorline", [gzipKib]],
    [goal, [GOAL_KIB]],
  ]);
  return toResults(`${MEASURED}, minified + gzip, KiB`, figures, { [goal]: { most: 1 } });
}

const HEAD = [
  "# What a page has to load",
  "",
  'Bundled by esbuild for browsers, minified. Made by `npm run bench -- --only "client door"`.',
  "",
  "| what | minified, KiB | gzip, KiB |",
  "|---|---:|---:|",
];

async function bundle(contents: string): Promise<{ readonly text: string; readonly metafile: Metafile }> {
  const { outputFiles, metafile } = await build({
    stdin: { contents, resolveDir: ROOT, loader: "ts" },
    absWorkingDir: ROOT,
    bundle: true,
    format: "esm",
    platform: "browser",
    conditions: ["moorline-source"],
    minify: true,
    metafile: true,
    write: false,
    logLevel: "silent",
  });
  return { text: outputFiles[0]?.text ?? "", metafile };
}

function describe({ outputs }: Metafile, text: string): string[] {
  const inputs = Object.values(outputs)[0]?.inputs ?? {};
  const files = Object.entries(inputs).map(([name, { bytesInOutput }]) => ({ name, bytes: bytesInOutput }));
  const gzipShare = gzipSync(text).length / text.length;
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

function kib(bytes: number): string {
  return (bytes / 1024).toFixed(1);
}
