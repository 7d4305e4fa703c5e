import type { CollectionWatch } from "../../../../../src/server/collection/collection-watch.ts";
import type { CollectionFilter, Piece } from "../../../../../src/server/collection/piece.ts";
import {
  type CollectionOptions,
  VersionedCollection,
  type WatchOptions,
} from "../../../../../src/server/collection/versioned-collection.ts";
import { SimulatedClock } from "../../../../../src/testing/simulated-clock.ts";
import { SimulatedRandom } from "../../../../../src/testing/simulated-random.ts";

/** What the collections of these tests hold. */
export interface Item {
  readonly text: string;
}

/** Every item. */
export const all: CollectionFilter<Item> = { hash: "all", matches: () => true };
/** Items whose text begins with `a`. */
export const onlyA: CollectionFilter<Item> = { hash: "onlyA", matches: ({ text }) => text.startsWith("a") };

/** A collection on a simulated clock. */
export class Stage {
  readonly clock = new SimulatedClock();
  readonly collection: VersionedCollection<Item>;
  /** How often a watch was woken. */
  wakes = 0;

  constructor(options: Partial<CollectionOptions<Item>> = {}) {
    const { clock } = this;
    const random = new SimulatedRandom(1);
    this.collection = new VersionedCollection({ clock, random, sizeOf: ({ text }) => text.length, ...options });
  }

  /** Puts items whose text is given by id. */
  put(items: Readonly<Record<string, string>>): void {
    for (const [id, text] of Object.entries(items)) this.collection.put(id, { text });
  }

  /** Puts `count` items, `item-0` and so on. */
  fill(count: number): void {
    for (let i = 0; i < count; i += 1) this.collection.put(`item-${i}`, { text: "a" });
  }

  /** Begins a watch. */
  watch(options: Partial<WatchOptions<Item>> = {}): CollectionWatch<Item> {
    const onWake = (): void => {
      this.wakes += 1;
    };
    return this.collection.watch({ filter: all, onWake, ...options });
  }

  /** A cursor of this collection, as a mark would give it. */
  cursor(revision: number, filter: CollectionFilter<Item> = all): WatchOptions<Item>["cursor"] {
    return { epoch: this.collection.epoch, filterHash: filter.hash, revision };
  }

  /** A watch that has nothing more to give. */
  caughtUp(options: Partial<WatchOptions<Item>> = {}): CollectionWatch<Item> {
    const watch = this.watch(options);
    drain(watch);
    return watch;
  }
}

/** Everything that a watch gives now. */
export function drain(watch: CollectionWatch<Item>): Piece<Item>[] {
  const pieces: Piece<Item>[] = [];
  for (let piece = watch.next(); piece !== undefined; piece = watch.next()) pieces.push(piece);
  return pieces;
}

/** Pieces as lines, short enough to be read in an expectation. */
export function show(pieces: readonly Piece<Item>[]): string[] {
  return pieces.map((piece) => {
    if (piece.kind === "snapshotBegan") return `snapshot ${piece.cause} ${piece.total}`;
    if (piece.kind === "mark") return `mark ${piece.cursor.revision}${piece.digest === undefined ? "" : " digest"}`;
    const upserted = piece.upserted.map(({ id, value, revision }) => `${id}=${value.text}@${revision}`);
    return [...upserted, ...piece.removedIds.map((id) => `-${id}`)].join(" ");
  });
}
