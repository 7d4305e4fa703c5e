import type { ConnectError } from "@connectrpc/connect";
import type { Clock } from "../../core/clock.ts";
import { createDrainingError } from "../../rpc/call-errors.ts";
import type { KeyedCalls, KeyedQuestion, KeyedWait, KeyedWaiter } from "../../rpc/keyed-calls.ts";
import type { JournalLimits } from "../../wire/limits.ts";
import type { JournalSession, JournalStore } from "./journal-store.ts";
import type { KeyedSlot } from "./keyed-slot.ts";
import { type JournalContext, SessionJournal } from "./session-journal.ts";

/** What a {@link Journal} is made of. */
export interface JournalParts {
  readonly store: JournalStore;
  readonly limits: JournalLimits;
  readonly clock: Clock;
  /** The epoch of this process. */
  readonly epoch: string;
  /** The journal has failed at something. */
  failed(error: unknown): void;
}

/** The journal of a server: the keyed calls of all its sessions. Spec: JOURNAL. */
export class Journal {
  private readonly context: JournalContext;
  private readonly sessions = new Map<string, SessionJournal>();
  /** When the last key of each session was accepted. Undefined while it is not known which sessions have keys. */
  private acceptances: Map<string, number> | undefined = undefined;
  /** Sessions that are being deleted from the store. */
  private readonly endings = new Map<string, Promise<void>>();
  /** What has outlived its session. */
  private readonly orphans = new Set<SessionJournal>();
  private purged: Promise<void> | undefined = undefined;
  private phase: "open" | "cut" = "open";

  constructor({ store, limits, clock, epoch, failed }: JournalParts) {
    // While the process runs a change of the wall clock makes nothing older or younger.
    const startMs = clock.wallNow() - clock.now();
    const accepted = (hash: string, atMs: number): void => void this.acceptances?.set(hash, atMs);
    this.context = { store, limits, epoch, accepted, failed, nowMs: () => startMs + clock.now() };
  }

  /**
   * Learns which sessions have keys. Where the store fails that stays unknown, and every session counts as one that has.
   * @returns What resolves when it is done, and never rejects; undefined where it is.
   */
  readSessions(): Promise<void> | undefined {
    const found = this.findSessions();
    if (found instanceof Promise) return found.then((late) => this.restore(late), this.context.failed);
    this.restore(found);
    return undefined;
  }

  /** Whether a session has keys: were it ended, what was done under one of them could be done again. Spec: SESSION-4. */
  holds(sessionHash: string): boolean {
    if (this.acceptances === undefined) return true;
    const acceptedAtMs = this.acceptances.get(sessionHash) ?? Number.NEGATIVE_INFINITY;
    return acceptedAtMs + this.context.limits.keepMs > this.context.nowMs();
  }

  /** The keyed calls of a session, by the hash of its key. */
  of(sessionHash: string): KeyedCalls {
    return {
      ask: (question, waiter) =>
        this.phase === "open" ? this.find(sessionHash).ask(question, waiter) : refuse(question, waiter),
    };
  }

  /** How many keys are remembered, of the sessions that have made a keyed call since the process began. */
  get heldKeys(): number {
    let count = 0;
    for (const { heldKeys } of this.sessions.values()) count += heldKeys;
    return count;
  }

  /** A session is over: its keys are forgotten. What runs goes on. */
  endSession(sessionHash: string): void {
    const session = this.sessions.get(sessionHash);
    if (session !== undefined) this.disown(session);
    this.sessions.delete(sessionHash);
    this.acceptances?.delete(sessionHash);
    const ending = this.purge().then(() => this.attempt(() => this.context.store.deleteSession(sessionHash)));
    this.endings.set(sessionHash, ending);
    void ending.then(() => {
      if (this.endings.get(sessionHash) === ending) this.endings.delete(sessionHash);
    });
  }

  /** Resolves when no run is under way, and everything is written. */
  async quiet(): Promise<void> {
    await Promise.all([...this.slots()].map(({ settled }) => settled));
    await Promise.all(this.endings.values());
  }

  /** Ends every run that is under way: nobody will know how it ended. Nothing runs any more. Spec: JOURNAL-9. */
  cut(error: ConnectError): void {
    this.phase = "cut";
    for (const slot of this.slots()) slot.cut(error);
  }

  private findSessions(): ReturnType<JournalStore["sessions"]> {
    try {
      return this.context.store.sessions();
    } catch (error) {
      return Promise.reject(error);
    }
  }

  private restore(sessions: readonly JournalSession[]): void {
    this.acceptances = new Map(sessions.map(({ sessionHash, lastAcceptedAtMs }) => [sessionHash, lastAcceptedAtMs]));
  }

  private disown(session: SessionJournal): void {
    session.end();
    this.orphans.add(session);
    const settled = [...session.active].map((slot) => slot.settled);
    void Promise.all(settled).then(() => this.orphans.delete(session));
  }

  private *slots(): IterableIterator<KeyedSlot> {
    for (const session of [...this.sessions.values(), ...this.orphans]) yield* [...session.active];
  }

  private find(sessionHash: string): SessionJournal {
    const known = this.sessions.get(sessionHash);
    if (known !== undefined) return known;
    const before = this.purge().then(() => this.endings.get(sessionHash));
    const session = new SessionJournal(this.context, sessionHash, before);
    this.sessions.set(sessionHash, session);
    return session;
  }

  /** Forgets what is too old, once. Where that fails it is tried again by the next process. */
  private purge(): Promise<void> {
    const { store, limits, nowMs } = this.context;
    this.purged ??= this.attempt(() => store.purge(nowMs() - limits.keepMs));
    return this.purged;
  }

  private async attempt(action: () => void | Promise<void>): Promise<void> {
    try {
      await action();
    } catch (error) {
      this.context.failed(error);
    }
  }
}

/** The daemon ends before the call has run. */
function refuse({ run }: KeyedQuestion, waiter: KeyedWaiter): KeyedWait {
  const error = createDrainingError();
  run.cancel(error);
  queueMicrotask(() => waiter.refused(error));
  return { leave: () => {} };
}
