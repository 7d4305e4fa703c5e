import { HostTimer } from "../../../gen/moorline/machine/v1/host_pb.ts";
import type { Clock, Timer } from "../../core/clock.ts";
import type { HostEventInit } from "../../machine/host.ts";

/** The timers of a host machine, at most one of each name. Spec: RUN-3. */
export class HostTimers {
  private readonly clock: Clock;
  private readonly dispatch: (event: HostEventInit) => void;
  private readonly timers = new Map<HostTimer, Timer>();

  /** @param dispatch Takes the event of a timer that is due. */
  constructor(clock: Clock, dispatch: (event: HostEventInit) => void) {
    this.clock = clock;
    this.dispatch = dispatch;
  }

  /** Starts a timer, in the place of the one of its name. */
  start(name: HostTimer, atMs: number): void {
    this.cancel(name);
    const timer = this.clock.setTimer(Math.max(0, atMs - this.clock.now()), () => {
      if (this.timers.get(name) !== timer) return;
      this.timers.delete(name);
      this.fire(name, atMs);
    });
    this.timers.set(name, timer);
  }

  /** Cancels a timer. Does nothing where it does not run. */
  cancel(name: HostTimer): void {
    this.timers.get(name)?.cancel();
    this.timers.delete(name);
  }

  private fire(name: HostTimer, dueAtMs: number): void {
    const value = { dueAtMs, nowMs: this.clock.now() };
    switch (name) {
      case HostTimer.RACE:
        this.dispatch({ case: "raceDue", value });
        break;
      case HostTimer.RETRY:
        this.dispatch({ case: "retryDue", value });
        break;
      case HostTimer.INTERRUPTION:
        this.dispatch({ case: "interruptionTimedOut", value: { dueAtMs } });
        break;
      case HostTimer.PROBE:
        this.dispatch({ case: "probeDue", value });
        break;
      case HostTimer.RENEWAL:
        this.dispatch({ case: "credentialRenewalDue", value });
        break;
    }
  }
}
