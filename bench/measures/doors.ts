import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build, type Metafile } from "esbuild";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** The services and messages that a client of agents uses. */
const AGENT_FAMILY = [
  "agent",
  "agent_service",
  "directory_service",
  "error",
  "provider",
  "timeline",
  "timeline_service",
];

/** What a page has to load for something, minified. */
export interface PageBundle {
  /** The text that is loaded. */
  readonly text: string;
  /** How many bytes it has behind gzip. */
  readonly gzipBytes: number;
  /** What it is made of. */
  readonly metafile: Metafile;
}

interface Manifest {
  readonly name: string;
  readonly exports: Readonly<Record<string, unknown>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

const manifest = JSON.parse(readFileSync(`${ROOT}/package.json`, "utf8")) as Manifest;

/** The name of the row with the agent family, which has a goal. */
export const MEASURED = "the client door with the agent family";

/**
 * What is in the table of sizes, by its name, as the imports of a page: every door of package.json with code, and
 * what pages use together.
 */
export const pages: ReadonlyMap<string, string> = new Map([
  ...Object.keys(manifest.exports)
    .filter((door) => !door.includes("*"))
    .map((door): [string, string] => {
      const name = `${manifest.name}${door.slice(1)}`;
      return [`\`${name}\``, `export * from ${JSON.stringify(name)};`];
    }),
  [
    "`moorline/runtime` and `moorline/react`",
    ["runtime", "react"].map((door) => `export * from "${manifest.name}/${door}";`).join("\n"),
  ],
  [
    MEASURED,
    [
      'export * from "moorline";',
      ...AGENT_FAMILY.map((file) => `export * from "moorline/schema/moorline/agent/v1/${file}_pb";`),
    ].join("\n"),
  ],
  [
    "one client, agents watched",
    [
      'export { createDaemonClient, createSessionKey } from "moorline";',
      'export { AgentDirectoryService } from "moorline/schema/moorline/agent/v1/directory_service_pb";',
    ].join("\n"),
  ],
  [
    "one client, agents watched with generated codecs",
    [
      'export { createDaemonClient, createGeneratedCodecs, createSessionKey } from "moorline";',
      'export { AgentDirectoryService } from "moorline/schema/moorline/agent/v1/directory_service_pb";',
      'export { directoryServiceCodes } from "moorline/schema/moorline/agent/v1/directory_service_codec";',
    ].join("\n"),
  ],
]);

/**
 * Bundles for browsers, minified. What pages bring themselves, the peer dependencies, is left out.
 * @param imports The imports of a page. @returns Undefined where a browser cannot load it: it has a built-in of Node in it.
 */
export async function bundlePage(imports: string): Promise<PageBundle | undefined> {
  const { outputFiles, metafile, errors } = await build({
    stdin: { contents: imports, resolveDir: ROOT, loader: "ts" },
    absWorkingDir: ROOT,
    bundle: true,
    format: "esm",
    platform: "browser",
    conditions: ["moorline-source"],
    external: Object.keys(manifest.peerDependencies ?? {}),
    minify: true,
    metafile: true,
    write: false,
    logLevel: "silent",
  }).catch(() => ({ outputFiles: [], metafile: undefined, errors: ["not for browsers"] }));
  const text = outputFiles[0]?.text;
  if (errors.length > 0 || text === undefined || metafile === undefined) return undefined;
  return { text, metafile, gzipBytes: gzipSync(text).length };
}

/** Bytes as KiB, as the tables show them. */
export function kib(bytes: number): string {
  return (bytes / 1024).toFixed(1);
}

/** The rows of the table of sizes: name, minified, behind gzip. */
export function toSizeRow(name: string, { text, gzipBytes }: PageBundle): string {
  return `| ${name} | ${kib(text.length)} | ${kib(gzipBytes)} |`;
}

/** Reads the sizes behind gzip, in KiB, from a page that begins with a table of {@link toSizeRow}s. */
export function readSizes(page: string): Map<string, number> {
  const [table = ""] = page.split("\n## ");
  const rows = table.matchAll(/^\| (.+) \| [\d.]+ \| ([\d.]+) \|$/gm);
  return new Map([...rows].map(([, name = "", size]) => [name, Number(size)]));
}
