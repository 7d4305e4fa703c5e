/** What of a page's `sessionStorage` is used. */
export interface TokenStorage {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

const PREFIX = "moorline-token:";

/**
 * Keeps the tokens of daemons for as long as the tab lives: in its `sessionStorage`, so that a reload goes on and nothing of
 * them is on disk when the browser is closed. Where that storage throws, as with storage that is switched off, they live as
 * long as the page. Spec: CONSOLE-7.
 */
export class TokenVault {
  private readonly storage: TokenStorage | undefined;
  private readonly remembered = new Map<string, string>();
  /** What each host was given last. */
  private readonly given = new Map<string, string | undefined>();
  private expected: { readonly endpoint: string; readonly token: string } | undefined;

  /** @param storage Undefined: there is none. */
  constructor(storage: TokenStorage | undefined) {
    this.storage = storage;
  }

  /** The token of a daemon, by its server id. */
  get(serverId: string): string | undefined {
    try {
      return this.remembered.get(serverId) ?? this.storage?.getItem(PREFIX + serverId) ?? undefined;
    } catch {
      return undefined;
    }
  }

  /** Keeps a token, in the place of the one before. */
  set(serverId: string, token: string): void {
    this.remembered.set(serverId, token);
    try {
      this.storage?.setItem(PREFIX + serverId, token);
    } catch {
      // It is remembered.
    }
  }

  /** The token that the page was opened with is for the daemon at this address, whoever that is. */
  expect(endpoint: string, token: string): void {
    this.expected = { endpoint, token };
  }

  /** Whether the host of a daemon was given this token when it asked last. */
  isGiven(serverId: string, token: string): boolean {
    return this.given.get(serverId) === token;
  }

  /**
   * Gives the host of a daemon that may be found at these addresses its token; one that the page was opened with is kept from
   * now on.
   */
  find(serverId: string, endpoints: readonly string[]): string | undefined {
    const { expected } = this;
    if (expected !== undefined && endpoints.includes(expected.endpoint)) {
      this.expected = undefined;
      this.set(serverId, expected.token);
    }
    const token = this.get(serverId);
    this.given.set(serverId, token);
    return token;
  }

  /** Forgets the token of a daemon. */
  forget(serverId: string): void {
    this.remembered.delete(serverId);
    try {
      this.storage?.removeItem(PREFIX + serverId);
    } catch {
      // Then it goes with the tab.
    }
  }
}
