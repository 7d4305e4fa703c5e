import type { ServerLogger } from "../../server/reporter.ts";
import { MoorlineError } from "../../wire/moorline-error.ts";
import { createTokensFull, createTokensUnavailable } from "./presence-errors.ts";
import { createMemoryPushTokenStore, type PushToken, type PushTokenStore } from "./push-token-store.ts";

/** The most services that one session may leave tokens for. Spec: PRESENCE-9. */
const MAX_SERVICES = 8;

/**
 * The push tokens of all sessions. They outlive channels and the daemon's process, and end with their session. There are
 * at most 8 for each session that the server has. Spec: PRESENCE-9, PRESENCE-10.
 */
export class PushTokens {
  private readonly store: PushTokenStore;
  private readonly logger: ServerLogger;
  /** What is kept, as it lies in the store. */
  private readonly kept = createMemoryPushTokenStore();

  /**
   * Reads what is kept.
   * @param store Where they are kept. @param logger Hears of a store that fails, never of a token. Default: the console.
   * @throws What the store throws where it cannot be read.
   */
  constructor(store: PushTokenStore, logger: ServerLogger = console) {
    this.store = store;
    this.logger = logger;
    for (const token of store.list()) this.kept.put(token);
  }

  /** Every token. */
  list(): readonly PushToken[] {
    return this.kept.list();
  }

  /**
   * Keeps a token, in place of the one of the same session and service. An empty one removes it.
   * @throws ConnectError RESOURCE_EXHAUSTED with LimitExceeded where the session has 8 others; UNAVAILABLE where the store
   * fails: nothing has changed then.
   */
  register(token: PushToken): void {
    const { sessionRef, service } = token;
    if (token.token === "") {
      this.change((store) => store.delete(sessionRef, service));
      return;
    }
    const others = this.list().filter((other) => other.sessionRef === sessionRef && other.service !== service);
    if (others.length >= MAX_SERVICES) throw createTokensFull(MAX_SERVICES);
    this.change((store) => store.put(token));
  }

  /** A session is gone, and its tokens with it: none is used any more, even where the store fails. */
  sessionExpired(sessionRef: string): void {
    this.kept.deleteSession(sessionRef);
    try {
      this.store.deleteSession(sessionRef);
    } catch (error) {
      this.report(error);
    }
  }

  /**
   * Forgets the tokens of all other sessions: some may have ended while nobody listened, as in a crash. To be called when a
   * daemon starts, with what its store of sessions has.
   * @param sessionRefs The session refs of all sessions that there are.
   */
  retainSessions(sessionRefs: Iterable<string>): void {
    const retained = new Set(sessionRefs);
    for (const { sessionRef } of this.list()) if (!retained.has(sessionRef)) this.sessionExpired(sessionRef);
  }

  private change(change: (store: PushTokenStore) => void): void {
    try {
      change(this.store);
    } catch (error) {
      this.report(error);
      throw createTokensUnavailable();
    }
    change(this.kept);
  }

  /** A typed error has no secret in it; of any other one nobody knows, so that only its name is written. */
  private report(error: unknown): void {
    const known =
      error instanceof MoorlineError ? error : new Error(error instanceof Error ? error.name : typeof error);
    this.logger.error("moorline: the store of push tokens has failed", known);
  }
}
