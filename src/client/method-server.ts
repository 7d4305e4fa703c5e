import type { Channel } from "../channel/channel.ts";
import type { Clock } from "../core/clock.ts";
import type { ServedRoutes } from "../rpc/served-routes.ts";

/** Serves the calls of the daemon on each channel of a client. */
export class MethodServer {
  private readonly routes: ServedRoutes | undefined;
  private readonly clock: Clock;
  private served: Channel | undefined = undefined;

  /** @param routes What is served. Undefined: every call is UNIMPLEMENTED. */
  constructor(routes: ServedRoutes | undefined, clock: Clock) {
    this.routes = routes;
    this.clock = clock;
  }

  /** Serves a channel from now on. Does nothing where it is served already. */
  serve(channel: Channel): void {
    if (this.served === channel) return;
    this.served = channel;
    this.routes?.serve(channel, this.clock);
  }
}
