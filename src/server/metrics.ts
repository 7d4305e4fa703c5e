import { countDropped, type ServerCounters } from "./server-context.ts";
import type { ServerCore } from "./server-core.ts";

/** How a server is doing, as numbers. */
export interface ServerMetrics extends Readonly<ServerCounters> {
  /** Connections that there are, by where they are. */
  readonly open: { readonly awaitingHello: number; readonly probing: number; readonly attached: number };
  /** Sessions that there are. */
  readonly sessions: { readonly active: number; readonly idle: number };
  /** Channels that there are. */
  readonly channels: { readonly attached: number; readonly detached: number };
  /** What all channels hold, in bytes. */
  readonly heldBytes: number;
}

/** Counts everything. The cost grows with sessions and connections. */
export function measureServer(core: ServerCore): ServerMetrics {
  const connections = tally([...core.pending, ...core.open]);
  const sessions = tally(core.registry.all);
  const channels = tally(core.channels());
  const counters = { ...core.context.counters };
  for (const { channel } of core.channels()) countDropped(counters, channel.counters);
  return {
    ...counters,
    rejected: new Map(counters.rejected),
    lost: new Map(counters.lost),
    open: {
      awaitingHello: connections("awaitingHello"),
      probing: connections("probing"),
      attached: connections("attached"),
    },
    sessions: { active: sessions("active"), idle: sessions("idle") },
    channels: { attached: channels("attached"), detached: channels("detached") },
    heldBytes: core.heldBytes.measure(),
  };
}

function tally(items: Iterable<{ readonly phase: string }>): (phase: string) => number {
  const counts = new Map<string, number>();
  for (const { phase } of items) counts.set(phase, (counts.get(phase) ?? 0) + 1);
  return (phase) => counts.get(phase) ?? 0;
}
