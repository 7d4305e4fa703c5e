import type { Server as HttpServer, IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { Server as TlsServer } from "node:tls";
import type { Connection, ConnectionListener } from "../transport/connection.ts";
import { createWebSocketAcceptor } from "../transport/ws-server.ts";
import type { ConnectionInfo } from "./authenticate.ts";
import type { HttpGuard } from "./http-guard.ts";
import { checkReach, createUpgradeServer, type Listening, type ListenOptions, startListening } from "./listen.ts";

/** What {@link Upgrades} works on. */
export interface UpgradesOptions {
  readonly guard: HttpGuard;
  /** Whether everybody is let in. */
  readonly isOpenMode: boolean;
  /** Takes a connection. */
  readonly accept: (connection: Connection, info: ConnectionInfo) => ConnectionListener;
  /** A server has failed after it had begun to listen. */
  readonly failed: (error: unknown) => void;
}

/** Options of {@link Upgrades.attach}. */
export interface AttachOptions {
  /** The path of the upgrades to take, such as `/moorline`. Default: all of them. */
  readonly path?: string;
}

/** The sockets of a server: turns upgrades of HTTP servers into connections. */
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
    const server = createUpgradeServer(options.tls);
    server.on("upgrade", (request, socket, head) => this.acceptor.handleUpgrade(request, socket, head));
    const listening = await startListening(server, options, isOpenMode);
    server.on("error", failed);
    this.closers.push(() => closeServer(server));
    return listening;
  }

  /** Takes the upgrades of somebody else's HTTP server. */
  attach(server: HttpServer, { path }: AttachOptions): void {
    const address = server.listening ? server.address() : null;
    const isTls = server instanceof TlsServer;
    if (address !== null && typeof address === "object") checkReach(address.address, isTls, this.options.isOpenMode);
    const take = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
      if (path === undefined || pathOf(request) === path) this.acceptor.handleUpgrade(request, socket, head);
    };
    server.on("upgrade", take);
    this.closers.push(() => void server.off("upgrade", take));
  }

  /** Stops to listen. Resolves when every socket of its own servers is closed. */
  async close(): Promise<void> {
    await Promise.all(this.closers.splice(0).map((close) => close()));
  }
}

function closeServer(server: HttpServer): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

function pathOf({ url = "/" }: IncomingMessage): string {
  return url.replace(/[?#].*$/, "");
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
