import type { Path } from "../../gen/moorline/session/v1/packet_pb.ts";
import type { Clock } from "../core/clock.ts";
import type { LogEntry } from "../core/machine.ts";
import type { Random } from "../core/random.ts";
import type { SchemaMachine } from "../machine/schema-machine.ts";
import { createTransition } from "../machine/transition-log.ts";
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
}

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
  /** Hellos that were refused, by the number of their code. */
  readonly rejected: Map<number, number>;
  /** Channels that were lost, by the number of their reason. */
  readonly lost: Map<number, number>;
}

/** Counters at their start. */
export function createCounters(): ServerCounters {
  const connections = { connections: 0, probes: 0, attached: 0, resumed: 0, violations: 0, pongMissing: 0 };
  const dropped = { unknownPackets: 0, unknownFrames: 0, lateFrames: 0, duplicateFrames: 0 };
  return { ...connections, ...dropped, rejected: new Map(), lost: new Map() };
}

/** Counts one more of a kind. */
export function countOne(counts: Map<number, number>, kind: number): void {
  counts.set(kind, (counts.get(kind) ?? 0) + 1);
}

/** Adds what a channel has counted and dropped. */
export function countDropped(
  counts: DroppedFrames,
  { unknownFrames, lateFrames, duplicateFrames }: DroppedFrames,
): void {
  counts.unknownFrames += unknownFrames;
  counts.lateFrames += lateFrames;
  counts.duplicateFrames += duplicateFrames;
}

type DroppedFrames = Pick<ServerCounters, "unknownFrames" | "lateFrames" | "duplicateFrames">;

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
