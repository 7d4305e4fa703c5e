import type { IncomingHttpHeaders } from "node:http";
import { constants } from "node:http2";
import { type ContextKey, createContextKey } from "@connectrpc/connect";
import type { connectNodeAdapter } from "@connectrpc/connect-node";
import { systemClock } from "../../transport/system-clock.ts";
import type { ConnectionInfo } from "../authenticate.ts";
import type { GuardedRequest } from "../http-guard.ts";

/** Serves a request. */
export type RpcHandler = ReturnType<typeof connectNodeAdapter>;

/** A request, of HTTP/1.1 or HTTP/2. */
export type RpcRequest = Parameters<RpcHandler>[0];

/** Its answer. */
export type RpcResponse = Parameters<RpcHandler>[1];

/** The header that a plain RPC has its session key in. */
export const SESSION_KEY_HEADER = "moorline-session-key";

/** The header of a plain unary RPC that has its idempotency key. Spec: HTTP-14. */
export const IDEMPOTENCY_KEY_HEADER = "moorline-idempotency-key";

/** One request and its answer, as the services of the server itself see them. */
export interface Exchange {
  /** What is known of the caller. Has neither the key nor the credential. */
  readonly info: ConnectionInfo;
  /** Bytes of the answer that have not left for the network yet. */
  readonly bufferedBytes: number;
  /** Ends request and answer at once. */
  abort(): void;
  /** Calls back when the answer has left, or the exchange has failed. Once. */
  onOver(callback: () => void): void;
}

/** The exchange that a plain RPC came with, for the services of the server itself. */
export const exchangeKey: ContextKey<Exchange | undefined> = createContextKey<Exchange | undefined>(undefined, {
  description: "moorline HTTP exchange",
});

/** What the services of the server see of a request and its answer. */
export function createExchange(request: RpcRequest, response: RpcResponse): Exchange {
  const { socket } = request;
  const stream = "stream" in response ? response.stream : undefined;
  const remoteAddress = socket.remoteAddress;
  const { authorization: _credential, [SESSION_KEY_HEADER]: _key, ...headers } = request.headers;
  return {
    info: { remoteAddress, headers: headers as IncomingHttpHeaders },
    get bufferedBytes() {
      return stream === undefined ? response.writableLength : stream.writableLength;
    },
    abort() {
      if (stream === undefined) socket.destroy();
      else stream.close(constants.NGHTTP2_CANCEL);
    },
    onOver(callback) {
      if (stream?.closed ?? response.destroyed) queueMicrotask(callback);
      else response.once("close", callback);
    },
  };
}

/** The path of a request, without its query. */
export function pathOf({ url = "/" }: Pick<RpcRequest, "url">): string {
  return url.replace(/[?#].*$/, "");
}

/** What a guard looks at of a request. */
export function toGuarded(request: RpcRequest): GuardedRequest {
  const { socket, headers } = request;
  if (!("authority" in request)) return { socket, headers };
  return { socket, headers: { ...headers, host: request.authority } };
}

/** How long the peer may take to end its half of a stream that was answered, in milliseconds. */
const HALF_OPEN_MS = 1_000;

/** Lets go of a stream that was answered before its request has ended: a peer that goes on sending holds nothing here. */
export function releaseAnswered(response: RpcResponse): void {
  if (!("stream" in response)) return;
  const { stream } = response;
  stream.once("finish", () => {
    if (stream.closed) return;
    // Not at once: the trailers leave after this.
    const timer = systemClock.setTimer(HALF_OPEN_MS, () => stream.close(constants.NGHTTP2_NO_ERROR));
    stream.once("close", () => timer.cancel());
  });
}
