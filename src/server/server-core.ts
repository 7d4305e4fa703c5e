import { CloseCode } from "../../gen/moorline/session/v1/close_code_pb.ts";
import { CallOutcome, ChannelLossReason } from "../../gen/moorline/session/v1/error_pb.ts";
import type { ServerConnectionConfig } from "../machine/server-connection.ts";
import { createLostError } from "../rpc/call-errors.ts";
import type { Connection, ConnectionListener } from "../transport/connection.ts";
import { type Admission, type AdmissionRequest, admit } from "./admission.ts";
import type { ConnectionInfo } from "./authenticate.ts";
import type { ConnectionHost, HostedConnection } from "./connection-host.ts";
import { drainCalls } from "./drain.ts";
import type { GreetingContext } from "./greeting.ts";
import { HeldBytes } from "./held-bytes.ts";
import { ProbeLimiter } from "./probe-limiter.ts";
import { type Refusal, refuse } from "./refusal.ts";
import type { ServerChannel } from "./server-channel.ts";
import { ServerConnection } from "./server-connection.ts";
import type { ConnectionKind, ServerContext } from "./server-context.ts";
import type { SessionRegistry } from "./session-registry.ts";
import type { AnswerFacts, ReconnectDelay } from "./welcome.ts";

/** What a {@link ServerCore} is made of. */
export interface CoreParts {
  readonly context: ServerContext;
  readonly registry: SessionRegistry;
  readonly greeting: GreetingContext;
  readonly answer: AnswerFacts;
  /** When clients dial again that have lost a connection. Undefined: by backoff, and after a drain by a hint of its own. */
  readonly hint: ReconnectDelay | undefined;
}

/** `running`; `draining`: known channels only; `closed`: nothing is accepted any more. */
export type ServerPhase = "running" | "draining" | "closed";

/** When clients dial again that a stopped daemon has sent away, unless the application says something else. */
const DRAIN_HINT: ReconnectDelay = { afterMs: 1_000, jitterMs: 2_000 };

