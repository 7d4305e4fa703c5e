import type { Agent } from "../../../gen/moorline/agent/v1/agent_pb.ts";
import type { MoorlineError } from "../../wire/moorline-error.ts";
import type { Source } from "../source.ts";

/** One creation of an agent that is shown before the daemon has answered. */
export type CreationEntry = {
  /** Its idempotency key. */
  readonly key: string;
  /** The agent as it will be, as far as it is known. */
  readonly agent: Agent;
} & (
  | { readonly status: "pending" }
  | { readonly status: "confirmed"; readonly agentId: string }
  | { readonly status: "failed"; readonly error: MoorlineError }
);

/** The creations under way. */
export interface OptimisticCreations {
  /** All of them, newest first. */
  readonly list: Source<readonly CreationEntry[]>;
  /** Shows a failed one no longer. */
  dismiss(key: string): void;
}
