import { ChannelWorld } from "../channel/channel-world.ts";
import { playWorld, type Report, type World, type WorldOptions } from "../world.ts";

/**
 * Two processes, a channel between them over connections that are cut, stalled, half-open, late and switched, and calls of
 * all shapes both ways. Nothing may be lost, doubled, disordered or unbounded, and everything ends.
 */
export const world: World = {
  name: "channel",
  mustHappen: [
    "attached anew",
    "calls cancelled",
    "calls ended",
    "calls lost",
    "calls lost before they left",
    "calls refused",
    "calls refused by the opener",
    "channels lost by the client",
    "channels lost by the server",
    "client restarts",
    "credits audited",
    "duplicate frames",
    "late frames",
    "resumed",
    "server restarts",
  ],
  run(seed: number, { eventCount }: WorldOptions): Report {
    return playWorld(new ChannelWorld(seed, eventCount));
  },
};
