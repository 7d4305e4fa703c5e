import type { Channel } from "../channel/channel.ts";
import type { Clock } from "../core/clock.ts";
import { createRouteTable, type Routes, type RouteTable } from "../rpc/route-table.ts";
import { serveChannel } from "../rpc/serve-channel.ts";

/** Serves the calls of the daemon on each channel of a client. */
export class MethodServer {
  private readonly table: RouteTable | undefined;
  private readonly clock: Clock;
  private served: Channel | undefined = undefined;

  /** @param routes What is served. Undefined: every call is UNIMPLEMENTED. */
  constructor(routes: Routes | undefined, clock: Clock) {
    this.table = routes === undefined ? undefined : createRouteTable(routes);
    this.clock = clock;
  }

  /** Serves a channel from now on. Does nothing where it is served already. */
  serve(channel: Channel): void {
    if (this.table === undefined || this.served === channel) return;
    this.served = channel;
    serveChannel(channel, this.table, { clock: this.clock });
  }
}
