import type { Judge } from "../session/judge.ts";
import type { Process } from "../session/process.ts";

/** Numbers of HOST-16, once more: the judge has an arithmetic of its own. */
const LEAD_MS = 60_000;
const GAP_MS = 5_000;
const SLACK_MS = 200;

/** One connection, as far as its credential goes. */
export interface CredentialUser {
  /** Whether the host holds it, as the one that carries the channel. */
  isHeld(): boolean;
}

/**
 * another credential is asked for in time (HOST-16): half-way to the end of the present one, or a minute before it. And where
 * nothing goes wrong, none expires while its host holds a connection with it.
 */
export class RenewalJudge {
  private readonly judge: Judge;
  private readonly name: string;
  private readonly process: Process;
  private askedAtMs = Number.NEGATIVE_INFINITY;
  /** Questions that have no answer yet. */
  private readonly pending = new Set<symbol>();
  private phase: "restless" | "calm" = "restless";
  /** Connections that were welcomed in the calm. */
  private readonly calm = new WeakSet<CredentialUser>();
  private renewals = 0;

  constructor(judge: Judge, name: string, process: Process) {
    this.judge = judge;
    this.name = name;
    this.process = process;
  }

  /** How often a connection with another credential has taken over, in the calm. */
  get calmRenewals(): number {
    return this.renewals;
  }

  /** Nothing goes wrong from now on. */
  rest(): void {
    this.phase = "calm";
  }

  /** The callback is asked. @returns What to call with the answer. */
  asked(): () => void {
    const question = Symbol("question");
    this.askedAtMs = this.process.clock.now();
    this.pending.add(question);
    return () => void this.pending.delete(question);
  }

  /** Whatever was asked before counts no more. */
  signedIn(): void {
    this.pending.clear();
  }

  /** The daemon has accepted a connection. @param leftMs Until its credential expires. Undefined: it does not. */
  welcomed(user: CredentialUser, leftMs: number | undefined): void {
    if (this.phase === "calm") this.calm.add(user);
    if (leftMs === undefined) return;
    const dueMs = Math.max(GAP_MS, leftMs - LEAD_MS, leftMs / 2);
    if (dueMs >= leftMs) return;
    const sinceMs = this.process.clock.now();
    void this.process.pause(dueMs + SLACK_MS).then(() => {
      if (!user.isHeld()) return;
      this.judge.facts.count("renewals in time");
      const isAsked = this.pending.size > 0 || this.askedAtMs >= sinceMs;
      this.judge.claim(isAsked, () => {
        return `renewal: ${this.name} has asked for no other credential ${dueMs} ms after a welcome, of ${leftMs}`;
      });
    });
  }

  /** A connection with another credential has taken over. */
  renewed(): void {
    this.judge.facts.count("credentials renewed");
    if (this.phase === "calm") this.renewals += 1;
  }

  /** The daemon has closed a connection because its credential has expired. */
  expired(user: CredentialUser): void {
    this.judge.facts.count("credentials expired in use");
    this.judge.claim(
      !this.calm.has(user),
      () => `renewal: ${this.name} lets a credential expire, and nothing is wrong`,
    );
  }
}
