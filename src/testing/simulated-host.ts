import type { ConnectionHandler, Transport } from "../transport/connection.ts";
import { HostClock } from "./host-clock.ts";
import type { SimulatedClock } from "./simulated-clock.ts";

/** What a host needs of its network. */
export interface HostContext {
  readonly clock: SimulatedClock;
  /** Makes the transport of this host. */
  createTransport(host: SimulatedHost): Transport;
  /** The process dies; `told` as in {@link SimulatedHost.crash}. */
  died(host: SimulatedHost, told: boolean): void;
  /** Something happened, for the history. */
  note(what: () => string): void;
}

/** One process on a machine of its own in a simulated network. After its end, the network makes a new one for the name. */
export class SimulatedHost {
  /** The name in the history. */
  readonly name: string;
  /** The time of this process. It stands still while the process sleeps, and for good when it dies. */
  readonly clock: HostClock;
  /** Dials from this process. */
  readonly transport: Transport;
  private readonly context: HostContext;
  private readonly handlers = new Map<string, ConnectionHandler>();

  constructor(name: string, context: HostContext) {
    this.name = name;
    this.context = context;
    this.clock = new HostClock(context.clock);
    this.transport = context.createTransport(this);
  }

  /** Whether the process lives, awake or asleep. */
  get isAlive(): boolean {
    return this.clock.isAlive;
  }

  /** Accepts connections to `endpoint`, a URL. @returns a function that stops it; connections stay open. */
  listen(endpoint: string, handler: ConnectionHandler): () => void {
    const { href } = new URL(endpoint);
    this.handlers.set(href, handler);
    return () => void this.handlers.delete(href);
  }

  /** Where this process listens. */
  get endpoints(): readonly string[] {
    return this.isAlive ? [...this.handlers.keys()] : [];
  }

  /** Who accepts connections to `endpoint` here. */
  handlerOf(endpoint: string): ConnectionHandler | undefined {
    return this.isAlive ? this.handlers.get(endpoint) : undefined;
  }

  /** Lets the process sleep for `ms`: neither timers nor messages reach it until it wakes, then all come late. */
  sleep(ms: number): void {
    this.context.note(() => `${this.name} sleeps for ${ms.toFixed(1)} ms`);
    this.clock.sleep(ms);
  }

  /** Moves the wall clock of the process by `ms`. */
  jumpWall(ms: number): void {
    this.context.note(() => `${this.name} moves its wall clock by ${ms.toFixed(1)} ms`);
    this.clock.jumpWall(ms);
  }

  /**
   * Ends the process at once: its timers never fire, it listens no more, and its sockets vanish. `told` says whether its
   * peers hear a reset, as when a process is killed; else they hear nothing until they send, as when a machine loses
   * power. Default: true.
   */
  crash(told = true): void {
    if (!this.isAlive) return;
    this.context.note(() => `${this.name} crashes; peers ${told ? "told" : "not told"}`);
    this.clock.kill();
    this.context.died(this, told);
  }
}
