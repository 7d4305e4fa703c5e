import type { Clock } from "../core/clock.ts";
import type { Transport } from "../transport/connection.ts";
import { createFailedConnection } from "../transport/failed-connection.ts";
import type { PromotedConnection } from "./promoted-connection.ts";

/** Where the connection of a promoted transport came from. */
export interface PromotedOrigin {
  /** The name of the transport that dialled it. */
  readonly name: string;
  /** The address that it leads to. */
  readonly endpoint: string;
  /** Time. */
  readonly clock: Clock;
}

/**
 * A transport with one connection to give, which is open already. A second dial, one to another address, and one for which
 * the connection has ended meanwhile, fail as a connection that could not be opened. Spec: PROBE-11.
 */
export function createPromotedTransport(connection: PromotedConnection, origin: PromotedOrigin): Transport {
  const { name, endpoint, clock } = origin;
  return {
    name,
    dial(to, listener) {
      if (to !== endpoint) return createFailedConnection(listener, "the probe has measured another address", clock);
      if (connection.use(listener)) return connection;
      return createFailedConnection(listener, "the connection of the probe is gone, or in use", clock);
    },
  };
}
