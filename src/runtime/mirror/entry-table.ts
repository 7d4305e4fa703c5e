import { Digest, type Hash64, hashId, hashRevision } from "../../wire/collection-digest.ts";

/** A value of a collection, as a mirror knows it. */
export interface KnownEntry<T> {
  /** The value. */
  readonly value: T;
  /** The revision of its last change, a safe integer. Says something within its epoch only. */
  readonly revision: number;
  /** The part of its hash that stays the same. */
  readonly idHash: Hash64;
}

/** Values by their ids, with their digest, which a change costs two hashes of a revision. */
export class EntryTable<T> {
  /** The lifetime of the collection that the revisions belong to. Empty: there was none yet. */
  readonly epoch: string;
  private readonly entries = new Map<string, KnownEntry<T>>();
  private readonly sum = new Digest();

  /** @param epoch The lifetime of the collection. */
  constructor(epoch: string) {
    this.epoch = epoch;
  }

  /** How many values there are. */
  get size(): number {
    return this.entries.size;
  }

  /** The digest of all of it. Spec: DIR-14. */
  get digest(): bigint {
    return this.sum.value;
  }

  /** All of it, in no order that means something. */
  get all(): ReadonlyMap<string, KnownEntry<T>> {
    return this.entries;
  }

  /** What is known of an id. */
  get(id: string): KnownEntry<T> | undefined {
    return this.entries.get(id);
  }

  /**
   * Sets a value.
   * @param before What is known of the id here. @param idHash Where it is known from elsewhere, so that it is not hashed anew.
   */
  put(
    id: string,
    value: T,
    revision: number,
    before: KnownEntry<T> | undefined,
    idHash: Hash64 = before?.idHash ?? hashId(id).hash,
  ): void {
    if (before !== undefined) this.sum.subtract(hashRevision(before.idHash, before.revision));
    this.sum.add(hashRevision(idHash, revision));
    this.entries.set(id, { value, revision, idHash });
  }

  /** Removes an id. @returns What was known of it. */
  remove(id: string): KnownEntry<T> | undefined {
    const before = this.entries.get(id);
    if (before === undefined) return undefined;
    this.sum.subtract(hashRevision(before.idHash, before.revision));
    this.entries.delete(id);
    return before;
  }
}
