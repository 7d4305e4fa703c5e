/** Who can be on a {@link Roster}. */
export interface RosterMember {
  /** Its place on the roster, kept by the roster alone. Begin with -1. */
  rosterIndex: number;
}

/** So many gaps are left as they are. */
const FEW_GAPS = 16;

/**
 * Who is here, in the order of coming. It does what a `Set` does for members that come and go all the time; but a `Set`
 * in use keeps alive what has left it, until the collector has gone over everything.
 */
export class Roster<T extends RosterMember> implements Iterable<T> {
  /** Members, with gaps where some have left. */
  private members: (T | undefined)[] = [];
  private count = 0;

  /** How many are here. */
  get size(): number {
    return this.count;
  }

  /** Whether the member is here. */
  has(member: T): boolean {
    return this.members[member.rosterIndex] === member;
  }

  /** Adds a member, last. It must be on no roster. */
  add(member: T): void {
    member.rosterIndex = this.members.length;
    this.members.push(member);
    this.count += 1;
  }

  /** Removes a member. @returns false where it was not here. */
  delete(member: T): boolean {
    if (!this.has(member)) return false;
    this.members[member.rosterIndex] = undefined;
    member.rosterIndex = -1;
    this.count -= 1;
    if (this.members.length > 2 * this.count + FEW_GAPS) this.closeGaps();
    return true;
  }

  /** Everybody who is here now, in the order of coming. Whoever comes or goes meanwhile changes nothing. */
  [Symbol.iterator](): ArrayIterator<T> {
    return this.list()[Symbol.iterator]();
  }

  private list(): T[] {
    return this.members.filter((member) => member !== undefined);
  }

  private closeGaps(): void {
    const members = this.list();
    for (let i = 0; i < members.length; i += 1) (members[i] as T).rosterIndex = i;
    this.members = members;
  }
}
