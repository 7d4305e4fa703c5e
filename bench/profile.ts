import { mkdirSync, writeFileSync } from "node:fs";
import { analyses } from "./analyses.ts";
import { type Comparison, calibrate, dial, measure, type Rig, withRigs } from "./compare.ts";
import type { HeapUse } from "./heap.ts";
import type { SelfTime } from "./profiler.ts";
import { RESULTS } from "./results.ts";
import type { RigProcess } from "./rig.ts";

/** What is done under the profiler. */
export interface ProfiledWork {
  /** What the tables call it. */
  readonly what: string;
  /** The cores of the server and the client. Default: 0 and 1. */
  readonly cores?: readonly [number, number];
  /** Makes everything ready and warm. @returns How many items `run` does. */
  prepare(rig: Rig): Promise<number>;
  /** Does it once. */
  run(rig: Rig, items: number): Promise<unknown>;
}

const ROUNDS = 5;

/** A comparison, as something to profile. */
export function workOf(comparison: Comparison): ProfiledWork {
  const { what, cores } = comparison;
  return {
    what,
    ...(cores === undefined ? {} : { cores }),
    async prepare(rig) {
      await dial(rig);
      return calibrate(comparison, rig.client);
    },
    run: ({ client }, items) => measure(comparison, client, items),
  };
}

/**
 * Runs something with Moorline's processes under the profiler, and writes where their time goes to
 * `bench/results/profile-NAME.md`. @returns The path of the file.
 */
export async function profileWork(work: ProfiledWork): Promise<string> {
  return withRigs(["moorline"], work.cores, async ([rig]) => {
    if (rig === undefined) throw new Error("there is no rig");
    const items = await work.prepare(rig);
    const { server, client } = rig;
    await Promise.all([server.ask({ do: "profile" }), client.ask({ do: "profile" })]);
    const before = await cpuOf(server, client);
    for (let round = 0; round < ROUNDS; round += 1) await work.run(rig, items);
    const after = await cpuOf(server, client);
    const [atServer, atClient] = await Promise.all([selfTimes(server), selfTimes(client)]);
    const micros = after.map((cpu, i) => (cpu - (before[i] ?? 0)) / (ROUNDS * items));
    const [perServer = 0, perClient = 0] = micros;
    const cpu = `CPU time for each item: server ${perServer.toFixed(2)} µs, client ${perClient.toFixed(2)} µs, profiler included.`;
    return write(work.what, cpu, [...toTable("Server", atServer), ...toTable("Client", atClient)]);
  });
}

/** Writes what the heap of a server holds for each of `items`, by kind, to `bench/results/profile-NAME.md`. */
export function writeHeapProfile(what: string, uses: readonly HeapUse[], items: number): string {
  const rows = uses.map(({ kind, bytes }) => `| ${(bytes / items).toFixed(0)} | ${kind.replaceAll("|", "\\|")} |`);
  const title = `Heap of the server for each of ${items} sessions, by what its objects are, the largest first.`;
  return write(what, title, ["## Server", "", "| bytes | kind |", "|---:|---|", ...rows, ""]);
}

function write(what: string, measured: string, tables: readonly string[]): string {
  const path = `${RESULTS}/profile-${slugOf(what)}.md`;
  const made = `Made by \`npm run bench -- --profile "${what}"\`. ${measured}`;
  const analysis = analyses[what];
  mkdirSync(RESULTS, { recursive: true });
  writeFileSync(
    path,
    [`# Profile: ${what}`, "", made, "", ...(analysis === undefined ? [] : [analysis, ""]), ...tables].join("\n"),
  );
  return path;
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

function toTable(title: string, rows: readonly SelfTime[]): string[] {
  const lines = rows.map(({ place, share }) => `| ${(share * 100).toFixed(1)} % | ${place.replaceAll("|", "\\|")} |`);
  return [`## ${title}`, "", "| self time | function |", "|---:|---|", ...lines, ""];
}
