import type { Path } from "../../gen/moorline/session/v1/packet_pb.ts";
import type { Channel } from "../channel/channel.ts";
import type { Clock } from "../core/clock.ts";
import type { LogEntry } from "../core/machine.ts";
import type { Random } from "../core/random.ts";
import type { SchemaMachine } from "../machine/schema-machine.ts";
import { createTransition } from "../machine/transition-log.ts";
import type { CallTally } from "../rpc/call-tally.ts";
import type { DeadlineQueue } from "../rpc/deadline-queue.ts";
import type { RouteTable } from "../rpc/route-table.ts";
import type { Journal } from "./journal/journal.ts";
import type { Reporter } from "./reporter.ts";
import type { ServerLimits } from "./server-limits.ts";

/** What everything in a server stands on. */
export interface ServerContext {
  readonly clock: Clock;
  readonly random: Random;
  readonly limits: ServerLimits;
  /** Every timer of the server, on one timer of the system. */
  readonly deadlines: DeadlineQueue;
  /** What the application hears. */
  readonly reporter: Reporter;
  /** What is served on every channel. */
  readonly routes: RouteTable;
  /** Who remembers keyed calls. Undefined: nobody. */
  readonly journal: Journal | undefined;
  readonly serverId: string;
  /** The epoch of this process, as a key. */
  readonly epoch: string;
  /** The numbers that are only counted. */
  readonly counters: ServerCounters;
  /** The calls that clients have made, on channels and as plain RPCs. */
  readonly tally: CallTally;
}

/** What carries a connection: a WebSocket, a stream of gRPC, or a transport of another kind. */
export type ConnectionKind = "websocket" | "grpc" | "other";

/** What a server counts from its start on. */
export interface ServerCounters {
  /** Connections that were accepted by a transport. */
  connections: number;
  /** Connections that were welcomed as probes. */
  probes: number;
  /** Attaches that a client began anew by, with a fresh channel id. */
  attached: number;
  /** Attaches by which a channel went on. */
  resumed: number;
  /** Connections that ended because their client broke a rule. */
  violations: number;
  /** Connections that were given up because nothing came any more. */
  pongMissing: number;
  /** Packets with a body that this version does not know, of connections that are over. */
  unknownPackets: number;
  /** Frames with a body that this version does not know. */
  unknownFrames: number;
  /** Frames for calls that are closed here. */
  lateFrames: number;
  /** Frames that had been accepted before. */
  duplicateFrames: number;
  /** Bytes of packets that came, and that were given to sockets. */
  receivedBytes: number;
  sentBytes: number;
  /** Frames that were accepted, and that were numbered: each once, however often it was sent. */
  receivedFrames: number;
  sentFrames: number;
  /** Frames that were sent again because their connection was lost, each time counted. */
  replayedFrames: number;
  /** Connections that were accepted, by what carries them. */
  readonly accepted: Record<ConnectionKind, number>;
  /** Resumes that were not granted, by the number of their refusal. */
  readonly refusedResumes: Map<number, number>;
  /** Hellos and plain RPCs that were refused, by the number of their code. */
  readonly rejected: Map<number, number>;
  /** Channels that were lost, by the number of their reason. */
  readonly lost: Map<number, number>;
}

/** Counters at their start. */
export function createCounters(): ServerCounters {
  const connections = { connections: 0, probes: 0, attached: 0, resumed: 0, violations: 0, pongMissing: 0 };
  const dropped = { unknownPackets: 0, unknownFrames: 0, lateFrames: 0, duplicateFrames: 0 };
  const carried = { receivedBytes: 0, sentBytes: 0, receivedFrames: 0, sentFrames: 0, replayedFrames: 0 };
  const accepted = { websocket: 0, grpc: 0, other: 0 };
  const maps = { refusedResumes: new Map(), rejected: new Map(), lost: new Map() };
  return { ...connections, ...dropped, ...carried, accepted, ...maps };
}

/** Counts one more of a kind. */
export function countOne(counts: Map<number, number>, kind: number): void {
  counts.set(kind, (counts.get(kind) ?? 0) + 1);
}

/** Adds what a channel has counted. */
export function countChannel(counts: ServerCounters, { counters, received, sent, replayed }: Channel): void {
  counts.unknownFrames += counters.unknownFrames;
  counts.lateFrames += counters.lateFrames;
  counts.duplicateFrames += counters.duplicateFrames;
  counts.receivedFrames += received;
  counts.sentFrames += sent;
  counts.replayedFrames += replayed;
}

/** Writes an event of a machine to the transition log, if anybody wants it. Spec: LOG-1, INV-10. */
export function logTransition<State, Event, Effect, Config>(
  { reporter, serverId, clock }: ServerContext,
  machine: SchemaMachine<State, Event, Effect, Config>,
  entry: LogEntry<State, Event>,
  facts: { readonly sessionRef: string; readonly path?: Path },
): void {
  if (!reporter.isLogged) return;
  reporter.transition(createTransition(machine, entry, { serverId, wallMs: clock.wallNow(), ...facts }));
}
