import type { Server as HttpServer } from "node:http";
import type { ServerOptions as HttpsOptions } from "node:https";
import type { AddressInfo } from "node:net";
import { MoorlineError } from "../wire/moorline-error.ts";
import { nodeError } from "../wire/node-error.ts";
import { isLoopback } from "./http-guard.ts";
import { errorCodeOf } from "./private-file.ts";

/** Where a server listens. */
export interface ListenOptions {
  /** A name or an address of this machine. Default `127.0.0.1`. Beyond loopback it needs `tls` and `authenticate`. */
  readonly host?: string;
  /** 0 takes a free one. Default 0. */
  readonly port?: number;
  /** Key and certificate, as for `node:https`. Default: no TLS. */
  readonly tls?: HttpsOptions;
}

/** A server that listens. */
export interface Listening {
  /** What clients dial, such as `ws://127.0.0.1:4242/`. */
  readonly endpoint: string;
  readonly port: number;
}

/**
 * Checks that a server may be reached beyond loopback.
 * @throws MoorlineError INSECURE_LISTEN where it has no TLS, or lets everybody in.
 */
export function checkReach(host: string, hasTls: boolean, isOpenMode: boolean): void {
  if (isLoopback(host)) return;
  if (!hasTls) throw nodeError("INSECURE_LISTEN", `${host} is beyond loopback, and there is no TLS.`);
  if (isOpenMode) throw nodeError("INSECURE_LISTEN", `${host} is beyond loopback, and everybody would be let in.`);
}

/**
 * Starts to listen.
 * @throws MoorlineError PORT_IN_USE, LISTEN_FAILED, or INSECURE_LISTEN where a name turns out to be beyond loopback.
 */
export async function startListening(
  server: HttpServer,
  { host = "127.0.0.1", port = 0, tls }: ListenOptions,
  isOpenMode: boolean,
): Promise<Listening> {
  await listen(server, host, port);
  const { address, port: boundPort } = server.address() as AddressInfo;
  try {
    checkReach(address, tls !== undefined, isOpenMode);
  } catch (error) {
    server.close();
    throw error;
  }
  const name = address === "::" || address === "0.0.0.0" ? "localhost" : host;
  const scheme = tls === undefined ? "ws" : "wss";
  return { endpoint: `${scheme}://${name.includes(":") ? `[${name}]` : name}:${boundPort}/`, port: boundPort };
}

/** The error for a key or certificate that TLS cannot be spoken with. The cause is left out: it may quote the key. */
export function toTlsError(cause: unknown): MoorlineError {
  const why = errorCodeOf(cause) ?? "unknown";
  const action = "Give a private key and the certificate chain that belongs to it, both as PEM.";
  return new MoorlineError("OPTION_INVALID", `The server cannot speak TLS with this key and certificate: ${why}.`, {
    action,
  });
}

function listen(server: HttpServer, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (cause: unknown): void => reject(toListenError(host, port, cause));
    server.once("error", fail);
    try {
      server.listen({ host, port }, () => {
        server.off("error", fail);
        resolve();
      });
    } catch (cause) {
      fail(cause);
    }
  });
}

function toListenError(host: string, port: number, cause: unknown): MoorlineError {
  if (errorCodeOf(cause) === "EADDRINUSE") {
    return nodeError("PORT_IN_USE", `Another program listens on port ${port} of ${host}.`, { cause });
  }
  return nodeError("LISTEN_FAILED", `The server cannot listen on ${host}, port ${port}.`, { cause });
}
