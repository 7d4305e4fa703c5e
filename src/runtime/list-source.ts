import { checkMethods, checkObject } from "../wire/check-given.ts";
import { MoorlineError } from "../wire/moorline-error.ts";
import type { Source } from "./source.ts";

/** Says which of two comes first: below 0 for `a`, and never 0 for two of one list. */
export type Order<T> = (a: T, b: T) => number;

/** Hears what becomes of a {@link ListSource}, as it happens and before listeners that came later. Must only take notes. */
export interface ListFollower<T> {
  /** One is another one now, has come where there was none before, or is gone where there is none after. */
  changed(before: T | undefined, after: T | undefined): void;
  /** Everything may be another one, and in another order. */
  replaced(): void;
}

/** A list that can also be followed change by change, so that what is made of it need not be made anew from all of it. */
export interface ListSource<T> extends Source<readonly T[]> {
  /** In which order it is, until `replaced`. */
  readonly order: Order<T>;
  /** Tells `follower` of all changes, until the function that comes back is called. */
  readonly follow: (follower: ListFollower<T>) => () => void;
}

/** Some places of a list, as `slice` takes them: whole numbers, and below 0 from its end. */
export interface ListRange {
  /** The first of them. */
  readonly start: number;
  /** The first behind them. Default: the end of the list. */
  readonly end?: number | undefined;
}

/** Checks a range that was given. @throws MoorlineError OPTION_INVALID for one that is none. */
export function checkRange(range: ListRange): void {
  checkObject("the range", range);
  const { start, end = start } = range;
  if (Number.isInteger(start) && Number.isInteger(end)) return;
  const action = "Give start, and end where there is one, as whole numbers.";
  throw new MoorlineError("OPTION_INVALID", "The range has places that are no whole numbers.", { action });
}

/** The list of nothing: always the same one, so that who has shown nothing need not show nothing again. */
export const NOTHING: readonly never[] = [];

/** Who follows a {@link ListSource}. What a follower throws is told to `failed`, and the others hear all the same. */
export class ListFollowers<T> implements ListFollower<T> {
  private readonly entries = new Set<{ readonly follower: ListFollower<T> }>();
  private readonly failed: (error: unknown) => void;

  /** @param failed Hears what a follower throws. Must not throw. */
  constructor(failed: (error: unknown) => void) {
    this.failed = failed;
  }

  /** How many there are. */
  get size(): number {
    return this.entries.size;
  }

  /** Adds one. @returns What removes it again. @throws MoorlineError OPTION_INVALID for what is no follower. */
  add(follower: ListFollower<T>): () => void {
    checkMethods("the follower", follower, ["changed", "replaced"]);
    const entry = { follower };
    this.entries.add(entry);
    return () => {
      this.entries.delete(entry);
    };
  }

  changed(before: T | undefined, after: T | undefined): void {
    this.tell((follower) => follower.changed(before, after));
  }

  replaced(): void {
    this.tell((follower) => follower.replaced());
  }

  private tell(say: (follower: ListFollower<T>) => void): void {
    for (const { follower } of this.entries) {
      try {
        say(follower);
      } catch (error) {
        this.failed(error);
      }
    }
  }
}

/**
 * Whoever makes something of a list is told when it has become another one: while it is followed, as it changes; else
 * where it is looked at and is not the list of the last time, or has another order.
 */
export class ListWatch<T> {
  private readonly source: ListSource<T>;
  private readonly follower: ListFollower<T>;
  private seen: { readonly list: readonly T[]; readonly order: Order<T> } | undefined = undefined;
  private leave: (() => void) | undefined = undefined;

  constructor(source: ListSource<T>, follower: ListFollower<T>) {
    this.source = source;
    this.follower = follower;
  }

  /** Follows from now on. */
  begin(): void {
    if (this.leave !== undefined) return;
    this.look();
    this.seen = undefined;
    this.leave = this.source.follow(this.follower);
  }

  /** Follows no longer. */
  end(): void {
    this.leave?.();
    this.leave = undefined;
  }

  /** To be called before what was made of the list is used. */
  look(): void {
    if (this.leave !== undefined) return;
    const list = this.source.getSnapshot();
    const { order } = this.source;
    // Few values may stand the same in another order; the next that comes does not.
    if (list === this.seen?.list && order === this.seen.order) return;
    this.seen = { list, order };
    this.follower.replaced();
  }
}
