import { fromJson } from "@bufbuild/protobuf";
import { channelTable } from "moorline/schema/moorline/machine/v1/channel_moorline";
import { connectionTable } from "moorline/schema/moorline/machine/v1/connection_moorline";
import { serverConnectionTable } from "moorline/schema/moorline/machine/v1/server_connection_moorline";
import { sessionTable } from "moorline/schema/moorline/machine/v1/session_moorline";
import { type Transition, TransitionOutcome, TransitionSchema } from "moorline/schema/moorline/state/v1/transition_pb";
import { demoCommands } from "./commands.ts";
import type { Expected } from "./expected.ts";
import type { CommandResult, ProcessMessage } from "./messages.ts";

/** The transitions of a machine, as the generator prints them. */
interface Table {
  readonly name: string;
  readonly transitions: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
}

const tables: readonly Table[] = [connectionTable, serverConnectionTable, channelTable, sessionTable];

/** How a command came through. */
export interface CheckedCommand extends CommandResult {
  /** What the table calls it. */
  readonly name: string;
  /** Whether every line arrived once, in order, as it was printed. */
  readonly isSame: boolean;
}

/** Compares what arrived of a command with what it prints. */
export function checkCommand(index: number, result: CommandResult, expected: Expected | undefined): CheckedCommand {
  const isSame =
    result.sha256 === expected?.sha256 &&
    result.lines === expected.lines &&
    result.duplicates === 0 &&
    result.gaps === 0 &&
    result.exitCode === 0;
  return { name: demoCommands[index]?.name ?? "", isSame, ...result };
}

/**
 * Checks every record of the transition logs against the table of its machine.
 * @returns How many there were.
 * @throws Error for the first record that has no row.
 */
export function checkTransitions(messages: readonly ProcessMessage[]): number {
  let count = 0;
  for (const message of messages) {
    if (message.type !== "transition") continue;
    checkTransition(fromJson(TransitionSchema, message.transition));
    count += 1;
  }
  return count;
}

function checkTransition({ machine, from, event, to, outcome }: Transition): void {
  const table = tables.find(({ name }) => name === machine)?.transitions;
  if (table === undefined) throw new Error(`there is no machine ${machine}`);
  const isAllowed = outcome === TransitionOutcome.IGNORED ? from === to : table[from]?.[event]?.includes(to);
  if (!isAllowed) throw new Error(`the ${machine} machine has no row from ${from} by ${event} to ${to}`);
}
