import { type Endpoint, parseEndpoint } from "../../client/endpoint.ts";

/** Where the daemon is, in the parts that the steps need. */
export interface Target extends Endpoint {
  /** A name or an address, an IPv6 one without brackets. */
  readonly host: string;
  readonly port: number;
  readonly isTls: boolean;
  /** The path of upgrades, `/` or more. */
  readonly path: string;
  /** What stands before the paths of services, without a slash at its end. */
  readonly baseUrl: string;
}

const DEFAULT_PORTS = { "ws:": 80, "wss:": 443 } as const;

/**
 * Reads an address.
 * @throws MoorlineError as `parseEndpoint`.
 */
export function parseTarget(text: string): Target {
  const endpoint = parseEndpoint(text);
  const { protocol, hostname, port, pathname } = new URL(endpoint.url);
  const isTls = protocol === "wss:";
  return {
    ...endpoint,
    host: hostname.replace(/^\[|\]$/g, ""),
    port: port === "" ? DEFAULT_PORTS[isTls ? "wss:" : "ws:"] : Number(port),
    isTls,
    path: pathname,
    baseUrl: endpoint.url.replace(/^ws/, "http").replace(/\/+$/, ""),
  };
}
