import type { DescService } from "@bufbuild/protobuf";
import type { Client } from "@connectrpc/connect";
import { isConnected, isOnItsWay } from "../../../src/client/index.ts";
import { type ClientProgram, createWatchedClient, type WatchedClient } from "./watched-client.ts";

/** Who owns the clients of a program. */
export interface ClientOwner {
  /** A client of a service, for calls that are made now. */
  service<T extends DescService>(service: T): Client<T>;
  /** Whether the program has a connection. */
  readonly isConnected: boolean;
  /** Where the connection is, for people. */
  readonly phase: string;
  /** What its channel holds; 0 where nobody can see that. */
  readonly heldBytes: number;
  /** Whether nothing leads to a connection without somebody asking. */
  readonly isStopped: boolean;
  /** Asks for a connection. */
  ask(): void;
  /** Measures the connection. */
  ping(paddingBytes: number): Promise<number>;
  /** Goes over to the other path, where the program can do that. */
  switchPath(): void;
  /** Ends the client, in good order or at once. */
  end(how: "close" | "dispose"): Promise<void>;
}

/** A client that is used alone: it redials by itself, and its channel ends with it. */
export class SoloOwner implements ClientOwner {
  private readonly program: ClientProgram;
  private readonly watched: WatchedClient;

  constructor(program: ClientProgram, endpoint: string) {
    this.program = program;
    this.watched = createWatchedClient(program, { endpoint });
  }

  service<T extends DescService>(service: T): Client<T> {
    return this.watched.client.service(service);
  }

  get isConnected(): boolean {
    return isConnected(this.watched.client.state);
  }

  get phase(): string {
    return this.watched.client.state.state.case ?? "";
  }

  get isStopped(): boolean {
    const { state } = this.watched.client;
    return state.state.case === "disconnected" && !isOnItsWay(state);
  }

  ask(): void {
    this.watched.ask().catch(() => {});
  }

  ping(paddingBytes: number): Promise<number> {
    return this.watched.client.ping(paddingBytes);
  }

  get heldBytes(): number {
    return 0;
  }

  switchPath(): void {}

  end(how: "close" | "dispose"): Promise<void> {
    this.program.standing.isDone = true;
    const { client } = this.watched;
    if (how === "close") return client.close();
    client.dispose();
    return Promise.resolve();
  }
}
