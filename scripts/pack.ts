/**
 * Builds the publishable package in dist/package and packs it there; prints the path of the tarball as its last line.
 * The repository's own manifest is not published: it brings a Node of its own and the development tools.
 */
import { execFileSync } from "node:child_process";
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { buildConsole } from "./build-console.ts";

/** The fields of the repository's manifest that only the repository needs. */
const REPOSITORY_ONLY = ["devDependencies", "optionalDependencies", "scripts", "private", "allowScripts"];

const root = fileURLToPath(new URL("..", import.meta.url)).replace(/[/\\]$/, "");
const stage = `${root}/dist/package`;

async function build(): Promise<void> {
  rmSync(`${root}/dist`, { recursive: true, force: true });
  const tsc = `${root}/node_modules/typescript/bin/tsc`;
  execFileSync(process.execPath, [tsc, "-p", "tsconfig.build.json"], { cwd: root, stdio: "inherit" });
  await buildConsole("production");
}

/** The repository's own code imports the package by its name and gets the sources; a user gets what was built. */
function withoutSources(exports: Record<string, unknown>): Record<string, unknown> {
  return JSON.parse(JSON.stringify(exports, (key, value) => (key === "moorline-source" ? undefined : value)));
}

function writeStage(): void {
  mkdirSync(`${stage}/dist`, { recursive: true });
  for (const path of ["dist/src", "dist/gen", "dist/console", "proto", "docs", "examples", "README.md", "LICENSE"]) {
    cpSync(`${root}/${path}`, `${stage}/${path}`, { recursive: true });
  }
  const manifest = JSON.parse(readFileSync(`${root}/package.json`, "utf8")) as Record<string, unknown>;
  const kept = Object.entries(manifest).filter(([field]) => !REPOSITORY_ONLY.includes(field));
  const exports = withoutSources(manifest.exports as Record<string, unknown>);
  const published = { ...Object.fromEntries(kept), exports, files: ["dist", "proto", "docs", "examples"] };
  writeFileSync(`${stage}/package.json`, `${JSON.stringify(published, null, 2)}\n`);
  const command = `${stage}/dist/src/cli/main.js`;
  if (existsSync(command)) chmodSync(command, 0o755);
}

function pack(): string {
  const output = execFileSync("npm", ["pack", "--json", "--loglevel=error"], { cwd: stage, encoding: "utf8" });
  const report = JSON.parse(output) as
    | ReadonlyArray<{ readonly filename: string }>
    | Record<string, { filename: string }>;
  const [packed] = Object.values(report);
  if (packed === undefined) throw new Error("npm pack reported no tarball");
  return `${stage}/${packed.filename}`;
}

await build();
writeStage();
console.log(pack());
