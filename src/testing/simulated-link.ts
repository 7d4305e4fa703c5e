import type { ConnectionHandler, ConnectionListener } from "../transport/connection.ts";
import { SimulatedEnd } from "./simulated-end.ts";
import type { SimulatedHost } from "./simulated-host.ts";
import { type LinkSpeed, type PipeContext, type PipeItem, SimulatedPipe } from "./simulated-pipe.ts";

/** `up` is from the side that dialled to the side that accepted. */
export type Direction = "up" | "down";

/** A message on its way: what a hook of the network sees. A string is a text message. */
export type NetworkMessage = Uint8Array | string;

/** Who hears that a connection was cut, and when. */
export interface CutOptions {
  /** After how long the dialling side is told; `never` leaves it half-open. Default: random, up to 200 ms. */
  readonly clientToldMs?: number | "never";
  /** The same for the accepting side. Default: random, up to 200 ms. */
  readonly serverToldMs?: number | "never";
  /** Whether all of what is in flight still arrives, or none, or a random part, each way. Default: a random part. */
  readonly inFlight?: "kept" | "lost" | "random";
}

/** What a link needs of its network. */
export interface LinkContext extends Pick<PipeContext, "clock" | "random"> {
  /** How fast connections to an endpoint are now. */
  speedOf(endpoint: string): LinkSpeed;
  /** What happens to an attempt to open a connection. */
  answer(endpoint: string): ConnectionAnswer;
  alter(link: SimulatedLink, direction: Direction, message: NetworkMessage): readonly NetworkMessage[];
  /** Something happened, for the history. */
  note(what: () => string): void;
  thrown(error: unknown): void;
  /** Both ends are over and nothing is under way. */
  ended(link: SimulatedLink): void;
}

/** What meets somebody who dials: a host that accepts, a refusal, or silence. */
export type ConnectionAnswer =
  | { readonly kind: "accept"; readonly host: SimulatedHost; readonly handler: ConnectionHandler }
  | { readonly kind: "refuse"; readonly reason: string }
  | { readonly kind: "hang" };

const DEFAULT_TOLD_MS = 200;

/** One simulated connection with both its ends, and the faults that can befall it. */
export class SimulatedLink {
  /** Its number, from 1 in the order of dialling. */
  readonly id: number;
  /** The process that dialled. */
  readonly client: SimulatedHost;
  /** The end of the process that dialled. */
  readonly clientEnd: SimulatedEnd;
  private readonly context: LinkContext;
  private readonly pipes: Readonly<Record<Direction, SimulatedPipe>>;
  private dialled = "";
  private accepted: { readonly host: SimulatedHost; readonly end: SimulatedEnd } | undefined;

  constructor(id: number, client: SimulatedHost, listener: ConnectionListener, context: LinkContext) {
    this.id = id;
    this.client = client;
    this.context = context;
    this.pipes = { up: this.createPipe("up"), down: this.createPipe("down") };
    this.clientEnd = this.createEnd(client, "up", listener);
  }

  /** The address that was dialled. Empty before that. */
  get endpoint(): string {
    return this.dialled;
  }

  /** The process that accepted. Undefined while none has. */
  get server(): SimulatedHost | undefined {
    return this.accepted?.host;
  }

  /** Whether both ends are over and nothing is under way. */
  get isOver(): boolean {
    return (
      this.clientEnd.isOver && (this.accepted?.end.isOver ?? true) && this.pipes.up.isEmpty && this.pipes.down.isEmpty
    );
  }

  /** Begins to open the connection. */
  open(endpoint: string): void {
    this.dialled = endpoint;
    this.note(() => `${this.client.name} dials ${endpoint}`);
    this.pipes.up.send({ kind: "open", endpoint });
  }

  /** Cuts the connection: what the senders' buffers have is lost, and all that follows; what is in flight, as told. */
  cut(options: CutOptions = {}): void {
    const clientToldMs = options.clientToldMs ?? this.context.random.between(0, DEFAULT_TOLD_MS);
    const serverToldMs = options.serverToldMs ?? this.context.random.between(0, DEFAULT_TOLD_MS);
    this.note(() => `cut; client told after ${toText(clientToldMs)}, server after ${toText(serverToldMs)}`);
    this.cutDirection("down", clientToldMs, options);
    this.cutDirection("up", serverToldMs, options);
  }

  /** Half-opens the connection: what is sent in this direction is lost from now on, and nobody is told. For good. */
  drop(direction: Direction): void {
    this.note(() => `${direction} dropped`);
    this.pipes[direction].loseTail(true);
    this.pipes[direction].drop();
  }

