import type { CommandResult, ItemMark, TimelineRecord } from "./messages.ts";

/** What a client was shown of a timeline, as it came. */
export interface ShownTimeline {
  readonly epoch: string;
  readonly items: readonly ItemMark[];
}

/**
 * Checks a timeline that was read from its beginning after the daemon was killed: it is the same log, its places are 1, 2, 3
 * and so on, and every item that was shown is there, as it was. Whatever else there is comes after that.
 * @returns How many items there are that were not shown.
 * @throws Error that says what is not so.
 */
export function checkRecord(record: TimelineRecord, shown: ShownTimeline): number {
  if (record.epoch !== shown.epoch) throw new Error("the timeline is another log than before the daemon was killed");
  record.items.forEach(({ seq }, index) => {
    if (seq !== index + 1) throw new Error(`the timeline has the place ${seq} where ${index + 1} belongs`);
  });
  shown.items.forEach((before, index) => {
    if (before.seq !== index + 1) throw new Error(`item ${before.seq} was shown where ${index + 1} belongs`);
    const now = record.items[index];
    if (now === undefined) throw new Error(`item ${before.seq} was shown and is gone`);
    if (now.revision !== before.revision || now.sha256 !== before.sha256) {
      throw new Error(`item ${before.seq} is not what was shown`);
    }
  });
  return record.items.length - shown.items.length;
}

/**
 * Checks that the timeline of a command says what the client has put together from it, and nothing more.
 * @throws Error that says what is not so.
 */
export function checkPrinted(record: TimelineRecord, result: CommandResult): void {
  if (record.sha256 !== result.sha256 || record.exitCode !== result.exitCode) {
    throw new Error("the timeline does not say what was followed");
  }
}

/** Checks that nothing was added to a timeline between two readings. @throws Error where something was. */
export function checkUnchanged(before: TimelineRecord, after: TimelineRecord): void {
  if (
    before.epoch !== after.epoch ||
    before.revision !== after.revision ||
    before.items.length !== after.items.length
  ) {
    throw new Error("something was added to the timeline after the daemon was started again");
  }
}
