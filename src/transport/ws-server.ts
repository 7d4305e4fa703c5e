import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { type ServerOptions, type WebSocket, WebSocketServer } from "ws";
import type { Connection, ConnectionHandler, ConnectionListener } from "./connection.ts";
import { SUBPROTOCOL, transportLimits } from "./limits.ts";
import { WsConnection } from "./ws-connection.ts";
import { refuseUpgrade, type UpgradeRefusal } from "./ws-refusal.ts";

export type { UpgradeRefusal } from "./ws-refusal.ts";

/** Options of {@link createWebSocketAcceptor}. */
export interface WebSocketAcceptorOptions {
  /** The largest message; a larger one is closed with 1009 before it is read. Default: 256 KiB. */
  readonly maxMessageBytes?: number;
  /** Looks at the request before anything else: Host, Origin, load. Undefined accepts. Default: accepts all. */
  verify?(request: IncomingMessage): UpgradeRefusal | undefined;
  /** Takes each accepted connection and gives back who listens to it. */
  onConnection(connection: Connection, request: IncomingMessage): ConnectionListener;
}

/** Turns the upgrade requests of an HTTP server into connections. */
export interface WebSocketAcceptor {
  /**
   * For the `upgrade` event of a `node:http` server. Every request is answered: 101 and a connection, or the refusal of
   * `verify`, or 400 or 405 with a text that says what is wrong. Never throws.
   */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
}

/** Makes an acceptor of WebSocket connections with the subprotocol `moorline.session.v1`. Spec: TRANS-4. */
export function createWebSocketAcceptor(options: WebSocketAcceptorOptions): WebSocketAcceptor {
  const server = new WebSocketServer(toServerOptions(options));
  server.on("wsClientError", (error, socket, { method }) => {
    refuseUpgrade(socket, { status: method === "GET" ? 400 : 405, message: error.message });
  });
  const accept = (socket: WebSocket, request: IncomingMessage): void => {
    acceptWebSocket(socket, (connection) => options.onConnection(connection, request));
  };
  return {
    handleUpgrade(request, socket, head) {
      socket.on("error", destroySocket);
      const refusal = judge(request, options);
      if (refusal !== undefined) refuseUpgrade(socket, refusal);
      else server.handleUpgrade(request, socket, head, accept);
    },
  };
}

/**
 * Wraps a socket that a `ws` server has just accepted. The server has to be made with `closeTimeout`, so that a peer that
 * never answers a closing is dropped in time.
 */
export function acceptWebSocket(socket: WebSocket, handler: ConnectionHandler): Connection {
  return WsConnection.accepted(socket, handler);
}

/** Options of `ws` that its types do not have. */
interface UntypedOptions {
  readonly closeTimeout: number;
  readonly maxFragments: number;
  readonly maxBufferedChunks: number;
}

function toServerOptions(options: WebSocketAcceptorOptions): ServerOptions & UntypedOptions {
  return {
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    handleProtocols: () => SUBPROTOCOL,
    maxPayload: options.maxMessageBytes ?? transportLimits.maxServerMessageBytes,
    closeTimeout: transportLimits.closeTimeoutMs,
    maxFragments: transportLimits.maxMessagePieces,
    maxBufferedChunks: transportLimits.maxMessagePieces,
  };
}

function destroySocket(this: Duplex): void {
  this.destroy();
}

function judge(request: IncomingMessage, options: WebSocketAcceptorOptions): UpgradeRefusal | undefined {
  try {
    return options.verify?.(request) ?? judgeSubprotocol(request);
  } catch {
    return { status: 500, message: "the check of this request failed" };
  }
}

function judgeSubprotocol(request: IncomingMessage): UpgradeRefusal | undefined {
  const isWebSocket = request.headers.upgrade?.toLowerCase() === "websocket";
  const offered = (request.headers["sec-websocket-protocol"] ?? "").split(",").map((name) => name.trim());
  if (!isWebSocket || offered.includes(SUBPROTOCOL)) return undefined;
  return { status: 400, message: `offer the WebSocket subprotocol ${SUBPROTOCOL} (header Sec-WebSocket-Protocol)` };
}
