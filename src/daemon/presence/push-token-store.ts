/** An address to which may be pushed. */
export interface PushToken {
  /** The session ref of the session that has left it. Together with `service` its name. */
  readonly sessionRef: string;
  /** Whom the session belongs to. */
  readonly principal: string;
  /** The service that it belongs to, 1 to 64 characters. */
  readonly service: string;
  /** The address, at most 4 KiB, never empty. A secret: it must be in no error and no log. */
  readonly token: string;
}

/**
 * Where a daemon keeps its push tokens. What a call has changed is durable when it returns. A call that throws has changed
 * nothing; what it throws must not have a token in it. Spec: PRESENCE-10.
 */
export interface PushTokenStore {
  /** Every token that is kept. */
  list(): readonly PushToken[];
  /** Keeps a token, instead of one of the same name. */
  put(token: PushToken): void;
  /** Forgets a token. Does nothing where there is none. */
  delete(sessionRef: string, service: string): void;
  /** Forgets all tokens of a session. */
  deleteSession(sessionRef: string): void;
}

/** A store that lasts as long as the process, or as whoever holds it. */
export function createMemoryPushTokenStore(): PushTokenStore {
  const sessions = new Map<string, Map<string, PushToken>>();
  return {
    list: () => [...sessions.values()].flatMap((services) => [...services.values()]),
    put(token) {
      const services = sessions.get(token.sessionRef) ?? new Map<string, PushToken>();
      sessions.set(token.sessionRef, services.set(token.service, token));
    },
    delete(sessionRef, service) {
      const services = sessions.get(sessionRef);
      services?.delete(service);
      if (services?.size === 0) sessions.delete(sessionRef);
    },
    deleteSession(sessionRef) {
      sessions.delete(sessionRef);
    },
  };
}
