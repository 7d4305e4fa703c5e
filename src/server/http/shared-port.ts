import { createServer as createHttpServer, type Server as HttpServer, type RequestListener } from "node:http";
import { createServer as createHttp2Server, type Http2Server, type ServerHttp2Session } from "node:http2";
import { createServer as createHttpsServer } from "node:https";
import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import { systemClock } from "../../transport/system-clock.ts";
import type { HttpLimits } from "../../wire/limits.ts";
import type { ListenOptions } from "../listen.ts";
import type { RpcHandler } from "./exchange.ts";
import { waitForProtocol } from "./preface.ts";

/** What is served on a {@link SharedPort}. */
export interface SharedPortOptions {
  /** Key and certificate. Undefined: no TLS. */
  readonly tls: ListenOptions["tls"];
  readonly limits: HttpLimits;
  /** Takes each request, of either version. */
  readonly onRequest: RpcHandler;
}

/** How long streams may take to end by themselves when the port is closed, in milliseconds. */
const CLOSE_GRACE_MS = 2_000;

/**
 * One listening port for HTTP/1.1, with upgrades, and HTTP/2: told apart by the preface, with TLS by ALPN. Each connection
 * belongs to exactly one of the two servers from then on. Spec: HTTP-1, HTTP-2.
 */
export class SharedPort {
  /** What listens. Its upgrades are the caller's to take. */
  readonly server: HttpServer;
  private readonly limits: HttpLimits;
  private readonly http2: Http2Server;
  /** Connections that have not shown their protocol. */
  private readonly waiting = new Set<Socket>();
  private readonly sessions = new Set<ServerHttp2Session>();

  constructor({ tls, limits, onRequest }: SharedPortOptions) {
    this.limits = limits;
    const options = {
      headersTimeout: limits.headersTimeoutMs,
      connectionsCheckingInterval: Math.min(limits.headersTimeoutMs, 1_000),
      maxHeaderSize: limits.maxHeaderBytes,
    };
    const listener: RequestListener = onRequest;
    this.server =
      tls === undefined
        ? createHttpServer(options, listener)
        : createHttpsServer({ ...tls, ...options, ALPNProtocols: ["h2", "http/1.1"] }, listener);
    this.http2 = this.createHttp2(onRequest);
    this.divert(tls === undefined ? "connection" : "secureConnection");
    this.server.on("connection", (socket) => socket.on("error", () => socket.destroy()));
  }

  /** Stops to listen, and ends everything. Streams have 2 s to end by themselves. Resolves when every socket is closed. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    for (const socket of this.waiting) socket.destroy();
    this.server.closeAllConnections();
    for (const session of this.sessions) session.close();
    const timer = systemClock.setTimer(CLOSE_GRACE_MS, () => {
      for (const session of this.sessions) session.destroy();
    });
    await closed;
    timer.cancel();
  }

  /** Has every connection judged before the HTTP/1.1 server, whose listeners these were, hears of it. */
  private divert(event: "connection" | "secureConnection"): void {
    const listeners = this.server.listeners(event);
    const isTls = event === "secureConnection";
    this.server.removeAllListeners(event);
    this.server.on(event, (socket: Socket) => {
      this.take(socket, isTls, () => {
        for (const listener of listeners) listener.call(this.server, socket);
      });
    });
  }

  private take(socket: Socket, isTls: boolean, serveHttp1: () => void): void {
    const serveHttp2 = (): void => void this.http2.emit("connection", socket);
    if (isTls && socket instanceof TLSSocket && socket.alpnProtocol === "h2") {
      serveHttp2();
      return;
    }
    if (isTls && socket instanceof TLSSocket && socket.alpnProtocol === "http/1.1") {
      serveHttp1();
      return;
    }
    socket.on("error", () => socket.destroy());
    this.waiting.add(socket);
    waitForProtocol(socket, this.limits.prefaceTimeoutMs, (protocol) => {
      this.waiting.delete(socket);
      if (protocol === "http2") serveHttp2();
      else if (protocol === "http1") serveHttp1();
      else socket.destroy();
    });
  }

  private createHttp2(onRequest: RpcHandler): Http2Server {
    const { maxStreams, maxHeaderBytes, idleTimeoutMs } = this.limits;
    const settings = { maxConcurrentStreams: maxStreams, maxHeaderListSize: maxHeaderBytes };
    const server = createHttp2Server({ settings }, onRequest);
    // Errors of a session end that session; without a listener they would end the process.
    server.on("sessionError", () => {});
    server.on("session", (session) => {
      this.sessions.add(session);
      session.on("error", () => {});
      session.on("close", () => this.sessions.delete(session));
      session.setTimeout(idleTimeoutMs, () => session.close());
    });
    return server;
  }
}
