import { Path } from "../../gen/moorline/session/v1/packet_pb.ts";
import { type Transition, TransitionOutcome } from "../../gen/moorline/state/v1/transition_pb.ts";
import type { LogEntry } from "../core/machine.ts";
import { timestampOf } from "../wire/timestamp.ts";
import type { SchemaMachine } from "./schema-machine.ts";

/** Takes the records of the transition log. What it throws is told to the owner of the machine and changes nothing. */
export type TransitionSink = (transition: Transition) => void;

/** What a record says beside the machine's own facts. Never a secret. */
export interface TransitionContext {
  /** The daemon. Empty while it is not known. */
  readonly serverId: string;
  /** The hash of the session key. Empty where no session is known. */
  readonly sessionRef: string;
  /** The path, for a machine whose states do not say it. Default: not set. */
  readonly path?: Path;
  /** What the machine belongs to, where neither daemon nor session says it: the id of the agent. Default empty. */
  readonly subject?: string;
  /** The wall clock, in milliseconds since 1970. */
  readonly wallMs: number;
}

/** The record of the transition log for one event. Spec: LOG-1. */
export function createTransition<State, Event, Effect, Config>(
  machine: SchemaMachine<State, Event, Effect, Config>,
  entry: LogEntry<State, Event>,
  context: TransitionContext,
): Transition {
  const { path = context.path, generation = 0, reason, message = "" } = machine.describe(entry.to, entry.event);
  return {
    $typeName: "moorline.state.v1.Transition",
    machine: machine.name,
    serverId: context.serverId,
    sessionRef: context.sessionRef,
    subject: context.subject ?? "",
    from: machine.stateName(entry.from),
    event: machine.eventName(entry.event),
    to: machine.stateName(entry.to),
    outcome: entry.ignored ? TransitionOutcome.IGNORED : TransitionOutcome.TAKEN,
    path: path ?? Path.UNSPECIFIED,
    generation,
    reason: entry.ignored || reason === undefined ? { case: undefined } : reason,
    message: entry.ignored ? "" : message,
    at: timestampOf(context.wallMs),
  };
}
