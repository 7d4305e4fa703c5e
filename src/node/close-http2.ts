import type { Http2SessionManager } from "@connectrpc/connect-node";

/** Until then a connection that has just failed has raised its error, in milliseconds. */
const FAILING_MS = 1_000;

/**
 * Closes the HTTP/2 connection of a manager, and every stream on it. One on which a stream has just failed goes a little
 * later, and keeps no process alive until then: it may be about to raise an error, and the manager takes away the listeners
 * of what it lets go. An error that nobody listens to ends the process.
 */
export function closeHttp2(manager: Http2SessionManager, hasFailed: boolean): void {
  if (!hasFailed || manager.state() === "connecting") manager.abort();
  else setTimeout(() => manager.abort(), FAILING_MS).unref();
}
