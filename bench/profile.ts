import { mkdirSync, writeFileSync } from "node:fs";
import { analyses } from "./analyses.ts";
import { type Comparison, calibrate, dial, measure, withRigs } from "./compare.ts";
import type { SelfTime } from "./profiler.ts";
import { RESULTS } from "./results.ts";
import type { RigProcess } from "./rig.ts";

const ROUNDS = 5;

/**
 * Runs a comparison's Moorline processes under the profiler, and writes where their time goes to
 * `bench/results/profile-NAME.md`. @returns The path of the file.
 */
export async function profileComparison(comparison: Comparison): Promise<string> {
  return withRigs(["moorline"], comparison.cores, async ([rig]) => {
    if (rig === undefined) throw new Error("there is no rig");
    await dial(rig);
    const { server, client } = rig;
    const count = await calibrate(comparison, client);
    await Promise.all([server.ask({ do: "profile" }), client.ask({ do: "profile" })]);
    const before = await cpuOf(server, client);
    for (let round = 0; round < ROUNDS; round += 1) await measure(comparison, client, count);
    const after = await cpuOf(server, client);
    const [atServer, atClient] = await Promise.all([selfTimes(server), selfTimes(client)]);
    const micros = after.map((cpu, i) => (cpu - (before[i] ?? 0)) / (ROUNDS * count));
    const path = `${RESULTS}/profile-${slugOf(comparison.what)}.md`;
    mkdirSync(RESULTS, { recursive: true });
    writeFileSync(path, toMarkdown(comparison.what, micros, atServer, atClient));
    return path;
  });
}

function cpuOf(...processes: RigProcess[]): Promise<number[]> {
  return Promise.all(processes.map((process) => process.ask({ do: "cpu" })));
}

function selfTimes(process: RigProcess): Promise<readonly SelfTime[]> {
  return process.ask<readonly SelfTime[]>({ do: "profiled" });
}

function slugOf(what: string): string {
  return what
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-|-$/g, "");
}

function toMarkdown(
  what: string,
  [server = 0, client = 0]: readonly number[],
  atServer: readonly SelfTime[],
  atClient: readonly SelfTime[],
): string {
  const cpu = `CPU time for each item: server ${server.toFixed(2)} µs, client ${client.toFixed(2)} µs, profiler included.`;
  return [
    `# Profile: ${what}`,
    "",
    `Made by \`npm run bench -- --profile "${what}"\`. ${cpu}`,
    "",
    ...(analyses[what] === undefined ? [] : [analyses[what], ""]),
    ...toTable("Server", atServer),
    ...toTable("Client", atClient),
  ].join("\n");
}

function toTable(title: string, rows: readonly SelfTime[]): string[] {
  const lines = rows.map(({ place, share }) => `| ${(share * 100).toFixed(1)} % | ${place.replaceAll("|", "\\|")} |`);
  return [`## ${title}`, "", "| self time | function |", "|---:|---|", ...lines, ""];
}
