import type { HostState } from "../../../gen/moorline/machine/v1/host_moorline.ts";
import { HostErrorReason, HostFailureReason } from "../../../gen/moorline/state/v1/reason_pb.ts";
import { MoorlineError, type SharedErrorCode } from "../../wire/moorline-error.ts";

const CODES: ReadonlyMap<HostFailureReason, SharedErrorCode> = new Map([
  [HostFailureReason.STORAGE_FAILED, "STORAGE_FAILED"],
  [HostFailureReason.STORAGE_UNSUPPORTED, "STORAGE_UNSUPPORTED"],
  [HostFailureReason.STORAGE_FULL, "STORAGE_FULL"],
  [HostFailureReason.INSTALL_SECRET_MALFORMED, "INSTALL_SECRET_MALFORMED"],
  [HostFailureReason.SESSION_KEY_MALFORMED, "SESSION_KEY_MALFORMED"],
  [HostFailureReason.SESSION_KEY_TIMED_OUT, "CALLBACK_TIMED_OUT"],
]);

interface Waiter {
  readonly resolve: () => void;
  readonly reject: (error: MoorlineError) => void;
}

/** Those who wait for a host to be online; each is settled exactly once. Spec: HOST-13. */
export class OnlineWaiters {
  private readonly waiters = new Set<Waiter>();

  /** Waits for the next state that decides. */
  wait(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.waiters.add({ resolve, reject });
    });
  }

  /** Settles everybody where the state decides: online, or nothing will lead to that without somebody asking. */
  settle(state: HostState): void {
    if (this.waiters.size === 0) return;
    const outcome = outcomeOf(state);
    if (outcome === undefined) return;
    const waiters = [...this.waiters];
    this.waiters.clear();
    for (const { resolve, reject } of waiters) {
      if (outcome === "online") resolve();
      else reject(outcome);
    }
  }
}

/** What a state means for who waits to be online. Undefined: wait on. */
export function outcomeOf({ state }: HostState): "online" | MoorlineError | undefined {
  switch (state.case) {
    case "online":
      return "online";
    case "stopped":
      return new MoorlineError("DISPOSED", "The runtime is stopped.", {
        action: "Make another runtime: a stopped one stays so.",
      });
    case "noConnections":
      return new MoorlineError("NOT_CONNECTED", "The profile has no candidates.", {
        action: "Add an address of the daemon to the profile.",
      });
    case "failed": {
      const { reason = HostFailureReason.UNSPECIFIED, message = "", action = "" } = state.value.failure ?? {};
      const code = CODES.get(reason) ?? "SESSION_KEY_UNAVAILABLE";
      return new MoorlineError(code, message || "There is no session key.", action === "" ? {} : { action });
    }
    case "error": {
      const { retryAtMs, loss, reason } = state.value;
      if (retryAtMs !== undefined) return undefined;
      const { code = 0, message = "" } = loss ?? {};
      if (reason === HostErrorReason.CREDENTIAL_REFRESH_FAILED) {
        return new MoorlineError("CREDENTIAL_REFRESH_FAILED", message || "No new credential could be had.", {
          action: "Sign in again, then call credentialChanged.",
        });
      }
      if (code !== 0) return MoorlineError.fromCloseCode(code, message);
      return new MoorlineError("NOT_CONNECTED", message || "No candidate can be tried.", {
        action: "Look at candidatesOf the snapshot, which says why each is set aside, and change the profile.",
      });
    }
    default:
      return undefined;
  }
}
