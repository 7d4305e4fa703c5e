import type { ClientRequest, IncomingMessage } from "node:http";
import type { ConnectionOptions } from "node:tls";
import { type ClientOptions, WebSocket } from "ws";
import type { Connection, ConnectionListener, Transport } from "./connection.ts";
import { createFailedConnection } from "./failed-connection.ts";
import { SUBPROTOCOL, transportLimits } from "./limits.ts";
import { systemClock } from "./system-clock.ts";
import { WsConnection } from "./ws-connection.ts";
import { readStart } from "./ws-response.ts";

/** Options of {@link createWsTransport}. */
export interface WsTransportOptions {
  /** Headers of the opening request. Default: none. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Options of TLS, such as `ca`. Default: those of Node. */
  readonly tls?: Readonly<Pick<ConnectionOptions, "ca" | "cert" | "key" | "servername" | "rejectUnauthorized">>;
}

const MAX_REFUSAL_BYTES = 512;

/** A transport over the `ws` package, for Node. How long opening may take is the caller's business: it aborts. */
export function createWsTransport(options: WsTransportOptions = {}): Transport {
  return { name: "ws", dial: (endpoint, listener) => dial(endpoint, listener, options) };
}

function dial(endpoint: string, listener: ConnectionListener, options: WsTransportOptions): Connection {
  let socket: WebSocket;
  try {
    socket = new WebSocket(endpoint, SUBPROTOCOL, toClientOptions(options));
  } catch (error) {
    return createFailedConnection(listener, error instanceof Error ? error.message : String(error), systemClock);
  }
  const connection = WsConnection.dialed(socket, listener);
  socket.on("unexpected-response", (_request: ClientRequest, response: IncomingMessage) => {
    void readStart(response, MAX_REFUSAL_BYTES).then((start) => {
      const text = start.trim();
      connection.failure ||= `the server answered HTTP ${response.statusCode}${text && `: ${text}`}`;
      socket.terminate();
    });
  });
  return connection;
}

function toClientOptions(options: WsTransportOptions): ClientOptions & { readonly closeTimeout: number } {
  return {
    ...options.tls,
    headers: { ...options.headers },
    perMessageDeflate: false,
    maxPayload: transportLimits.maxClientMessageBytes,
    closeTimeout: transportLimits.closeTimeoutMs,
  };
}
