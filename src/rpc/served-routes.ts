import type { CallChannel } from "../channel/call.ts";
import type { Clock } from "../core/clock.ts";
import { createRouteTable, type Routes } from "./route-table.ts";
import { serveChannel } from "./serve-channel.ts";

/** What serves the calls of a peer. Made by {@link serveRoutes}. */
export interface ServedRoutes {
  /** Serves the calls of the peer on a channel, from now on. @param clock The clock that the channel is run with. */
  serve(channel: CallChannel, clock: Clock): void;
}

/**
 * Collects services for the daemon to call on a client: give what comes back as the option `routes` of a client.
 * It stands apart from the client so that a page without such services does not load what serves them.
 */
export function serveRoutes(routes: Routes): ServedRoutes {
  const table = createRouteTable(routes);
  return { serve: (channel, clock) => void serveChannel(channel, table, { clock }) };
}
