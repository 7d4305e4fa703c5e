import { setTimeout as sleep } from "node:timers/promises";
import type { DaemonClient } from "../client/daemon-client.ts";
import { backoffDelayMs } from "../core/backoff.ts";

/** Backoff ends here: a daemon that is being stopped is soon gone, or there again. */
const MAX_FAILURES = 3;

/**
 * Waits before something is asked for again that a daemon could not give: at least until there is a connection, and by
 * backoff, so that a daemon that is connected and says no is not asked in a loop. Spec: RETRY-2.
 */
export class AskAgain {
  private readonly client: Pick<DaemonClient, "ensureConnected">;
  private readonly wait: (ms: number) => Promise<unknown>;
  private failures = 0;

  /** @param wait Lets milliseconds pass. Default: by the system's clock. */
  constructor(client: Pick<DaemonClient, "ensureConnected">, wait: (ms: number) => Promise<unknown> = sleep) {
    this.client = client;
    this.wait = wait;
  }

  /** It has given something: the next wait is a short one. */
  worked(): void {
    this.failures = 0;
  }

  /** Comes back when it may be asked again. @throws MoorlineError where there will be no connection any more. */
  async ready(): Promise<void> {
    await this.wait(backoffDelayMs(this.failures, Math.random()));
    this.failures = Math.min(this.failures + 1, MAX_FAILURES);
    await this.client.ensureConnected();
  }
}
