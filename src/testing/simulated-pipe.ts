import type { Timer } from "../core/clock.ts";
import { Queue } from "../core/queue.ts";
import type { SimulatedClock } from "./simulated-clock.ts";
import type { SimulatedRandom } from "./simulated-random.ts";

/** What travels in one direction of a simulated connection. */
export type PipeItem =
  | { readonly kind: "open"; readonly endpoint: string }
  | { readonly kind: "opened" }
  | { readonly kind: "refused"; readonly reason: string }
  | { readonly kind: "message"; readonly message: Uint8Array | string }
  | { readonly kind: "close"; readonly code: number; readonly reason: string }
  | { readonly kind: "reset" };

/** How fast the network is. */
export interface LinkSpeed {
  /** How long a message is under way at least, one way. Default: 10 ms. */
  readonly latencyMs: number;
  /** How much longer it may take, by chance; order is kept all the same. Default: 5 ms. */
  readonly jitterMs: number;
  /** How many bytes leave the sender's buffer each millisecond. Default: no limit. */
  readonly bytesPerMs: number;
}

/** What a pipe needs of its surroundings. */
export interface PipeContext {
  readonly clock: SimulatedClock;
  readonly random: SimulatedRandom;
  /** How fast it is now. */
  speed(): LinkSpeed;
  /** What goes into the network instead of an item that leaves its sender: itself, others, nothing. */
  alter(item: PipeItem): readonly PipeItem[];
  /** The sender's buffer has shrunk. */
  departed(): void;
  /** An item has come to the other end. */
  arrived(item: PipeItem): void;
  /** An item was lost on the way. */
  lost(item: PipeItem): void;
}

interface Flight {
  readonly item: PipeItem;
  dueAt: number;
}

/** One direction of a simulated connection: a sender's buffer, and behind it what is in flight, in order. */
export class SimulatedPipe {
  /** Bytes in the sender's buffer. */
  bufferedBytes = 0;
  private readonly context: PipeContext;
  private readonly buffer = new Queue<PipeItem>();
  private readonly flights: Flight[] = [];
  private mode: "flowing" | "stalled" | "dropping" = "flowing";
  private isDeparting = false;
  private arrival: Timer | undefined;

  constructor(context: PipeContext) {
    this.context = context;
  }

  /** Whether nothing is buffered and nothing is in flight. */
  get isEmpty(): boolean {
    return this.buffer.length === 0 && this.flights.length === 0;
  }

  /** Puts an item into the sender's buffer. */
  send(item: PipeItem): void {
    this.buffer.push(item);
    this.bufferedBytes += sizeOf(item);
    this.departNext();
  }

  /** Sends a reset, which passes by what is buffered, but not what is in flight. */
  sendReset(): void {
    this.fly({ kind: "reset" });
  }

  /** Lets a reset come `afterMs` from now or, where something is in flight, after it. It is never dropped or delayed. */
  tell(afterMs: number): void {
    const dueAt = Math.max(this.context.clock.now() + afterMs, this.lastDueAt());
    this.launch({ item: { kind: "reset" }, dueAt });
  }

  /** Drops what the sender's buffer has. */
  dropBuffer(): void {
    while (this.buffer.length > 0) this.lose(this.buffer.shift());
    this.bufferedBytes = 0;
  }

  /** Loses what is in flight, or with `isRandom` only the end of it, from a random item on. */
  loseTail(isRandom: boolean): void {
    const kept = isRandom ? this.context.random.int(this.flights.length + 1) : 0;
    for (const { item } of this.flights.splice(kept)) this.lose(item);
    this.arm();
  }

  /** From now on everything that leaves the sender is lost, and nobody is told. For good. */
  drop(): void {
    this.mode = "dropping";
    this.departNext();
  }

  /** Nothing leaves the sender's buffer any more, until `resume`. What is in flight arrives. */
  stall(): void {
    if (this.mode === "flowing") this.mode = "stalled";
  }

  /** Ends a stall. */
  resume(): void {
    if (this.mode === "stalled") this.mode = "flowing";
    this.departNext();
  }

  /** Lets what is in flight arrive `ms` later, and nothing overtake it. */
  delay(ms: number): void {
    for (const flight of this.flights) flight.dueAt += ms;
    this.arm();
  }

  private departNext(): void {
    const item = this.buffer.at(0);
    if (item === undefined || this.isDeparting || this.mode === "stalled") return;
    this.isDeparting = true;
    const delayMs = sizeOf(item) / this.context.speed().bytesPerMs;
    if (delayMs > 0) this.context.clock.setTimer(delayMs, () => this.depart());
    else this.context.clock.defer(() => this.depart());
  }

  private depart(): void {
    this.isDeparting = false;
    if (this.mode === "stalled") return;
    const item = this.buffer.shift();
    if (item === undefined) return;
    this.bufferedBytes -= sizeOf(item);
    for (const altered of this.context.alter(item)) this.fly(altered);
    this.departNext();
    if (item.kind === "message") this.context.departed();
  }

  private fly(item: PipeItem): void {
    const { clock, random } = this.context;
    const { latencyMs, jitterMs } = this.context.speed();
    const dueAt = clock.now() + latencyMs + jitterMs * random.unit();
    if (this.mode === "dropping") this.lose(item);
    else this.launch({ item, dueAt: Math.max(dueAt, this.lastDueAt()) });
  }

  private launch(flight: Flight): void {
    this.flights.push(flight);
    if (this.flights.length === 1) this.arm();
  }

  private lastDueAt(): number {
    return this.flights.at(-1)?.dueAt ?? 0;
  }

  private arm(): void {
    this.arrival?.cancel();
    const first = this.flights[0];
    if (first !== undefined) {
      this.arrival = this.context.clock.setTimer(first.dueAt - this.context.clock.now(), () => this.arrive());
    }
  }

  private arrive(): void {
    const flight = this.flights.shift();
    this.arm();
    if (flight !== undefined) this.context.arrived(flight.item);
  }

  private lose(item: PipeItem | undefined): void {
    if (item !== undefined) this.context.lost(item);
  }
}

function sizeOf(item: PipeItem): number {
  return item.kind === "message" ? item.message.length : 0;
}
