import type { Server as HttpServer, IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { Server as TlsServer } from "node:tls";
import type { Connection, ConnectionListener } from "../transport/connection.ts";
import { createWebSocketAcceptor } from "../transport/ws-server.ts";
import type { HttpLimits } from "../wire/limits.ts";
import type { ConnectionInfo } from "./authenticate.ts";
import { pathOf } from "./http/exchange.ts";
import type { PlainServer } from "./http/plain-server.ts";
import { SharedPort } from "./http/shared-port.ts";
import type { HttpGuard } from "./http-guard.ts";
import { checkReach, type Listening, type ListenOptions, startListening, toTlsError } from "./listen.ts";

/** What {@link Upgrades} works on. */
export interface UpgradesOptions {
  readonly guard: HttpGuard;
  /** Whether everybody is let in. */
  readonly isOpenMode: boolean;
  /** Serves what is no upgrade. */
  readonly plain: PlainServer;
  readonly limits: HttpLimits;
  /** Takes a connection. */
  readonly accept: (connection: Connection, info: ConnectionInfo) => ConnectionListener;
  /** A server has failed after it had begun to listen. */
  readonly failed: (error: unknown) => void;
}

/** Options of {@link Upgrades.attach}. */
export interface AttachOptions {
  /**
   * The path of the upgrades to take, such as `/moorline`, and what stands before the paths of services, as in
   * `/moorline/package.Service/Method`. Default: all upgrades, and services at the root.
   */
  readonly path?: string;
}

/** The sockets of a server: turns upgrades into connections, and hands requests to the plain server. */
export class Upgrades {
  private readonly options: UpgradesOptions;
  private readonly acceptor: ReturnType<typeof createWebSocketAcceptor>;
  /** What ends each server that it has something to do with. */
  private readonly closers: Array<() => Promise<void> | void> = [];

  constructor(options: UpgradesOptions) {
    this.options = options;
    this.acceptor = createWebSocketAcceptor({
      verify: options.guard,
      onConnection: (connection, request) => options.accept(connection, infoOf(request)),
    });
  }

  /** Starts an HTTP server of its own. */
  async listen(options: ListenOptions): Promise<Listening> {
    const { isOpenMode, failed } = this.options;
    const port = this.openPort(options);
    const { server } = port;
    server.on("upgrade", (request, socket, head) => this.acceptor.handleUpgrade(request, socket, head));
    const listening = await startListening(server, options, isOpenMode);
    server.on("error", failed);
    this.closers.push(() => port.close());
    return listening;
  }

  private openPort({ tls }: ListenOptions): SharedPort {
    const { plain, limits } = this.options;
    try {
      return new SharedPort({ tls, limits, onRequest: (...exchange) => plain.handle(...exchange) });
    } catch (cause) {
      throw tls === undefined ? cause : toTlsError(cause);
    }
  }

  /** Takes the upgrades of somebody else's HTTP server, and the requests for methods that are served. HTTP/1.1 only. */
  attach(server: HttpServer, { path }: AttachOptions): void {
    const address = server.listening ? server.address() : null;
    const isTls = server instanceof TlsServer;
    if (address !== null && typeof address === "object") checkReach(address.address, isTls, this.options.isOpenMode);
    const take = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
      if (path === undefined || pathOf(request) === path) this.acceptor.handleUpgrade(request, socket, head);
    };
    server.on("upgrade", take);
    const release = this.divertRequests(server, path ?? "");
    this.closers.push(() => {
      server.off("upgrade", take);
      release();
    });
  }

  /**
   * A request has one owner: those for methods that are served are ours, all others go to the listeners that the
   * application's server has by now.
   * @returns What undoes it.
   */
  private divertRequests(server: HttpServer, prefix: string): () => void {
    const { plain } = this.options;
    const listeners = server.listeners("request");
    const take = (request: IncomingMessage, response: ServerResponse): void => {
      const path = pathOf(request);
      const isOurs = path.startsWith(prefix) && plain.has(path.slice(prefix.length));
      if (!isOurs) {
        for (const listener of listeners) listener.call(server, request, response);
        return;
      }
      request.url = request.url?.slice(prefix.length);
      plain.handle(request, response);
    };
    server.removeAllListeners("request");
    server.on("request", take);
    return () => {
      server.off("request", take);
      for (const listener of listeners) server.on("request", listener as typeof take);
    };
  }

  /** Stops to listen. Resolves when every socket of its own servers is closed. */
  async close(): Promise<void> {
    await Promise.all(this.closers.splice(0).map((close) => close()));
  }
}

/** The address is looked up when it is asked for: the socket keeps it from then on. */
function infoOf({ headers, socket }: IncomingMessage): ConnectionInfo {
  return {
    headers,
    get remoteAddress() {
      return socket.remoteAddress;
    },
  };
}
