import type { ConnectError } from "@connectrpc/connect";
import type { Agent } from "../../../gen/moorline/agent/v1/agent_pb.ts";
import type { CreationState } from "../../../gen/moorline/machine/v1/creation_moorline.ts";
import type { Source } from "../source.ts";

/** An agent that this client has asked for and that the directory does not have yet, or will never have. */
export interface CreationEntry {
  /** What the creation is called: its idempotency key, and the `creationId` of its agent. */
  readonly key: string;
  /**
   * The agent: as the request says, with `key` as its id, until the daemon has answered; then as the answer says. Its
   * `creationId` is `key` all along, and in the directory: what to tell rows apart by.
   */
  readonly agent: Agent;
  /** Where the creation is: the state of its machine. */
  readonly state: CreationState;
  /** What the call has failed with. Undefined in every state but failed. */
  readonly error: ConnectError | undefined;
}

/** The creations under way. */
export interface OptimisticCreations {
  /** All of them, newest first, at most 64: pending, confirmed and failed ones. Never one that is over. */
  readonly list: Source<readonly CreationEntry[]>;
  /** Shows a failed one no longer. Does nothing for any other. */
  dismiss(key: string): void;
}

/** Whether the agent of a creation is to be shown among the others: it is on its way, and the directory has not shown it. */
export function isShown({ state }: CreationEntry): boolean {
  return state.state.case === "pending" || state.state.case === "confirmed";
}

/** Whether a creation has failed. Spec: CREATE-4. */
export function hasFailed({ state }: CreationEntry): boolean {
  return state.state.case === "failed";
}

/**
 * Whether an agent is one that is still being created, as a source: what a view of it gives to createPresentation.
 * @param id The key of the creation, or the id of the agent.
 */
export function followCreating({ list }: OptimisticCreations, id: string): Source<boolean> {
  const isIt = (entry: CreationEntry): boolean => isShown(entry) && (entry.key === id || entry.agent.id === id);
  return { getSnapshot: () => list.getSnapshot().some(isIt), subscribe: list.subscribe };
}
