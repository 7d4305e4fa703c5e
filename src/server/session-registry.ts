import { MoorlineError } from "../wire/moorline-error.ts";
import type { CheckedHello } from "./handshake.ts";
import { Legacies } from "./legacies.ts";
import type { LostChannels } from "./lost-channels.ts";
import type { ServerContext } from "./server-context.ts";
import { Session, type SessionKeeper } from "./session.ts";
import { SessionSaver } from "./session-saver.ts";
import type { SessionRecord, SessionStore } from "./store.ts";

/** Whether the sessions of the store are there. */
type Loading = { readonly name: "unloaded" | "loaded" } | { readonly name: "loading"; readonly done: Promise<void> };

/** Every session of a server, by the hash of its key. Spec: SESSION. */
export class SessionRegistry implements SessionKeeper {
  private readonly context: ServerContext;
  private readonly store: SessionStore;
  private readonly saver: SessionSaver;
  private readonly byHash = new Map<string, Session>();
  private readonly byPrincipal = new Map<string, Set<Session>>();
  private readonly legacies: Legacies;
  private loading: Loading = { name: "unloaded" };

  /** @param store Where sessions outlive the process. */
  constructor(context: ServerContext, store: SessionStore) {
    this.context = context;
    this.store = store;
    this.legacies = new Legacies(context.limits.session);
    this.saver = new SessionSaver(store, (error) => context.reporter.failed("the session store", error));
  }

  /** Every session. */
  get all(): Iterable<Session> {
    return this.byHash.values();
  }

  /** Resolves when the sessions of the store are there; undefined where they are. One that fails is tried again. */
  ready(): Promise<void> | undefined {
    if (this.loading.name === "loaded") return undefined;
    if (this.loading.name === "loading") return this.loading.done;
    const journaled = this.context.journal?.readSessions();
    const records = this.list();
    if (!(records instanceof Promise) && journaled === undefined) return this.restore(records);
    const done = Promise.all([records, journaled]).then(
      ([late]) => this.restore(late),
      (cause: unknown) => {
        this.loading = { name: "unloaded" };
        throw storeFailed(cause);
      },
    );
    this.loading = { name: "loading", done };
    return done;
  }

  /** The session of a key, unless its time is up. Its channels are those whose time is not. */
  find(sessionHash: string): Session | undefined {
    this.byHash.get(sessionHash)?.expireIfDue(this.context.clock.now());
    return this.byHash.get(sessionHash);
  }

  /** What an earlier session of a key, which is over, has lost lately. */
  lostBefore(sessionHash: string): LostChannels | undefined {
    return this.legacies.find(sessionHash, this.context.clock.now());
  }

  /**
   * Creates a session. Where its principal has too many, the longest idle one of them ends that has no keyed calls.
   * @returns undefined where there is none. Spec: SESSION-4.
   */
  create(
    { sessionHash, sessionRef }: Pick<CheckedHello, "sessionHash" | "sessionRef">,
    principal: string,
  ): Session | undefined {
    if (!this.makeRoom(principal)) return undefined;
    const { clock, limits } = this.context;
    const record = {
      sessionHash,
      sessionRef,
      principal,
      createdAtMs: clock.wallNow(),
      idleLeftMs: limits.session.sessionMs,
    };
    this.saver.put(record);
    return this.add(record, this.legacies.take(sessionHash, clock.now()));
  }

  save(record: SessionRecord): void {
    this.saver.put(record);
  }

  forget(session: Session): void {
    const { hash, principal } = session;
    this.byHash.delete(hash);
    this.legacies.leave(hash, session.lost, this.context.clock.now());
    const sessions = this.byPrincipal.get(principal);
    sessions?.delete(session);
    if (sessions?.size === 0) this.byPrincipal.delete(principal);
    this.saver.delete(hash);
    this.context.journal?.endSession(hash);
  }

  /** The server is closed. Resolves when everything is written. */
  async close(): Promise<void> {
    for (const session of this.all) session.suspend();
    await this.saver.flush();
  }

  private list(): ReturnType<SessionStore["list"]> {
    try {
      return this.store.list();
    } catch (error) {
      return Promise.reject(error);
    }
  }

  private restore(records: readonly SessionRecord[]): undefined {
    this.loading = { name: "loaded" };
    for (const record of records) this.add(record);
    return undefined;
  }

  private add(record: SessionRecord, lost?: LostChannels): Session {
    const session = new Session(this.context, this, record, lost);
    this.byHash.set(session.hash, session);
    const sessions = this.byPrincipal.get(session.principal);
    if (sessions === undefined) this.byPrincipal.set(session.principal, new Set([session]));
    else sessions.add(session);
    return session;
  }

  private makeRoom(principal: string): boolean {
    const sessions = this.byPrincipal.get(principal);
    if (sessions === undefined || sessions.size < this.context.limits.session.maxSessions) return true;
    let longest: Session | undefined;
    for (const session of sessions) {
      if (deadlineOf(session) < deadlineOf(longest) && !this.isJournaled(session)) longest = session;
    }
    longest?.end();
    return longest !== undefined;
  }

  private isJournaled({ hash }: Session): boolean {
    return this.context.journal?.holds(hash) === true;
  }
}

/** An active session has no deadline. */
function deadlineOf(session: Session | undefined): number {
  return session?.deadlineAtMs ?? Number.POSITIVE_INFINITY;
}

function storeFailed(cause: unknown): MoorlineError {
  return new MoorlineError("STORAGE_FAILED", "The session store cannot be read.", { cause });
}
