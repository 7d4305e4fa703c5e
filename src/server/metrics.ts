import { Path } from "../../gen/moorline/session/v1/packet_pb.ts";
import type { CallCounts, CallKind } from "../rpc/call-tally.ts";
import { countChannel, type ServerCounters } from "./server-context.ts";
import type { ServerCore } from "./server-core.ts";

/** How a server is doing, as numbers. */
export interface ServerMetrics extends Readonly<ServerCounters> {
  /** Connections that there are, by where they are. */
  readonly open: { readonly awaitingHello: number; readonly probing: number; readonly attached: number };
  /** Sessions that there are. */
  readonly sessions: { readonly active: number; readonly idle: number };
  /** Channels that there are. */
  readonly channels: { readonly attached: number; readonly detached: number };
  /** Connections with a hello, by the path that it has said. */
  readonly paths: { readonly direct: number; readonly relay: number };
  /** What all channels hold, in bytes. */
  readonly heldBytes: number;
  /** Calls that clients have made, on channels and as plain RPCs, by the kind of their method. */
  readonly calls: Readonly<Record<CallKind, Readonly<CallCounts>>>;
  /** Keyed calls that are remembered, of the sessions that have made one since the server was made. */
  readonly journalEntries: number;
}

/** Counts everything. The cost grows with sessions and connections. */
export function measureServer(core: ServerCore): ServerMetrics {
  const { context } = core;
  const connections = tally([...core.pending, ...core.open].map(({ phase }) => phase));
  const sessions = tally([...core.registry.all].map(({ phase }) => phase));
  const channels = tally([...core.channels()].map(({ phase }) => phase));
  const paths = tally([...core.open].map(({ path = Path.UNSPECIFIED }) => path));
  const counters = { ...context.counters };
  for (const { channel } of core.channels()) countChannel(counters, channel);
  return {
    ...counters,
    accepted: { ...counters.accepted },
    refusedResumes: new Map(counters.refusedResumes),
    rejected: new Map(counters.rejected),
    lost: new Map(counters.lost),
    paths: { direct: paths(Path.DIRECT), relay: paths(Path.RELAY) },
    calls: copyCalls(context.tally.counts),
    journalEntries: context.journal?.heldKeys ?? 0,
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

function copyCalls(counts: ServerMetrics["calls"]): ServerMetrics["calls"] {
  const copy = ({ opened, ended }: CallCounts): CallCounts => ({ opened, ended: new Map(ended) });
  return {
    unary: copy(counts.unary),
    server_streaming: copy(counts.server_streaming),
    client_streaming: copy(counts.client_streaming),
    bidi_streaming: copy(counts.bidi_streaming),
    unknown: copy(counts.unknown),
  };
}

function tally<Kind>(kinds: Iterable<Kind>): (kind: Kind) => number {
  const counts = new Map<Kind, number>();
  for (const kind of kinds) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return (kind) => counts.get(kind) ?? 0;
}
