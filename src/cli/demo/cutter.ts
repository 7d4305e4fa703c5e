import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/** What the cutter does with the bytes of one direction: passes them on, loses them, or keeps them for later. */
type Flow = { readonly kind: "pass" } | { readonly kind: "lose" } | { readonly kind: "hold"; readonly held: Buffer[] };

/** One connection through the cutter. */
interface Pair {
  readonly near: Socket;
  readonly far: Socket;
  up: Flow;
  down: Flow;
}

/** A connection whose upward bytes are held back. */
export interface HeldConnection {
  /** Delivers the held bytes to the server, late. Resolves with how many there were. */
  release(): Promise<number>;
}

/**
 * A cable that can be cut: it forwards bytes between a client and a server, knows nothing of what they mean, and breaks on
 * command. All faults hit the newest connection.
 */
export class Cutter {
  private readonly server: Server;
  private readonly pairs: Pair[] = [];
  private readonly waiters: Array<{ readonly isMet: () => boolean; readonly resolve: () => void }> = [];
  private readonly counts = { up: 0, down: 0, accepted: 0 };

  /** @param targetPort The port of the server on the loopback interface. */
  constructor(targetPort: number) {
    this.server = createServer((near) => this.accept(near, targetPort));
  }

  /** Starts to listen on the loopback interface. @returns The port. */
  async listen(): Promise<number> {
    await new Promise<void>((resolve) => this.server.listen(0, "127.0.0.1", resolve));
    return (this.server.address() as AddressInfo).port;
  }

  /** How many connections came. */
  get accepted(): number {
    return this.counts.accepted;
  }

  /** Resolves when `bytes` more have passed from the server to the client, over whichever connections. */
  passed(bytes: number): Promise<void> {
    const goal = this.counts.down + bytes;
    return this.until(() => this.counts.down >= goal);
  }

  /** Resolves when `bytes` more have passed from the client to the server, over whichever connections. */
  sent(bytes: number): Promise<void> {
    const goal = this.counts.up + bytes;
    return this.until(() => this.counts.up >= goal);
  }

  /** Resets the connection: both ends learn it, what was under way is lost. */
  reset(): void {
    const pair = this.newest();
    pair?.near.resetAndDestroy();
    pair?.far.resetAndDestroy();
  }

  /** Goes on holding the connection, but passes nothing any more, and tells nobody. */
  blackhole(): void {
    const pair = this.newest();
    if (pair === undefined) return;
    pair.up = { kind: "lose" };
    pair.down = { kind: "lose" };
  }

  /** Goes on passing what the client sends, and loses what it is answered. */
  loseAnswers(): void {
    const pair = this.newest();
    if (pair !== undefined) pair.down = { kind: "lose" };
  }

  /**
   * Keeps back what the client sends; once there is something, resets the client's end alone, so that the server still
   * believes in the connection.
   */
  async holdBack(): Promise<HeldConnection> {
    const pair = this.newest();
    if (pair === undefined) throw new Error("there is no connection to hold back");
    const held: Buffer[] = [];
    pair.up = { kind: "hold", held };
    pair.down = { kind: "pass" };
    await this.until(() => held.length > 0 || pair.near.destroyed);
    pair.near.removeAllListeners("close");
    pair.near.resetAndDestroy();
    const accepted = this.counts.accepted;
    return { release: () => this.release(pair, held, accepted) };
  }

  /** Stops: every connection ends, no more come. */
  close(): void {
    this.server.close();
    for (const { near, far } of this.pairs) {
      near.destroy();
      far.destroy();
    }
  }

  private async release(pair: Pair, held: readonly Buffer[], accepted: number): Promise<number> {
    await this.until(() => this.counts.accepted > accepted);
    await this.passed(1);
    const bytes = Buffer.concat(held);
    if (!pair.far.destroyed) await new Promise<void>((resolve) => pair.far.write(bytes, () => resolve()));
    pair.far.end();
    return bytes.length;
  }

  private newest(): Pair | undefined {
    return this.pairs.findLast(({ near, far }) => !near.destroyed && !far.destroyed);
  }

  private until(isMet: () => boolean): Promise<void> {
    if (isMet()) return Promise.resolve();
    return new Promise((resolve) => this.waiters.push({ isMet, resolve }));
  }

  private accept(near: Socket, targetPort: number): void {
    const far = connect(targetPort, "127.0.0.1");
    const pair: Pair = { near, far, up: { kind: "pass" }, down: { kind: "pass" } };
    this.pairs.push(pair);
    this.counts.accepted += 1;
    near.setNoDelay(true);
    far.setNoDelay(true);
    near.on("data", (bytes) => {
      if (pair.up.kind === "pass") this.counts.up += bytes.length;
      forward(pair.up, near, far, bytes);
      this.settle();
    });
    far.on("data", (bytes) => {
      if (pair.down.kind === "pass") this.counts.down += bytes.length;
      forward(pair.down, far, near, bytes);
      this.settle();
    });
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      socket.on("error", () => socket.destroy());
      socket.on("close", () => other.destroySoon());
    }
    this.settle();
  }

  private settle(): void {
    for (const waiter of this.waiters.filter(({ isMet }) => isMet())) {
      this.waiters.splice(this.waiters.indexOf(waiter), 1);
      waiter.resolve();
    }
  }
}

function forward(flow: Flow, from: Socket, to: Socket, bytes: Buffer): void {
  if (flow.kind === "lose") return;
  if (flow.kind === "hold") {
    flow.held.push(bytes);
    return;
  }
  if (!to.write(bytes)) {
    from.pause();
    to.once("drain", () => from.resume());
  }
}
