import { channelTable } from "../../../gen/moorline/machine/v1/channel_moorline.ts";
import { connectionTable } from "../../../gen/moorline/machine/v1/connection_moorline.ts";
import { hostTable } from "../../../gen/moorline/machine/v1/host_moorline.ts";
import { probeTable } from "../../../gen/moorline/machine/v1/probe_moorline.ts";
import { serverConnectionTable } from "../../../gen/moorline/machine/v1/server_connection_moorline.ts";
import { sessionTable } from "../../../gen/moorline/machine/v1/session_moorline.ts";
import { syncTable } from "../../../gen/moorline/machine/v1/sync_moorline.ts";
import { type Transition, TransitionOutcome } from "../../../gen/moorline/state/v1/transition_pb.ts";
import type { Judge } from "./judge.ts";

type Rows = Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;

const tables: Readonly<Record<string, Rows>> = Object.fromEntries(
  [channelTable, connectionTable, hostTable, probeTable, serverConnectionTable, sessionTable, syncTable].map(
    ({ name, transitions }) => [name, transitions as Rows],
  ),
);

/** A record of the transition log: a row of its table, or an event that was ignored and has changed nothing. */
export function judgeTransition(judge: Judge, transition: Transition): void {
  const { machine, from, event, to, outcome, message, serverId, sessionRef } = transition;
  judgeText(judge, `${message} ${serverId} ${sessionRef}`, "a transition");
  if (outcome === TransitionOutcome.IGNORED) {
    judge.claim(from === to, () => `${machine}: ${event} was ignored in ${from}, but led to ${to}`);
    return;
  }
  const rows = tables[machine]?.[from]?.[event] ?? [];
  judge.claim(rows.includes(to), () => `${machine}: ${from} by ${event} to ${to} is no row of its table`);
}

/** No secret of the world may be in a text that somebody else can read. All of them begin with the same word. */
export function judgeText(judge: Judge, text: string, what: string): void {
  judge.claim(!text.includes("SECRET"), () => `${what} shows a secret: ${text}`);
}

/** What an error shows. */
export function judgeErrorText(judge: Judge, error: unknown): void {
  const text = error instanceof Error ? `${error.message} ${error.stack}` : String(error);
  judgeText(judge, text, "an error");
  if (error instanceof Error && error.cause !== undefined) judgeErrorText(judge, error.cause);
}
