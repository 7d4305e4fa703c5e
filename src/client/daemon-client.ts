import type { DescService } from "@bufbuild/protobuf";
import type { Client } from "@connectrpc/connect";
import type {
  ConnectionEffect,
  ConnectionEvent,
  ConnectionState,
} from "../../gen/moorline/machine/v1/connection_moorline.ts";
import { CloseCode } from "../../gen/moorline/session/v1/close_code_pb.ts";
import type { CallChannel } from "../channel/call.ts";
import type { LogEntry } from "../core/machine.ts";
import { Runner } from "../core/runner.ts";
import { type ConnectionConfig, connectionMachine, initialConnectionState } from "../machine/connection.ts";
import { createTransition } from "../machine/transition-log.ts";
import { type ChannelTransport, createChannelTransport } from "../rpc/channel-transport.ts";
import { createServiceClient } from "../rpc/service-client.ts";
import { drainLimits } from "../wire/limits.ts";
import { MoorlineError } from "../wire/moorline-error.ts";
import { type ClientEventMap, ClientEvents } from "./client-events.ts";
import type { ClientMetrics } from "./client-metrics.ts";
import { type ClientSettings, type DaemonClientOptions, resolveClientOptions } from "./client-options.ts";
import { ConnectionPerformer, type PerformerOwner } from "./connection-performer.ts";
import { ConnectionWaiters, outcomeOf } from "./connection-waiters.ts";
import type { EventInit } from "./dialed-connection.ts";
import { FlushWaiters } from "./flush-waiters.ts";
import { isConnected, isDisposed, isOnItsWay, serverOf } from "./selectors.ts";
import { stoppedChannel } from "./stopped-channel.ts";

/** How a client is closed. */
export interface CloseOptions {
  /** Whether to wait first until the daemon has acknowledged what was queued. Default true. */
  readonly flush?: boolean;
  /** How long to wait for that at most, in milliseconds. Default 2 s. */
  readonly timeoutMs?: number;
}

/**
 * Makes a client of one daemon. It opens nothing yet: `ensureConnected` does, or the first call.
 * @throws MoorlineError SESSION_KEY_MISSING, SESSION_KEY_MALFORMED, ENDPOINT_MALFORMED, INSECURE_ENDPOINT,
 *   SERVER_ID_MALFORMED, OPTION_INVALID. Spec: KEY-4, AUTH-2.
 */
export function createDaemonClient(options: DaemonClientOptions): DaemonClient {
  return new DaemonClient(resolveClientOptions(options));
}

/**
 * The client of one daemon: owns one transport at a time and one connection machine. Its services live as long as it does,
 * over any number of connections and channels. Made by {@link createDaemonClient}.
 */
export class DaemonClient {
  private readonly settings: ClientSettings;
  private readonly runner: Runner<ConnectionState, ConnectionEvent, ConnectionEffect, ConnectionConfig>;
  private readonly performer: ConnectionPerformer;
  private readonly calls: ChannelTransport;
  private readonly events: ClientEvents;
  private readonly waiters = new ConnectionWaiters();
  private readonly flushes: FlushWaiters;
  /** The daemon, for the log: the one that is meant, or the last that answered. */
  private serverId: string;

  /** @param settings Options that were checked. */
  constructor(settings: ClientSettings) {
    const { clock, random, interceptors, codecs, defaultTimeoutMs, config } = settings;
    this.settings = settings;
    this.serverId = settings.expectedServerId;
    this.events = new ClientEvents((error) => this.report(error));
    this.flushes = new FlushWaiters(clock, () => this.isFlushOver());
    this.performer = new ConnectionPerformer(settings, this.createOwner());
    this.runner = new Runner(connectionMachine, config, this.performer, initialConnectionState(clock.now()));
    this.runner.subscribe((state) => this.settle(state));
    const channel = (): CallChannel => this.findChannel();
    const more = codecs === undefined ? {} : { codecs };
    this.calls = createChannelTransport({ channel, clock, random, interceptors, defaultTimeoutMs, ...more });
    this.performer.start();
  }

  /** The state of the connection; the same object until something changes. What it means, selectors say. Spec: INV-6. */
  get state(): ConnectionState {
    return this.runner.getSnapshot();
  }

  /** How the client is doing, as numbers. */
  get metrics(): ClientMetrics {
    const { instance } = this.settings;
    const { unknownPackets } = this.performer;
    return { ...instance.counters, unknownPackets, heldBytes: instance.channel.heldBytes };
  }

  /** Calls `listener` with each new state of the connection, until the function that comes back is called. */
  subscribe(listener: (state: ConnectionState) => void): () => void {
    return this.runner.subscribe(listener);
  }

  /** Calls `listener` at each such event, until the function that comes back is called. */
  on<Name extends keyof ClientEventMap>(name: Name, listener: (event: ClientEventMap[Name]) => void): () => void {
    return this.events.on(name, listener);
  }