  /** Stalls a direction, for `ms` or until `resume`: what is sent stays in the sender's buffer. */
  stall(direction: Direction, ms?: number): void {
    this.note(() => `${direction} stalled for ${toText(ms ?? "ever")}`);
    this.pipes[direction].stall();
    if (ms !== undefined) this.context.clock.setTimer(ms, () => this.resume(direction));
  }

  /** Ends the stall of a direction. */
  resume(direction: Direction): void {
    this.pipes[direction].resume();
  }

  /**
   * Holds back what is in flight: it arrives `ms` later. With a cut after it that tells the client at once and keeps what
   * is in flight, a server gets it on the old connection when there is a newer one.
   */
  delay(direction: Direction, ms: number): void {
    this.note(() => `${direction} held back for ${toText(ms)}`);
    this.pipes[direction].delay(ms);
  }

  /** One of its processes died. `told`: its peer hears a reset; else it hears nothing until it sends. */
  hostDied(host: SimulatedHost, told: boolean): void {
    const direction = host === this.client ? "up" : "down";
    this.pipes[direction].dropBuffer();
    if (told) this.pipes[direction].sendReset();
    this.reportIfOver();
  }

  private cutDirection(direction: Direction, toldMs: number | "never", { inFlight = "random" }: CutOptions): void {
    const pipe = this.pipes[direction];
    if (inFlight !== "kept") pipe.loseTail(inFlight === "random");
    pipe.drop();
    if (toldMs !== "never") pipe.tell(toldMs);
  }

  private createPipe(direction: Direction): SimulatedPipe {
    const { clock, random } = this.context;
    return new SimulatedPipe({
      ...{ clock, random },
      speed: () => this.context.speedOf(this.dialled),
      alter: (item) => this.alter(direction, item),
      departed: () => this.departed(direction),
      arrived: (item) => this.arrived(direction, item),
      lost: (item) => this.lost(direction, item),
    });
  }

  private createEnd(host: SimulatedHost, direction: Direction, listener?: ConnectionListener): SimulatedEnd {
    const context = {
      clock: host.clock,
      out: this.pipes[direction],
      thrown: (error: unknown) => this.context.thrown(error),
      ended: () => this.ended(host),
    };
    return new SimulatedEnd(context, listener);
  }

  private alter(direction: Direction, item: PipeItem): readonly PipeItem[] {
    if (item.kind !== "message") return [item];
    const messages = this.context.alter(this, direction, item.message);
    return messages.map((message) => ({ kind: "message", message }));
  }

  private departed(direction: Direction): void {
    const end = direction === "up" ? this.clientEnd : this.accepted?.end;
    const host = direction === "up" ? this.client : this.accepted?.host;
    if (end !== undefined) host?.clock.perform(() => end.drain());
  }

  private arrived(direction: Direction, item: PipeItem): void {
    this.note(() => `${direction} ${describe(item)}`);
    if (direction === "down") deliver(this.client, this.clientEnd, item);
    else if (item.kind === "open") this.answer(item.endpoint);
    else if (this.accepted !== undefined) deliver(this.accepted.host, this.accepted.end, item);
    this.reportIfOver();
  }

  private answer(endpoint: string): void {
    const answer = this.context.answer(endpoint);
    if (answer.kind === "refuse") this.pipes.down.send({ kind: "refused", reason: answer.reason });
    else if (answer.kind === "accept") this.accept(answer.host, answer.handler);
  }

  private accept(host: SimulatedHost, handler: ConnectionHandler): void {
    const end = this.createEnd(host, "down");
    this.accepted = { host, end };
    host.clock.perform(() => {
      this.pipes.down.send({ kind: "opened" });
      end.accept(handler);
    });
  }

  private lost(direction: Direction, item: PipeItem): void {
    this.note(() => `${direction} lost ${describe(item)}`);
    this.reportIfOver();
  }

  private ended(host: SimulatedHost): void {
    this.note(() => `over at ${host.name}`);
    this.reportIfOver();
  }

  private reportIfOver(): void {
    if (this.isOver) this.context.ended(this);
  }

  private note(what: () => string): void {
    this.context.note(() => `link ${this.id}: ${what()}`);
  }
}

function deliver(host: SimulatedHost, end: SimulatedEnd, item: PipeItem): void {
  if (host.clock.isAlive) host.clock.perform(() => end.receive(item));
  else end.receive(item);
}

function toText(duration: number | string): string {
  return typeof duration === "number" ? `${duration.toFixed(1)} ms` : duration;
}

function describe(item: PipeItem): string {
  if (item.kind === "message") return `message of ${item.message.length} B`;
  return item.kind === "close" ? `close ${item.code}` : item.kind;
}
