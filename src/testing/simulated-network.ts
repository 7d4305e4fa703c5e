import type { Connection, ConnectionListener, Transport } from "../transport/connection.ts";
import { createFailedConnection } from "../transport/failed-connection.ts";
import { EventRing } from "./event-ring.ts";
import type { SimulatedClock } from "./simulated-clock.ts";
import { SimulatedHost } from "./simulated-host.ts";
import {
  type ConnectionAnswer,
  type Direction,
  type LinkContext,
  type NetworkMessage,
  SimulatedLink,
} from "./simulated-link.ts";
import type { LinkSpeed } from "./simulated-pipe.ts";
import type { SimulatedRandom } from "./simulated-random.ts";

/** Options of a {@link SimulatedNetwork}. */
export interface SimulatedNetworkOptions extends Partial<LinkSpeed> {
  /** The time of the world. */
  readonly clock: SimulatedClock;
  /** The chance of the network: latencies, and what is lost. */
  readonly random: SimulatedRandom;
  /** How many events the history has. Default: 100. */
  readonly historyLength?: number;
}

/**
 * Looks at each message that leaves its sender, and says what goes on instead: the same, another one, several, or none
 * (undefined).
 */
export type MessageHook = (
  link: SimulatedLink,
  direction: Direction,
  message: NetworkMessage,
) => NetworkMessage | readonly NetworkMessage[] | undefined;

const SPEED: LinkSpeed = { latencyMs: 10, jitterMs: 5, bytesPerMs: Number.POSITIVE_INFINITY };
const HISTORY_LENGTH = 100;

/**
 * A network between simulated processes, with every fault a real one has, each of them called by name or by a seeded
 * schedule. What happens depends on the clock, the chance and the calls only, so that a seed can be played again.
 */
export class SimulatedNetwork {
  /** Sees and changes every message. Default: none. */
  onMessage: MessageHook | undefined;
  /** What listeners threw. A transport reports it to nobody; a test should look here. */
  readonly thrown: unknown[] = [];
  private readonly speed: LinkSpeed;
  private readonly context: LinkContext;
  private readonly clock: SimulatedClock;
  private readonly hosts = new Map<string, SimulatedHost>();
  private readonly openLinks = new Set<SimulatedLink>();
  private readonly speeds = new Map<string, LinkSpeed>();
  private readonly dialFaults = new Map<string, "refuse" | "hang">();
  private readonly ring: EventRing;
  private dialled = 0;

  constructor(options: SimulatedNetworkOptions) {
    const { clock, random, historyLength, ...speed } = options;
    this.clock = clock;
    this.ring = new EventRing(historyLength ?? HISTORY_LENGTH);
    this.speed = { ...SPEED, ...speed };
    this.context = this.createLinkContext(random);
  }

  /** The connections that are not over, or still have something under way, in the order of dialling. */
  get links(): readonly SimulatedLink[] {
    return [...this.openLinks];
  }

  /** The endpoints at which living processes listen, each once. */
  get endpoints(): readonly string[] {
    return [...new Set([...this.hosts.values()].flatMap((host) => host.endpoints))];
  }

  /** The latest events, oldest first, one line each: what to print when a seed fails. */
  get history(): readonly string[] {
    return this.ring.lines();
  }

  /** Adds a line to the history. */
  note(what: string): void {
    this.ring.add(this.clock.now(), () => what);
  }

  /** Starts a process. Throws where one of that name lives. */
  host(name: string): SimulatedHost {
    if (this.hosts.get(name)?.isAlive) throw new Error(`the host ${name} lives already; let it crash first`);
    const host = new SimulatedHost(name, {
      clock: this.clock,
      createTransport: (from) => this.createTransport(from),
      died: (dead, told) => this.hostDied(dead, told),
      note: this.context.note,
    });
    this.hosts.set(name, host);
    return host;
  }

  /** What happens to those who dial `endpoint` from now on: they are let through, refused, or hear nothing. */
  setDialing(endpoint: string, answer: "normal" | "refuse" | "hang"): void {
    const { href } = new URL(endpoint);
    this.context.note(() => `dialling ${href}: ${answer}`);
    if (answer === "normal") this.dialFaults.delete(href);
    else this.dialFaults.set(href, answer);
  }

  /** How fast connections to `endpoint` are from now on, those that are open too. What is left out is as for all. */
  setSpeed(endpoint: string, speed: Partial<LinkSpeed>): void {
    const { href } = new URL(endpoint);
    this.context.note(() => `speed of ${href}: ${JSON.stringify(speed)}`);
    this.speeds.set(href, { ...this.speed, ...speed });
  }

  /** Ends every fault that can end: stalls, and what happens to those who dial. What is half-open stays so. */
  heal(): void {
    this.note("heal");
    this.dialFaults.clear();
    for (const link of this.openLinks) {
      link.resume("up");
      link.resume("down");
    }
  }

  private createLinkContext(random: SimulatedRandom): LinkContext {
    return {
      clock: this.clock,
      random,
      speedOf: (endpoint) => this.speeds.get(endpoint) ?? this.speed,
      answer: (endpoint) => this.answer(endpoint),
      alter: (link, direction, message) => this.alter(link, direction, message),
      note: (what) => this.ring.add(this.clock.now(), what),
      thrown: (error) => void this.thrown.push(error),
      ended: (link) => void this.openLinks.delete(link),
    };
  }

  private createTransport(host: SimulatedHost): Transport {
    return { name: "simulated", dial: (endpoint, listener) => this.dial(host, endpoint, listener) };
  }

  private dial(host: SimulatedHost, endpoint: string, listener: ConnectionListener): Connection {
    if (!URL.canParse(endpoint)) return createFailedConnection(listener, `${endpoint} is no URL`, host.clock);
    this.dialled += 1;
    const link = new SimulatedLink(this.dialled, host, listener, this.context);
    if (!host.isAlive) return link.clientEnd;
    this.openLinks.add(link);
    link.open(new URL(endpoint).href);
    return link.clientEnd;
  }

  private answer(endpoint: string): ConnectionAnswer {
    const fault = this.dialFaults.get(endpoint);
    if (fault === "hang") return { kind: "hang" };
    if (fault === "refuse") return { kind: "refuse", reason: "connection refused" };
    for (const host of this.hosts.values()) {
      const handler = host.handlerOf(endpoint);
      if (handler !== undefined) return { kind: "accept", host, handler };
    }
    return { kind: "refuse", reason: `nobody listens at ${endpoint}` };
  }

  private alter(link: SimulatedLink, direction: Direction, message: NetworkMessage): readonly NetworkMessage[] {
    if (this.onMessage === undefined) return [message];
    const altered = this.onMessage(link, direction, message) ?? [];
    return typeof altered === "string" || altered instanceof Uint8Array ? [altered] : altered;
  }

  private hostDied(host: SimulatedHost, told: boolean): void {
    for (const link of this.openLinks) {
      if (link.client === host || link.server === host) link.hostDied(host, told);
    }
  }
}
