import type { Clock } from "../../core/clock.ts";
import { MoorlineError } from "../../wire/moorline-error.ts";
import { type DraftContext, LogDraft } from "./log-draft.ts";
import type { LogChange, LogHead } from "./timeline-backend.ts";
import type { TimelinePosition } from "./timeline-store.ts";

/** A log that a turn changes. */
export interface TurnLog {
  /** The log, as it is committed; before it is made, as it will be. */
  readonly head: LogHead;
  /** Whether the log has yet to be made. */
  readonly phase: "new" | "live" | "deleted";
  /** The turn is committed, and has done this to the log. */
  committed(change: LogChange): void;
}

/** Something that is to be done to a log. */
export type Change = (draft: LogDraft) => TimelinePosition;

interface Waiting {
  readonly log: TurnLog;
  readonly change: Change;
  readonly resolve: (position: TimelinePosition) => void;
  readonly reject: (error: unknown) => void;
}

/** Gathers what one turn of the event loop does to all logs of a store, and commits it together. Spec: TIMELINE-3. */
export class TimelineTurn {
  private readonly clock: Clock;
  /** What was counted. */
  readonly counters = { commits: 0, changes: 0, failures: 0 };
  private readonly context: DraftContext;
  private waiting: Waiting[] = [];
  private phase: "open" | "closed" = "open";

  /** @param clock Time. @param context The store. */
  constructor(clock: Clock, context: DraftContext) {
    this.clock = clock;
    this.context = context;
  }

  /** Does something to a log, with the rest of the turn. Resolves when it is committed. */
  add(log: TurnLog, change: Change): Promise<TimelinePosition> {
    if (this.phase === "closed") return Promise.reject(closedError());
    if (this.waiting.length === 0) this.clock.defer(() => this.commit());
    return new Promise((resolve, reject) => {
      this.waiting.push({ log, change, resolve, reject });
    });
  }

  /** @throws MoorlineError STORAGE_CLOSED where it is closed. */
  assertOpen(): void {
    if (this.phase === "closed") throw closedError();
  }

  /** Commits what waits; what comes later is refused. */
  close(): void {
    this.phase = "closed";
    this.commit();
  }

  private commit(): void {
    const { waiting } = this;
    if (waiting.length === 0) return;
    this.waiting = [];
    const drafts = new Map<TurnLog, LogDraft>();
    const settle = waiting.map((change) => this.apply(drafts, change));
    const failure = this.write(drafts);
    if (failure !== undefined) this.counters.failures += 1;
    else {
      this.counters.commits += 1;
      this.counters.changes += waiting.length;
    }
    for (const done of settle) done(failure);
  }

  /** @returns What tells the caller, when the commit has succeeded or failed. */
  private apply(drafts: Map<TurnLog, LogDraft>, { log, change, resolve, reject }: Waiting): Settle {
    try {
      const position = change(this.draftOf(drafts, log));
      return (failure) => (failure === undefined ? resolve(position) : reject(failure));
    } catch (error) {
      return () => reject(error);
    }
  }

  private draftOf(drafts: Map<TurnLog, LogDraft>, log: TurnLog): LogDraft {
    const draft = drafts.get(log) ?? new LogDraft(this.context, log.head, log.phase === "new" ? "made" : "kept");
    drafts.set(log, draft);
    return draft;
  }

  private write(drafts: ReadonlyMap<TurnLog, LogDraft>): MoorlineError | undefined {
    const changes = [...drafts].map(([log, draft]) => ({ log, change: draft.toChange() }));
    try {
      this.context.backend.commit(changes.map(({ change }) => change));
    } catch (error) {
      return MoorlineError.from(error);
    }
    for (const { log, change } of changes) log.committed(change);
    return undefined;
  }
}

type Settle = (failure: MoorlineError | undefined) => void;

function closedError(): MoorlineError {
  return new MoorlineError("STORAGE_CLOSED", "The store of timelines is closed.");
}
