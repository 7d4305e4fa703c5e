import { ChannelWorld } from "../channel/channel-world.ts";
import { Broken, type Report, type World, type WorldOptions } from "../world.ts";

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
    const played = new ChannelWorld(seed, eventCount);
    try {
      played.play();
      return { facts: played.facts.toRecord() };
    } catch (error) {
      const broken = error instanceof Broken ? error.message : describe(error);
      return { facts: played.facts.toRecord(), failure: { broken, events: played.network.history } };
    }
  },
};

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
