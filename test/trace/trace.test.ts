import { describe, expect, it } from "vitest";
import { agentTable } from "../../gen/moorline/machine/v1/agent_moorline.ts";
import { channelTable } from "../../gen/moorline/machine/v1/channel_moorline.ts";
import { connectionTable } from "../../gen/moorline/machine/v1/connection_moorline.ts";
import { creationTable } from "../../gen/moorline/machine/v1/creation_moorline.ts";
import { hostTable } from "../../gen/moorline/machine/v1/host_moorline.ts";
import { presentationTable } from "../../gen/moorline/machine/v1/presentation_moorline.ts";
import { probeTable } from "../../gen/moorline/machine/v1/probe_moorline.ts";
import { serverConnectionTable } from "../../gen/moorline/machine/v1/server_connection_moorline.ts";
import { sessionTable } from "../../gen/moorline/machine/v1/session_moorline.ts";
import { syncTable } from "../../gen/moorline/machine/v1/sync_moorline.ts";
import { tracePlayerOf, tracePlayers } from "../../src/testing/trace-players.ts";
import { listTraces, readTrace } from "./files.ts";

interface Table {
  readonly name: string;
  readonly transitions: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
}

const tables: readonly Table[] = [
  connectionTable,
  probeTable,
  hostTable,
  serverConnectionTable,
  channelTable,
  sessionTable,
  agentTable,
  syncTable,
  presentationTable,
  creationTable,
];
const names = listTraces();

/** Every row of a table as `from event to`. */
function rowsOfTable({ transitions }: Table): string[] {
  return Object.entries(transitions).flatMap(([from, row]) =>
    Object.entries(row).flatMap(([event, targets]) => targets.map((to) => `${from} ${event} ${to}`)),
  );
}

describe("traces", () => {
  it.each(names)("plays %s as it was recorded", (name) => {
    const trace = readTrace(name);
    expect(tracePlayerOf(trace.machine).play(trace)).toEqual([]);
  });

  it.each(tables)("reaches every row of the table of $name, and no other [RUN-2]", (table) => {
    const traces = names.map(readTrace).filter(({ machine }) => machine === table.name);
    const reached = new Set(traces.flatMap((trace) => tracePlayerOf(table.name).rowsOf(trace)));
    expect([...reached].sort()).toEqual(rowsOfTable(table).sort());
  });

  it("has a player for every machine", () => {
    expect(tracePlayers.map(({ machine }) => machine)).toEqual(tables.map(({ name }) => name));
  });
});
