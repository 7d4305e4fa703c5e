import { agentTable } from "../../../gen/moorline/machine/v1/agent_moorline.ts";
import { channelTable } from "../../../gen/moorline/machine/v1/channel_moorline.ts";
import { connectionTable } from "../../../gen/moorline/machine/v1/connection_moorline.ts";
import { creationTable } from "../../../gen/moorline/machine/v1/creation_moorline.ts";
import { hostTable } from "../../../gen/moorline/machine/v1/host_moorline.ts";
import { presentationTable } from "../../../gen/moorline/machine/v1/presentation_moorline.ts";
import { probeTable } from "../../../gen/moorline/machine/v1/probe_moorline.ts";
import { serverConnectionTable } from "../../../gen/moorline/machine/v1/server_connection_moorline.ts";
import { sessionTable } from "../../../gen/moorline/machine/v1/session_moorline.ts";
import { syncTable } from "../../../gen/moorline/machine/v1/sync_moorline.ts";

/** A machine of the schema, as the generator prints it. */
export interface MachineTable {
  readonly name: string;
  readonly initial: string;
  readonly terminal: readonly string[];
  /** The states that may follow, by state and event. */
  readonly transitions: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
}

/** Every machine of the schema. Spec: CONSOLE-9. */
export const MACHINE_TABLES: readonly MachineTable[] = [
  hostTable,
  connectionTable,
  probeTable,
  syncTable,
  presentationTable,
  creationTable,
  serverConnectionTable,
  channelTable,
  sessionTable,
  agentTable,
];

/** The table of a machine by its name, as transitions have it. Undefined: a newer one. */
export function tableOf(machine: string): MachineTable | undefined {
  return MACHINE_TABLES.find(({ name }) => name === machine);
}

/** The events that lead from one state to another, in the order of the schema. */
export interface MachineEdge {
  readonly from: string;
  readonly to: string;
  readonly events: readonly string[];
}

/** The arrows of a machine: one for each pair of states that an event leads over, by state in the order of the schema. */
export function edgesOf({ transitions }: MachineTable): MachineEdge[] {
  return Object.entries(transitions).flatMap(([from, rows]) => {
    const events = new Map<string, string[]>();
    for (const [event, targets] of Object.entries(rows)) {
      for (const to of targets) events.set(to, [...(events.get(to) ?? []), event]);
    }
    return [...events].map(([to, names]) => ({ from, to, events: names }));
  });
}

/** At least so many other states, and more than half of them, lead to a hub. */
const HUB_STATES = 4;

/** The states that most others lead to. Their arrows would hide all others, and are drawn as one. */
export function hubsOf(table: MachineTable): ReadonlySet<string> {
  const states = Object.keys(table.transitions);
  const arrows = edgesOf(table).filter(({ from, to }) => from !== to);
  const isHub = (state: string): boolean => {
    const sources = arrows.filter(({ to }) => to === state).length;
    return sources >= HUB_STATES && sources > (states.length - 1) / 2;
  };
  return new Set(states.filter(isHub));
}
