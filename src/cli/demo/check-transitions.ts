import { fromJson, type JsonValue } from "@bufbuild/protobuf";
import { agentTable } from "../../../gen/moorline/machine/v1/agent_moorline.ts";
import { channelTable } from "../../../gen/moorline/machine/v1/channel_moorline.ts";
import { connectionTable } from "../../../gen/moorline/machine/v1/connection_moorline.ts";
import { probeTable } from "../../../gen/moorline/machine/v1/probe_moorline.ts";
import { serverConnectionTable } from "../../../gen/moorline/machine/v1/server_connection_moorline.ts";
import { sessionTable } from "../../../gen/moorline/machine/v1/session_moorline.ts";
import { type Transition, TransitionOutcome, TransitionSchema } from "../../../gen/moorline/state/v1/transition_pb.ts";

/** The transitions of a machine, as the generator prints them. */
interface Table {
  readonly name: string;
  readonly transitions: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
}

const tables: readonly Table[] = [
  connectionTable,
  probeTable,
  serverConnectionTable,
  channelTable,
  sessionTable,
  agentTable,
];

/**
 * Checks records of the transition log against the table of their machine.
 * @param records As proto JSON.
 * @returns How many there were.
 * @throws Error for the first record that has no row.
 */
export function checkTransitions(records: readonly JsonValue[]): number {
  for (const record of records) checkTransition(fromJson(TransitionSchema, record));
  return records.length;
}

function checkTransition({ machine, from, event, to, outcome }: Transition): void {
  const table = tables.find(({ name }) => name === machine)?.transitions;
  if (table === undefined) throw new Error(`there is no machine ${machine}`);
  const isAllowed = outcome === TransitionOutcome.IGNORED ? from === to : table[from]?.[event]?.includes(to);
  if (!isAllowed) throw new Error(`the ${machine} machine has no row from ${from} by ${event} to ${to}`);
}
