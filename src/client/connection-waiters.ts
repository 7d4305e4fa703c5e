import type { ConnectionState } from "../../gen/moorline/machine/v1/connection_moorline.ts";
import { ConnectionLossReason } from "../../gen/moorline/state/v1/reason_pb.ts";
import { MoorlineError } from "../wire/moorline-error.ts";
import { isOnItsWay } from "./selectors.ts";

interface Waiter {
  readonly resolve: () => void;
  readonly reject: (error: MoorlineError) => void;
}

/** Those who wait for a connection. They share the attempts that are made, and each is settled exactly once. Spec: CONN-16. */
export class ConnectionWaiters {
  private readonly waiters = new Set<Waiter>();

  /** Waits for the next state that decides: see {@link ConnectionWaiters.settle}. */
  wait(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.waiters.add({ resolve, reject });
    });
  }

  /** Settles everybody where the state decides: it is connected, or nothing will lead to that without somebody asking. */
  settle(state: ConnectionState, redial: boolean): void {
    if (this.waiters.size === 0) return;
    const outcome = outcomeOf(state, redial);
    if (outcome === undefined) return;
    const waiters = [...this.waiters];
    this.waiters.clear();
    for (const { resolve, reject } of waiters) {
      if (outcome === "connected") resolve();
      else reject(outcome);
    }
  }
}

/** What a state means for who waits for a connection. Undefined: wait on. */
export function outcomeOf(state: ConnectionState, redial: boolean): "connected" | MoorlineError | undefined {
  const present = state.state;
  switch (present.case) {
    case "connected":
      return "connected";
    case "disposed":
      return new MoorlineError("DISPOSED", "The client is disposed.");
    case "disconnected":
      return isOnItsWay(state, redial) ? undefined : createLossError(state);
    default:
      return undefined;
  }
}

function createLossError({ state }: ConnectionState): MoorlineError {
  const loss = state.case === "disconnected" ? state.value.loss : undefined;
  const { code = 0, message = "" } = loss ?? {};
  if (code !== 0) return MoorlineError.fromCloseCode(code, toSentence(message));
  const isRefresh = loss?.reason === ConnectionLossReason.CREDENTIAL_REFRESH_FAILED;
  const text = toSentence(message) || "The connection could not be made.";
  return new MoorlineError(isRefresh ? "CREDENTIAL_REFRESH_FAILED" : "NOT_CONNECTED", text);
}

/** What a peer says, as a sentence. */
function toSentence(message: string): string {
  if (message === "") return "";
  const text = message.charAt(0).toUpperCase() + message.slice(1);
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
