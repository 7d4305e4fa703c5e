import type { SecureContextOptions } from "node:tls";
import { createGrpcTransport as createConnectGrpc, Http2SessionManager } from "@connectrpc/connect-node";
import { attachMethod, toEnvelope } from "../transport/attach-method.ts";
import type { Connection, ConnectionListener, Transport } from "../transport/connection.ts";
import { createFailedConnection } from "../transport/failed-connection.ts";
import { transportLimits } from "../transport/limits.ts";
import { StreamConnection } from "../transport/stream-connection.ts";
import { systemClock } from "../transport/system-clock.ts";
import { closeHttp2 } from "./close-http2.ts";

/** Options of {@link createGrpcTransport}. */
export interface GrpcTransportOptions {
  /** Headers of the opening request. Default: none. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Options of TLS, such as `ca`. Default: those of Node. */
  readonly tls?: Readonly<Pick<SecureContextOptions, "ca" | "cert" | "key">> & {
    readonly servername?: string;
    readonly rejectUnauthorized?: boolean;
  };
}

/** An HTTP/2 connection goes this long after its stream has ended, so that the end has left, in milliseconds. */
const LINGER_MS = 1_000;

/**
 * A transport over gRPC, `SessionService.Attach`, for Node: each connection is a stream on an HTTP/2 connection of its own.
 * Dials `ws:` and `http:` without TLS, `wss:` and `https:` with it. How long opening may take is the caller's business: it
 * aborts. Spec: HTTP-12.
 */
export function createGrpcTransport(options: GrpcTransportOptions = {}): Transport {
  return { name: "grpc", dial: (endpoint, listener) => dial(endpoint, listener, options) };
}

function dial(endpoint: string, listener: ConnectionListener, options: GrpcTransportOptions): Connection {
  const baseUrl = toBaseUrl(endpoint);
  if (baseUrl === undefined) return createFailedConnection(listener, "the endpoint is no address", systemClock);
  const canceller = new AbortController();
  const connection = StreamConnection.dialed({ clock: systemClock, abort: () => canceller.abort() }, listener);
  void carry(connection, baseUrl, canceller.signal, options);
  return connection;
}

/** Runs the stream of a connection from its beginning to its end. Never rejects. */
async function carry(
  connection: StreamConnection,
  baseUrl: string,
  signal: AbortSignal,
  { headers, tls }: GrpcTransportOptions,
): Promise<void> {
  const sessionManager = new Http2SessionManager(baseUrl, { idleConnectionTimeoutMs: LINGER_MS }, { ...tls });
  const limits = { readMaxBytes: transportLimits.maxClientMessageBytes };
  const transport = createConnectGrpc({ baseUrl, sessionManager, acceptCompression: [], ...limits });
  try {
    const response = await transport.stream(attachMethod, signal, undefined, headers, envelopes(connection));
    for await (const { packet, close } of response.message) connection.received({ packet, close });
    connection.ended();
  } catch (error) {
    connection.lost(error instanceof Error ? error.message : "the stream was cut");
    closeHttp2(sessionManager, true);
  }
}

async function* envelopes(connection: StreamConnection): AsyncGenerator<ReturnType<typeof toEnvelope>> {
  for await (const message of connection.outgoing()) yield toEnvelope(message);
}

function toBaseUrl(endpoint: string): string | undefined {
  if (!/^(ws|http)s?:\/\//i.test(endpoint) || !URL.canParse(endpoint)) return undefined;
  return endpoint.replace(/^ws/i, "http").replace(/\/+$/, "");
}
