/** What a mirror needs of a piece of a watch. */
export type MirrorPiece<T> =
  | { readonly kind: "snapshotBegan"; readonly total: number }
  | {
      readonly kind: "changed";
      readonly upserted: ReadonlyArray<{ readonly id: string; readonly value: T; readonly revision: number }>;
      readonly removedIds: readonly string[];
    }
  | { readonly kind: "mark"; readonly cursor: { readonly revision: number }; readonly digest: bigint | undefined };

interface Known<T> {
  readonly value: T;
  readonly revision: number;
}

/**
 * What somebody shows who follows a collection, written from the specification alone. It complains of what no watch may do;
 * what it shows is compared with the collection by its owner.
 */
export class MirrorModel<T> {
  /** What is shown. */
  shown = new Map<string, Known<T>>();
  /** Up to where all is known: the cursor of the last mark. */
  revision = 0;
  /** What no watch may do, and this one has done. */
  readonly complaints: string[] = [];
  private shadow: Map<string, Known<T>> | undefined = undefined;
  /** What was hashed before: the hash of an entry never changes. */
  private readonly hashes = new Map<string, bigint>();

  /** Whether a snapshot is under way. */
  get isRefreshing(): boolean {
    return this.shadow !== undefined;
  }

  /** The stream has ended: what it has not finished is void. */
  cut(): void {
    this.shadow = undefined;
  }

  /** Takes a piece. */
  take(piece: MirrorPiece<T>): void {
    if (piece.kind === "snapshotBegan") this.shadow = new Map();
    else if (piece.kind === "changed") this.change(piece);
    else this.mark(piece);
  }

  private change({ upserted, removedIds }: Extract<MirrorPiece<T>, { kind: "changed" }>): void {
    const ids = [...upserted.map(({ id }) => id), ...removedIds];
    if (new Set(ids).size !== ids.length) this.complaints.push("an id is in a batch twice");
    if (ids.length === 0) this.complaints.push("a batch is empty");
    if (ids.length > 200) this.complaints.push(`a batch has ${ids.length} entries`);
    const target = this.shadow ?? this.shown;
    for (const { id, value, revision } of upserted) {
      if (revision < (target.get(id)?.revision ?? 0)) this.complaints.push(`${id} goes back to ${revision}`);
      target.set(id, { value, revision });
    }
    for (const id of removedIds) target.delete(id);
  }

  private mark({ cursor, digest }: Extract<MirrorPiece<T>, { kind: "mark" }>): void {
    if (this.shadow !== undefined) this.shown = this.shadow;
    this.shadow = undefined;
    this.revision = cursor.revision;
    if (digest === undefined) return;
    const own = [...this.shown].reduce((sum, [id, known]) => sum + this.hashOf(id, known.revision), 0n) % TWO_TO_64;
    if (own !== digest) this.complaints.push(`the digest is ${digest} and what is shown has ${own}`);
  }

  private hashOf(id: string, revision: number): bigint {
    const key = `${id}@${revision}`;
    const hash = this.hashes.get(key) ?? fnv1a64(id, revision);
    this.hashes.set(key, hash);
    return hash;
  }
}

/** The digest of ids and revisions, by its definition. Spec: DIR-14. */
export function modelDigest(entries: ReadonlyArray<readonly [id: string, revision: number]>): bigint {
  let sum = 0n;
  for (const [id, revision] of entries) sum += fnv1a64(id, revision);
  return sum % TWO_TO_64;
}

const TWO_TO_64 = 2n ** 64n;
const MASK = TWO_TO_64 - 1n;

function fnv1a64(id: string, revision: number): bigint {
  const text = Buffer.from(`${id}\0`, "utf8");
  const number = Buffer.alloc(8);
  number.writeBigUInt64BE(BigInt(revision));
  return Buffer.concat([text, number]).reduce(
    (hash, byte) => ((hash ^ BigInt(byte)) * 1099511628211n) & MASK,
    14695981039346656037n,
  );
}
