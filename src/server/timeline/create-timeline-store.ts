import type { Clock } from "../../core/clock.ts";
import type { Random } from "../../core/random.ts";
import { systemClock } from "../../transport/system-clock.ts";
import { systemRandom } from "../../transport/system-random.ts";
import { bytesToBase64url } from "../../wire/base64url.ts";
import { MoorlineError } from "../../wire/moorline-error.ts";
import { assertRecordFits } from "./log-draft.ts";
import { StoredTimeline, type TimelineShared } from "./stored-timeline.ts";
import type { LogHead, TimelineBackend } from "./timeline-backend.ts";
import type { TimelineCounters, TimelineLog, TimelineStore } from "./timeline-store.ts";
import { TimelineTurn } from "./timeline-turn.ts";

/** How a store of timelines is made. */
export interface TimelineStoreOptions {
  /** The most bytes of an item, payload and text together. Default 1 MiB. */
  readonly maxItemBytes?: number;
  /** Time. Default: the system's. */
  readonly clock?: Clock;
  /** Chance. Default: the system's. */
  readonly random?: Random;
}

const MAX_ITEM_BYTES = 1024 * 1024;
const EPOCH_BYTES = 16;

/** A store over a backend. @throws MoorlineError OPTION_INVALID. */
export function createTimelineStore(backend: TimelineBackend, options: TimelineStoreOptions): TimelineStore {
  const { clock = systemClock, random = systemRandom, maxItemBytes = MAX_ITEM_BYTES } = options;
  if (!(maxItemBytes >= 1)) throw new MoorlineError("OPTION_INVALID", "maxItemBytes must be 1 or more.");
  const turn = new TimelineTurn(clock, { backend, maxItemBytes });
  const newEpoch = (): string => bytesToBase64url(random.bytes(EPOCH_BYTES));
  return new BackedTimelineStore({ backend, turn, wallNow: () => clock.wallNow() }, newEpoch, maxItemBytes);
}

class BackedTimelineStore implements TimelineStore {
  private readonly shared: TimelineShared;
  private readonly newEpoch: () => string;
  private readonly maxItemBytes: number;
  private readonly logs = new Map<string, StoredTimeline>();
  /** What is done to names that is not committed yet: making or deleting. */
  private readonly underWay = new Map<string, Promise<unknown>>();

  constructor(shared: TimelineShared, newEpoch: () => string, maxItemBytes: number) {
    this.shared = shared;
    this.newEpoch = newEpoch;
    this.maxItemBytes = maxItemBytes;
  }

  get counters(): TimelineCounters {
    return this.shared.turn.counters;
  }

  async open(name: string, record: Uint8Array = new Uint8Array(0)): Promise<TimelineLog> {
    for (let work = this.underWay.get(name); work !== undefined; work = this.underWay.get(name)) await settled(work);
    return this.find(name) ?? (await this.make(name, record));
  }

  find(name: string): StoredTimeline | undefined {
    this.shared.turn.assertOpen();
    const held = this.logs.get(name);
    if (held?.phase === "live") return held;
    const head = this.shared.backend.find(name);
    return head === undefined ? undefined : this.keep(new StoredTimeline(this.shared, head, "live"));
  }

  list(): readonly TimelineLog[] {
    this.shared.turn.assertOpen();
    return this.shared.backend.list().map((head) => {
      const held = this.logs.get(head.name);
      return held?.phase === "live" ? held : this.keep(new StoredTimeline(this.shared, head, "live"));
    });
  }

  async delete(name: string): Promise<void> {
    for (let work = this.underWay.get(name); work !== undefined; work = this.underWay.get(name)) await settled(work);
    const log = this.find(name);
    if (log === undefined) return;
    await this.during(name, log.delete());
    this.forget(log);
  }

  close(): void {
    this.shared.turn.close();
    for (const log of this.logs.values()) log.endWatches();
  }

  private async make(name: string, record: Uint8Array): Promise<StoredTimeline> {
    assertRecordFits(name, record, this.maxItemBytes);
    const id = this.shared.backend.nextId();
    const head: LogHead = { id, name, epoch: this.newEpoch(), lastSeq: 0, revision: 0, record };
    const log = this.keep(new StoredTimeline(this.shared, head, "new"));
    try {
      await this.during(name, log.make());
    } catch (error) {
      this.forget(log);
      throw error;
    }
    return log;
  }

  private keep(log: StoredTimeline): StoredTimeline {
    this.logs.set(log.name, log);
    return log;
  }

  private forget(log: StoredTimeline): void {
    if (this.logs.get(log.name) === log) this.logs.delete(log.name);
  }

  private async during<T>(name: string, work: Promise<T>): Promise<T> {
    this.underWay.set(name, work);
    try {
      return await work;
    } finally {
      this.underWay.delete(name);
    }
  }
}

/** Whatever it has come to is told to whoever began it. */
async function settled(work: Promise<unknown>): Promise<void> {
  await work.catch(() => undefined);
}
