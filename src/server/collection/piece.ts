/** Why a watch begins with a snapshot, or begins another one. Spec: DIR-3. */
export type SnapshotCause = "first" | "epochChanged" | "filterChanged" | "cursorExpired" | "diverged";

/** Where somebody stands who follows a collection. */
export interface CollectionCursor {
  /** The lifetime of the collection that the revision belongs to. */
  readonly epoch: string;
  /** The hash of the filter. */
  readonly filterHash: string;
  /** Everything up to this revision is known. A peer may give a number that is no integer. */
  readonly revision: number;
}

/** Which values of a collection somebody follows. */
export interface CollectionFilter<T> {
  /** The same for filters that match the same values, and for no others. */
  readonly hash: string;
  /** Whether a value matches. Looks at the value only, and must not throw. */
  readonly matches: (value: T) => boolean;
}

/** A value that matches. */
export interface UpsertedEntry<T> {
  /** Its id. */
  readonly id: string;
  /** The value, as it is now. */
  readonly value: T;
  /** The revision of its last change. */
  readonly revision: number;
}

/** A snapshot begins; one that was under way is void. */
export interface SnapshotBegan {
  readonly kind: "snapshotBegan";
  /** The lifetime of the collection. */
  readonly epoch: string;
  /** How many values match at its beginning. */
  readonly total: number;
  /** Why there is one. */
  readonly cause: SnapshotCause;
}

/** Values have changed, or belong to a snapshot. An id is in one of the lists only. */
export interface EntriesChanged<T> {
  readonly kind: "changed";
  /** What matches. */
  readonly upserted: readonly UpsertedEntry<T>[];
  /** What does not match, not any more, or does not exist; known to the watcher or not. */
  readonly removedIds: readonly string[];
}

/** Everything up to the cursor was sent. */
export interface CollectionMark {
  readonly kind: "mark";
  /** What a later watch may begin with. */
  readonly cursor: CollectionCursor;
  /** The digest of all that matches. Undefined where something waits to be sent. */
  readonly digest: bigint | undefined;
}

/** What a watch gives. Spec: DIR. */
export type Piece<T> = SnapshotBegan | EntriesChanged<T> | CollectionMark;
