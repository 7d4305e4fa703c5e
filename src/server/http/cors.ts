import { cors } from "@connectrpc/connect";
import { normalizeOrigin } from "../http-guard.ts";
import { IDEMPOTENCY_KEY_HEADER, type RpcRequest, type RpcResponse, SESSION_KEY_HEADER } from "./exchange.ts";

/** Lets pages of other sites call plain RPCs. @returns Whether the request was a preflight, and is answered. */
export type CorsAnswer = (request: RpcRequest, response: RpcResponse) => boolean;

/** How long a browser may keep the answer to a preflight, in seconds. Browsers cut it down to what they take. */
const MAX_AGE_SECONDS = 7_200;

/** What a page may send: the headers of the protocols, the keys of session and call, the credential and what traces a call. */
const REQUEST_HEADERS = [
  ...cors.allowedHeaders,
  ...[SESSION_KEY_HEADER, IDEMPOTENCY_KEY_HEADER, "authorization", "traceparent", "tracestate"],
];

const PREFLIGHT_HEADERS: Readonly<Record<string, string>> = {
  "Access-Control-Allow-Methods": cors.allowedMethods.join(", "),
  "Access-Control-Allow-Headers": REQUEST_HEADERS.join(", "),
  "Access-Control-Max-Age": `${MAX_AGE_SECONDS}`,
};

/**
 * Makes what tells browsers that pages of these origins may call, and no others. Credentials of the browser's own, such as
 * cookies, are never asked for. Spec: HTTP-15.
 * @param allowedOrigins As in the options of the server. Without any, nothing is told and no preflight is answered.
 */
export function createCors(allowedOrigins: readonly string[]): CorsAnswer {
  const origins = new Set(allowedOrigins.map(normalizeOrigin));
  return (request, response) => {
    if (origins.size === 0) return false;
    // What is answered differs from origin to origin: a cache must not give one the answer of another.
    response.setHeader("Vary", "Origin");
    const { origin, "access-control-request-method": requestedMethod } = request.headers;
    if (origin === undefined || !origins.has(normalizeOrigin(origin))) return false;
    response.setHeader("Access-Control-Allow-Origin", origin);
    if (request.method !== "OPTIONS" || requestedMethod === undefined) {
      response.setHeader("Access-Control-Expose-Headers", cors.exposedHeaders.join(", "));
      return false;
    }
    for (const [name, value] of Object.entries(PREFLIGHT_HEADERS)) response.setHeader(name, value);
    response.statusCode = 204;
    response.end();
    return true;
  };
}
