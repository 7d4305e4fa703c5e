/** What an item said at a revision. */
export interface ItemVersion {
  readonly revision: number;
  readonly text: string;
}

/** Everything that was ever true of a log, written down beside it: what each item said, revision by revision. */
export class LogHistory {
  /** The agent whose log it is. */
  readonly agentId: string;
  /** Which lifetime of the log of its agent this is, from 1. */
  readonly lifetime: number;
  /** By the places of items, from 1. */
  private readonly items = new Map<number, ItemVersion[]>();

  constructor(agentId: string, lifetime: number) {
    this.agentId = agentId;
    this.lifetime = lifetime;
  }

  /** The place of the last item. */
  get lastSeq(): number {
    return this.items.size;
  }

  /** What each text of the log begins with, so that an item shows what it is of. */
  get label(): string {
    return `${this.agentId}.${this.lifetime}`;
  }

  /** A change was committed. */
  note(seq: number, version: ItemVersion): void {
    const versions = this.items.get(seq) ?? [];
    this.items.set(seq, versions);
    versions.push(version);
  }

  /** What an item said at a revision that it had. */
  find(seq: number, revision: number): ItemVersion | undefined {
    return this.items.get(seq)?.findLast((version) => version.revision === revision);
  }

  /** What an item says now. */
  latest(seq: number): ItemVersion | undefined {
    return this.items.get(seq)?.at(-1);
  }

  /** What everybody knows of an item who knows all up to a revision. Undefined: the item came later. */
  knownAt(seq: number, revision: number): ItemVersion | undefined {
    return this.items.get(seq)?.findLast((version) => version.revision <= revision);
  }
}

/** The label at the beginning of a text. */
export function labelOf(text: string): string {
  return text.slice(0, text.indexOf(" "));
}