  /**
   * Wants a connection: dials where nothing is under way, at once also where the client waits to dial again.
   * @returns What resolves when there is a connection. Rejects with a MoorlineError where the reason of a failure allows no
   *   further attempt, where the client does not dial again by itself, and where it is disposed. Spec: CONN-16, INV-5.
   */
  ensureConnected(): Promise<void> {
    const { state } = this;
    if (isConnected(state)) return Promise.resolve();
    if (isDisposed(state)) return Promise.reject(outcomeOf(state, this.settings.redial));
    const connected = this.waiters.wait();
    if (state.state.case !== "connecting") this.connect();
    return connected;
  }

  /** A client of a service of the daemon, for as long as this client lives. A call without a connection waits for one. */
  service<T extends DescService>(service: T): Client<T> {
    return createServiceClient(service, this.calls);
  }

  /**
   * Sends a ping.
   * @param paddingBytes How much it carries both ways, at most 16 KiB. Default 0.
   * @returns The round trip in milliseconds. Rejects with a MoorlineError: NOT_CONNECTED, OPTION_INVALID, OVERLOADED.
   */
  ping(paddingBytes = 0): Promise<number> {
    const { clock, instance } = this.settings;
    const { maxPingPaddingBytes } = instance.limits;
    if (!Number.isSafeInteger(paddingBytes) || paddingBytes < 0 || paddingBytes > maxPingPaddingBytes) {
      const text = `The padding of a ping is not 0 to ${maxPingPaddingBytes} bytes.`;
      return Promise.reject(new MoorlineError("OPTION_INVALID", text));
    }
    const connection = this.performer.connection;
    if (connection?.isWelcomed !== true)
      return Promise.reject(new MoorlineError("NOT_CONNECTED", "There is no connection."));
    return this.performer.pings.wait(clock.now(), (id) => connection.link.sendPing(id, new Uint8Array(paddingBytes)));
  }

  /**
   * Ends the client in good order: waits until what was queued is acknowledged, as far as asked for, says goodbye, and
   * disposes. Calls that still run then end. Never rejects. Spec: CONN-17.
   */
  async close(options: CloseOptions = {}): Promise<void> {
    const { flush = true, timeoutMs = drainLimits.flushMs } = options;
    if (flush) await this.flushes.wait(timeoutMs);
    this.dispose();
  }

  /**
   * Ends the client at once and for good: says goodbye where there is a connection, and settles every call and promise. The
   * channel ends too, unless its instance was given. Does nothing the second time. Spec: CONN-15, INV-5.
   * @param channel What becomes of the channel, where the owner of the instance knows better.
   */
  dispose(channel: "ended" | "kept" = this.settings.ownership === "own" ? "ended" : "kept"): void {
    if (isDisposed(this.state)) return;
    const code = channel === "ended" ? CloseCode.CHANNEL_DONE : CloseCode.CONNECTION_DONE;
    this.dispatch({ case: "disposed", value: { code, message: "the client is done" } });
  }

  private createOwner(): PerformerOwner {
    const getState = (): ConnectionState => this.state;
    return {
      get state() {
        return getState();
      },
      dispatch: (event) => this.dispatch(event),
      logged: (entry) => this.log(entry),
      failed: (error) => this.report(error),
      packetReceived: () => this.flushes.check(),
      resumed: (event) => this.events.emit("resumed", event),
      channelLost: (lost) => {
        this.flushes.check();
        this.events.emit("channel_lost", lost);
      },
    };
  }

  private connect(): void {
    const { path, clock } = this.settings;
    this.dispatch({ case: "connectRequested", value: { path, nowMs: clock.now() } });
  }

  private dispatch(event: EventInit): void {
    this.runner.dispatch({ event });
  }

  /** What a call is made on now. The first call dials; where nobody will dial, calls end at once. */
  private findChannel(): CallChannel {
    const { redial, instance } = this.settings;
    if (this.state.state.case === "idle") this.connect();
    // Only now: a listener may have disposed the client meanwhile.
    const { state } = this;
    const isStopped = state.state.case === "disconnected" && redial && !isOnItsWay(state);
    return isStopped || isDisposed(state) ? stoppedChannel : instance.channel;
  }

  private isFlushOver(): boolean {
    const { state } = this;
    const { instance, redial } = this.settings;
    return instance.channel.isFlushed || !(isConnected(state) || isOnItsWay(state, redial));
  }

  private settle(state: ConnectionState): void {
    this.waiters.settle(state, this.settings.redial);
    this.flushes.check();
  }

  private log(entry: LogEntry<ConnectionState, ConnectionEvent>): void {
    this.serverId = serverOf(entry.to)?.serverId ?? this.serverId;
    const { sessionRef, clock, onTransition } = this.settings;
    const context = { serverId: this.serverId, sessionRef, wallMs: clock.wallNow() };
    onTransition(createTransition(connectionMachine, entry, context));
  }

  private report(error: unknown): void {
    try {
      this.settings.onError(error);
    } catch {
      // There is nobody left to tell.
    }
  }
}
