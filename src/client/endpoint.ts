import { MoorlineError } from "../wire/moorline-error.ts";

/** An address that a client may dial. */
export interface Endpoint {
  /** The address in its normal form, as it must be dialled: `ws:` or `wss:`, without user, query and fragment. */
  readonly url: string;
  /** Whether it is this machine: `localhost`, `*.localhost`, `127.0.0.0/8` or `::1`. */
  readonly isLoopback: boolean;
}

/** What no host name has, and one platform refuses where another escapes it: `foo bar` is `foo%20bar` in Chromium. */
const READ_DIFFERENTLY = /[%*]/;

/**
 * Reads and checks the address of a daemon. Only loopback may be without TLS, and an address carries no secret, so user
 * info, a query and a fragment are refused. The error never has the address. Spec: AUTH-2, INV-2, LOG-3.
 * @param text Such as `wss://daemon.example/path` or `ws://localhost:4242`.
 * @throws MoorlineError ENDPOINT_MALFORMED, or INSECURE_ENDPOINT for `ws://` to another machine.
 */
export function parseEndpoint(text: string): Endpoint {
  const url = parseUrl(text);
  if (READ_DIFFERENTLY.test(url.hostname)) throw malformed("The endpoint has a host name that cannot be.");
  if (url.protocol !== "ws:" && url.protocol !== "wss:") {
    throw malformed("The endpoint is neither ws:// nor wss://.");
  }
  if (url.username !== "" || url.password !== "") throw malformed("The endpoint has a user or a password in it.");
  if (/[?#]/.test(url.href)) throw malformed("The endpoint has a query or a fragment in it.");
  const isLoopback = isLoopbackHost(url.hostname);
  if (url.protocol === "ws:" && !isLoopback) {
    throw new MoorlineError("INSECURE_ENDPOINT", "The endpoint is ws:// to another machine, where others can read it.");
  }
  return { url: url.href, isLoopback };
}

function parseUrl(text: string): URL {
  try {
    return new URL(text);
  } catch {
    throw malformed("The endpoint is no URL.");
  }
}

/** Whether a host name, as URL normalizes it (lower case, IPv4 as four decimal numbers), is this machine. */
function isLoopbackHost(hostname: string): boolean {
  if (hostname === "localhost" || hostname.endsWith(".localhost") || hostname === "[::1]") return true;
  return /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(hostname);
}

function malformed(text: string): MoorlineError {
  return new MoorlineError("ENDPOINT_MALFORMED", text);
}
