import type { DescService } from "@bufbuild/protobuf";
import type { Client } from "@connectrpc/connect";
import type { Clock } from "../../core/clock.ts";
import type { Random } from "../../core/random.ts";
import type { TransitionSink } from "../../machine/transition-log.ts";
import { MoorlineError } from "../../wire/moorline-error.ts";
import type { MirrorStorage } from "../storage/mirror-storage.ts";
import type { WatchFailure } from "./watch-failure.ts";

/** Whom a mirror copies from. */
export interface MirrorPeer {
  /** The daemon. Empty while it is not known: then nothing is read from a storage or kept in one. */
  readonly serverId: string;
  /** The hash of the session key. Empty where there is none: as above. */
  readonly sessionRef: string;
}

/** What a mirror needs of whoever owns it: the runtime of a host, or a test. */
export interface MirrorHost {
  /** A client of a service of the daemon. It stays good over lost connections and channels. */
  service<T extends DescService>(desc: T): Client<T>;
  /** Why no watch will come through before somebody has it connect again. Undefined, the default: nothing is in the way. */
  readonly obstacle?: (() => WatchFailure | undefined) | undefined;
  /** Time. */
  readonly clock: Clock;
  /** Chance, for waits. */
  readonly random: Pick<Random, "unit">;
  /** Whom it copies from, as it is known now. */
  readonly peer: () => MirrorPeer;
  /** Takes the records of its machines. Default: nobody does. */
  readonly onTransition?: TransitionSink | undefined;
  /** Hears what went wrong without a state that says so: a storage that failed, a listener that threw. Must not throw. */
  readonly onError: (error: MoorlineError) => void;
  /** Where cursors and data are kept. Default: nowhere. */
  readonly storage?: MirrorStorage | undefined;
  /** Before each key of the storage. Default: empty. */
  readonly keyPrefix?: string | undefined;
}

/** What a mirror has counted since it was made. Numbers that only rise. */
export interface MirrorMetrics {
  /** Watches that were opened. */
  readonly watches: number;
  /** Pieces of watches that were taken. */
  readonly pieces: number;
  /** Pieces that came after their watch was given up, and have changed nothing. */
  readonly latePieces: number;
  /** Pieces, or parts of them, that this version does not understand. */
  readonly unknownPieces: number;
  /** Snapshots, or first pages, that were begun. */
  readonly snapshots: number;
  /** Digests that did not agree: each is a bug, here or in the daemon. */
  readonly divergences: number;
}

/** Counters to count with. */
export function createMirrorMetrics(): { -readonly [Name in keyof MirrorMetrics]: MirrorMetrics[Name] } {
  return { watches: 0, pieces: 0, latePieces: 0, unknownPieces: 0, snapshots: 0, divergences: 0 };
}

/** How a mirror is stopped. */
export interface StopOptions {
  /** Whether everything is forgotten, what a storage has included. Default: data goes on being shown. */
  readonly reset?: boolean;
}

/** What the owner of a mirror may do, and those who look at it may not. */
export interface MirrorOwner {
  /** What was counted. */
  readonly metrics: MirrorMetrics;
  /** Begins to follow: shows what a storage has, then watches. Does nothing where it has begun. Spec: MIRROR-1. */
  start(): void;
  /** Has a storage have what is shown now, without a pause: the program may be about to end. Spec: MIRROR-15. */
  save(): void;
  /**
   * Ends the watch and all timers, at once. May be started again, and goes on from its cursor then. Spec: MIRROR-12.
   * @returns Resolves when a storage has what it is to have; never rejects.
   */
  stop(options?: StopOptions): Promise<void>;
}

/** Tells the host of something that was thrown. */
export function reportTo(host: MirrorHost): (thrown: unknown) => void {
  return (thrown) => host.onError(MoorlineError.from(thrown));
}
