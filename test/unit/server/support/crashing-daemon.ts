import { type Client, createContextValues } from "@connectrpc/connect";
import { type DaemonClient, idempotencyKey } from "../../../../src/client/index.ts";
import type { Clock } from "../../../../src/core/clock.ts";
import { createMemorySessionStore, type DaemonServer, type JournalStore } from "../../../../src/server/index.ts";
import { SimulatedClock } from "../../../../src/testing/simulated-clock.ts";
import type { Connection } from "../../../../src/transport/connection.ts";
import { createMemoryPair } from "../../../../src/transport/memory.ts";
import { stageAt } from "../../client/support/stage.ts";
import { EchoService, type SayResponse } from "../../rpc/gen/rpctest/v1/echo_pb.ts";
import { type Outcome, watch } from "../../rpc/support/echo.ts";
import { stageDaemon } from "./daemon.ts";

/** Opens what the journal has on disk, for a process that has this clock. */
export type OpenJournal = (clock: Clock) => JournalStore;

/** One process of the daemon: alive until it is killed. What it awaits then never comes. */
class DaemonProcess {
  readonly connections: Connection[] = [];
  /** Time, as long as it lives. */
  readonly time: Clock;
  private state: "alive" | "dead" = "alive";

  constructor(clock: SimulatedClock) {
    this.time = {
      now: () => clock.now(),
      wallNow: () => clock.wallNow(),
      setTimer: (delayMs, callback) => clock.setTimer(delayMs, () => this.whileAlive(callback)),
      defer: (callback) => clock.defer(() => this.whileAlive(callback)),
      soon: (callback) => clock.soon(() => this.whileAlive(callback)),
    };
  }

  kill(): void {
    this.state = "dead";
    for (const connection of this.connections) connection.abort();
  }

  /** A turn of the event loop, in which the process may die. */
  turn(): Promise<void> {
    return new Promise((resolve) => this.time.defer(resolve));
  }

  /** A disk that takes its time, before everything that it does and after it. */
  disk(store: JournalStore): JournalStore {
    const slowly = async <T>(action: () => T | Promise<T>): Promise<T> => {
      await this.turn();
      await this.turn();
      const result = await action();
      await this.turn();
      return result;
    };
    return {
      sessions: () => slowly(() => store.sessions()),
      find: (...args) => slowly(() => store.find(...args)),
      list: (...args) => slowly(() => store.list(...args)),
      accept: (...args) => slowly(() => store.accept(...args)),
      complete: (...args) => slowly(() => store.complete(...args)),
      delete: (...args) => slowly(() => store.delete(...args)),
      deleteSession: (...args) => slowly(() => store.deleteSession(...args)),
      purge: (...args) => slowly(() => store.purge(...args)),
    };
  }

  private whileAlive(callback: () => void): void {
    if (this.state === "alive") callback();
  }
}

/** A daemon that can be killed at any event, and started again on what it has written, with a client that stays. */
export class CrashingDaemon {
  readonly clock = new SimulatedClock();
  /** How often the handler has had its effect. */
  effects = 0;
  private readonly pair = createMemoryPair(this.clock);
  private readonly openJournal: OpenJournal;
  private readonly store = createMemorySessionStore();
  private readonly client: DaemonClient;
  private readonly echo: Client<typeof EchoService>;
  private process: DaemonProcess | undefined = undefined;
  private server: DaemonServer | undefined = undefined;
  private starts = 0;

  constructor(openJournal: OpenJournal) {
    this.openJournal = openJournal;
    this.start();
    const { client } = stageAt(this.clock, this.pair);
    this.client = client;
    this.connect();
    this.echo = client.service(EchoService);
  }

  /** Starts the daemon. */
  start(): void {
    const process = new DaemonProcess(this.clock);
    this.process = process;
    this.starts += 1;
    const { server } = stageDaemon({
      simulated: this.clock,
      seed: this.starts,
      store: this.store,
      journal: process.disk(this.openJournal(process.time)),
      echo: { say: () => this.say(process) },
    });
    this.server = server;
    this.pair.accept((connection) => {
      process.connections.push(connection);
      return server.accept(connection);
    });
  }

  /** Kills the daemon between two events. */
  kill(): void {
    this.pair.accept(undefined);
    this.process?.kill();
  }

  /** Has the client connect, also where it was told to stop. */
  connect(): void {
    this.client.ensureConnected().catch(() => {});
  }

  /** Ends every session. */
  endSessions(): void {
    for (const { ref } of this.server?.sessions.list() ?? []) this.server?.sessions.end(ref);
  }

  /** Cuts every connection; the daemon lives. */
  cut(): void {
    for (const connection of this.process?.connections ?? []) connection.abort();
  }

  /** Makes the keyed call. */
  call(): { outcome: Outcome<SayResponse> } {
    const contextValues = createContextValues().set(idempotencyKey, "k");
    return watch(this.echo.say({ text: "it" }, { contextValues, timeoutMs: 60_000 }));
  }

  /** Runs events, at most so many, within a second. @returns How many there were. */
  async run(events: number): Promise<number> {
    let count = -1;
    await this.clock.runUntilAsync(() => {
      count += 1;
      return count >= events;
    }, 1_000);
    return count;
  }

  private async say(process: DaemonProcess): Promise<{ text: string }> {
    await process.turn();
    this.effects += 1;
    const text = `effect ${this.effects}`;
    await process.turn();
    return { text };
  }
}