function withResolvers(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve: () => void = () => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

/** Everything of a server but its sockets: who may connect, and what there is. */
export class ServerCore implements ConnectionHost {
  readonly context: ServerContext;
  readonly machine: ServerConnectionConfig;
  readonly registry: SessionRegistry;
  readonly greeting: GreetingContext;
  readonly answer: AnswerFacts;
  readonly heldBytes: HeldBytes;
  /** Connections without an accepted hello. */
  readonly pending = new Set<HostedConnection>();
  /** Connections with one. */
  readonly open = new Set<HostedConnection>();
  private readonly givenHint: ReconnectDelay | undefined;
  private readonly probes: ProbeLimiter;
  private phase: ServerPhase = "running";
  /** Resolves when the server begins to be stopped. */
  readonly stopping: Promise<void>;
  private readonly stop: () => void;

  constructor({ context, registry, greeting, answer, hint }: CoreParts) {
    const { limits, clock } = context;
    this.context = context;
    this.machine = { helloTimeoutMs: limits.handshake.helloTimeoutMs, probeMs: limits.probe.lifetimeMs };
    this.registry = registry;
    this.greeting = greeting;
    this.answer = answer;
    this.givenHint = hint;
    this.heldBytes = new HeldBytes(limits.session.maxReplayBytes, clock, () => this.channels());
    this.probes = new ProbeLimiter(limits.probe);
    const { promise, resolve } = withResolvers();
    this.stopping = promise;
    this.stop = resolve;
  }

  /** Whether the server takes no new channels any more. */
  get isStopping(): boolean {
    return this.phase !== "running";
  }

  get hint(): ReconnectDelay | undefined {
    return this.givenHint ?? (this.isStopping ? DRAIN_HINT : undefined);
  }

  /** Every channel. */
  *channels(): IterableIterator<ServerChannel> {
    for (const session of this.registry.all) yield* session.channels.values();
  }

  /** Takes a connection that a transport has accepted. */
  accept(connection: Connection, info: ConnectionInfo, kind: ConnectionKind = "other"): ConnectionListener {
    const { limits, counters } = this.context;
    const isOverloaded = this.pending.size >= limits.connections.maxPending;
    const accepted = new ServerConnection(this, connection, info);
    counters.connections += 1;
    counters.accepted[kind] += 1;
    this.pending.add(accepted);
    if (this.phase === "closed") accepted.goAway(CloseCode.DAEMON_DRAINING, "the daemon is being stopped");
    else if (isOverloaded) accepted.goAway(CloseCode.OVERLOADED, "too many connections wait for their hello");
    return accepted;
  }

  admit(connection: HostedConnection, request: AdmissionRequest): Admission | Refusal {
    const barrier = (named: ServerChannel | undefined): Refusal | undefined => {
      if (this.phase === "closed" || (this.phase === "draining" && named === undefined)) return this.refuseNew();
      const isCounted = this.open.has(connection) || named?.phase === "attached";
      return isCounted ? undefined : this.refuseOverload();
    };
    return admit({ context: this.context, registry: this.registry, barrier }, request);
  }

  admitProbe(sessionHash: string): (() => void) | Refusal {
    if (this.isStopping) return this.refuseNew();
    const overload = this.refuseOverload();
    if (overload !== undefined) return overload;
    const release = this.probes.begin(sessionHash, this.context.clock.now());
    if (release === undefined) return refuse("OVERLOADED", "too many probes of this session key");
    this.context.counters.probes += 1;
    return release;
  }

  /** Refuses plain RPCs while the server is being stopped. */
  refuseCall(): Refusal | undefined {
    return this.isStopping ? this.refuseNew() : undefined;
  }

  welcomed(connection: HostedConnection): void {
    this.pending.delete(connection);
    this.open.add(connection);
  }

  left(connection: HostedConnection): boolean {
    return this.pending.delete(connection) || this.open.delete(connection);
  }

  /** Ends the connections of a credential, and the channels that it had last. @returns How many connections there were. */
  revoke(credentialId: string): number {
    const revoked = [...this.open].filter((connection) => connection.credentialId === credentialId);
    for (const connection of revoked) connection.revoke();
    for (const channel of [...this.channels()]) channel.revoke(credentialId);
    return revoked.length;
  }

  /**
   * Lets the calls come to their end. Spec: DRAIN-1 to DRAIN-3.
   * @param plainQuiet Resolves when no plain RPC runs that is waited for.
   */
  async drain(plainQuiet: Promise<void>): Promise<void> {
    if (this.phase !== "running") return;
    this.phase = "draining";
    this.stop();
    const { clock, limits, journal } = this.context;
    await drainCalls({ clock, limits: limits.drain, journal, plainQuiet, channels: () => [...this.channels()] });
  }

  /** Ends every channel and connection at once. Resolves when the sessions are stored. Spec: DRAIN-4. */
  async close(): Promise<void> {
    if (this.phase === "closed") return;
    this.phase = "closed";
    this.stop();
    const { journal } = this.context;
    journal?.cut(createLostError(ChannelLossReason.DRAINED, CallOutcome.UNKNOWN));
    for (const channel of [...this.channels()]) channel.drain();
    const rest = [...this.pending, ...this.open];
    for (const connection of rest) connection.goAway(CloseCode.DAEMON_DRAINING, "the daemon is being stopped");
    await Promise.all([this.registry.close(), journal?.quiet()]);
  }

  private refuseNew(): Refusal {
    const { afterMs, jitterMs } = this.hint ?? DRAIN_HINT;
    const retryAfterMs = afterMs + this.context.random.unit() * jitterMs;
    return refuse("DAEMON_DRAINING", "the daemon is being stopped, and takes no new channels", retryAfterMs);
  }

  private refuseOverload(): Refusal | undefined {
    const { maxOpen } = this.context.limits.connections;
    if (this.open.size < maxOpen) return undefined;
    return refuse("OVERLOADED", `this daemon has its ${maxOpen} connections`);
  }
}
