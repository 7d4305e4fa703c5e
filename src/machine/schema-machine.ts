import type { Transition } from "../../gen/moorline/state/v1/transition_pb.ts";
import type { Machine } from "../core/machine.ts";

/** A machine whose states, events and effects are messages of the schema, each with one oneof. */
export interface SchemaMachine<State, Event, Effect, Config> extends Machine<State, Event, Effect, Config> {
  /** What the transition log says about the state that `event` has led to. */
  describe(state: State, event: Event): TransitionFacts;
}

/** What one machine adds to a record of the transition log. */
export interface TransitionFacts {
  /** The path of the connection. Default: not set. */
  readonly path?: Transition["path"];
  /** The generation of the state. Default 0. */
  readonly generation?: number;
  /** Why. Default: nothing to explain. */
  readonly reason?: Transition["reason"];
  /** For people. Default empty. */
  readonly message?: string;
}

/** The name of a oneof member in the schema: `transportOpened` is `transport_opened`. Empty for an unknown one. */
export function memberName(member: string | undefined): string {
  return member === undefined ? "" : member.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
