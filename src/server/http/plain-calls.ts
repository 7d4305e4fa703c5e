import type { Exchange } from "./exchange.ts";

/** A plain RPC that runs. */
export interface PlainCall {
  readonly exchange: Exchange;
  /** Whether a drain waits for it. */
  readonly isAwaited: boolean;
  /** What its credential can be revoked by. Undefined where it has none, or it was not judged yet. */
  credentialId: string | undefined;
}

/** Every plain RPC that runs on a server. */
export class PlainCalls {
  private readonly running = new Set<PlainCall>();
  /** Whoever waits for the awaited calls to end. */
  private readonly waiting = new Set<() => void>();

  /** How many there are. */
  get size(): number {
    return this.running.size;
  }

  /** One more, until its exchange is over. */
  begin(exchange: Exchange, isAwaited: boolean): PlainCall {
    const call: PlainCall = { exchange, isAwaited, credentialId: undefined };
    this.running.add(call);
    exchange.onOver(() => this.end(call));
    return call;
  }

  /** Resolves as soon as no call runs that a drain waits for. */
  quiet(): Promise<void> {
    return new Promise((resolve) => {
      this.waiting.add(resolve);
      this.checkQuiet();
    });
  }

  /** Ends the calls of a credential. @returns How many there were. */
  revoke(credentialId: string): number {
    const revoked = [...this.running].filter((call) => call.credentialId === credentialId);
    for (const { exchange } of revoked) exchange.abort();
    return revoked.length;
  }

  /** Ends every call at once. */
  abortAll(): void {
    for (const { exchange } of [...this.running]) exchange.abort();
  }

  private end(call: PlainCall): void {
    this.running.delete(call);
    this.checkQuiet();
  }

  private checkQuiet(): void {
    for (const { isAwaited } of this.running) if (isAwaited) return;
    for (const resolve of this.waiting) resolve();
    this.waiting.clear();
  }
}
