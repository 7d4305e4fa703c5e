import { Code, ConnectError } from "@connectrpc/connect";
import type {
  SyncEffect,
  SyncEffect_OpenWatch,
  SyncEvent,
  SyncState,
} from "../../../gen/moorline/machine/v1/sync_moorline.ts";
import { CursorExpiry, SyncTrigger } from "../../../gen/moorline/machine/v1/sync_pb.ts";
import type { Timer } from "../../core/clock.ts";
import type { LogEntry, Performer } from "../../core/machine.ts";
import { Runner } from "../../core/runner.ts";
import {
  defaultSyncConfig,
  generationOf,
  initialSyncState,
  isResynced,
  isRetried,
  isRewatched,
  type SyncConfig,
  syncMachine,
} from "../../machine/sync.ts";
import { createTransition } from "../../machine/transition-log.ts";
import type { Source } from "../source.ts";
import { createMirrorMetrics, type MirrorHost, reportTo } from "./mirror-host.ts";
import { ENDED, LATE, toWatchFailure, type WatchFailure } from "./watch-failure.ts";

/** What a mirror does for its machine. */
export interface SyncWork<Piece> {
  /** The id of the agent that the mirror belongs to, for logs. Empty: it belongs to the daemon. */
  readonly subject: string;
  /** Opens a watch. It is read until it ends or `signal` is aborted. @param cursor Empty: everything is asked for. */
  watch(cursor: Uint8Array, diverged: boolean, signal: AbortSignal): AsyncIterable<Piece>;
  /** Takes a piece of the present watch. */
  take(piece: Piece): void;
  /** The watch has ended: what it has not finished is void. */
  cut(): void;
  /** Shows nothing any more. */
  dropData(): void;
  /** Drops what a storage has. */
  forgetStored(): void;
}

/** A watch that is under way. */
interface PresentWatch {
  readonly generation: number;
  readonly ending: AbortController;
}

type EventInit = SyncEvent["event"];

/** The hands of the machine of a mirror: opens watches, one at a time, and reads them. Spec: SYNC, MIRROR-6. */
export class SyncDriver<Piece> implements Performer<SyncState, SyncEvent, SyncEffect> {
  /** What was counted. */
  readonly metrics = createMirrorMetrics();
  /** The state. */
  readonly source: Source<SyncState>;
  private readonly host: MirrorHost;
  private readonly work: SyncWork<Piece>;
  private readonly runner: Runner<SyncState, SyncEvent, SyncEffect, SyncConfig>;
  private readonly report: (thrown: unknown) => void;
  private present: PresentWatch | undefined = undefined;
  private timer: Timer | undefined = undefined;
  /** The cursor of the last mark, where the state has not got it yet. */
  private unsaid: Uint8Array | undefined = undefined;

  constructor(host: MirrorHost, work: SyncWork<Piece>) {
    this.host = host;
    this.work = work;
    this.report = reportTo(host);
    const runner = new Runner(syncMachine, defaultSyncConfig, this, initialSyncState());
    this.runner = runner;
    this.source = { getSnapshot: () => runner.getSnapshot(), subscribe: (listener) => runner.subscribe(listener) };
  }

  /** The state. */
  get state(): SyncState {
    return this.runner.getSnapshot();
  }

  /** Somebody wants a watch, from the cursor. */
  begin(): void {
    this.dispatch({ case: "syncStarted", value: { nowMs: this.nowMs, trigger: SyncTrigger.REQUESTED } });
  }

  /** A storage had data, which is shown already, with this cursor. */
  restored(cursor: Uint8Array): void {
    this.dispatch({ case: "restored", value: { nowMs: this.nowMs, cursor } });
  }

  /**
   * A mark came with the piece that is being taken. A timeline has one with each commit, and where the mirror is ready they
   * say nothing but the cursor: that is given to the machine before the next event that may need it. Spec: SYNC-4.
   */
  synced(cursor: Uint8Array): void {
    if (this.state.state.case === "ready") this.unsaid = cursor;
    else this.dispatch({ case: "synced", value: { ...this.answer(), cursor } });
  }

  /** What is followed is another thing from now on. Does nothing where nothing is followed. */
  changedFilter(): void {
    const { state } = this.state;
    if (state.case === "errorBeforeFirstSuccess") this.begin();
    else {
      const reason = CursorExpiry.FILTER_CHANGED;
      this.dispatch({ case: "cursorExpired", value: { nowMs: this.nowMs, reason, epoch: "" } });
    }
  }

  /** The watch belongs to another log than what is shown. */
  changedEpoch(): void {
    this.dispatch({
      case: "cursorExpired",
      value: { ...this.answer(), reason: CursorExpiry.EPOCH_CHANGED, epoch: "" },
    });
  }

  /** A digest did not agree. @returns Whether everything is asked for once more. Spec: SYNC-7. */
  diverged(epoch: string): boolean {
    this.metrics.divergences += 1;
    if (!isResynced(this.state, epoch, this.nowMs)) return false;
    this.dispatch({ case: "cursorExpired", value: { ...this.answer(), reason: CursorExpiry.DIVERGED, epoch } });
    return true;
  }

  /** Everything is to be forgotten. */
  reset(): void {
    this.dispatch({ case: "reset", value: {} });
  }

  /** Ends the watch and the timer, whatever the state; it stays. */
  halt(): void {
    this.sayMark();
    this.endWatch();
    this.stopTimer();
  }

  perform({ effect }: SyncEffect): void {
    switch (effect.case) {
      case "openWatch":
        this.open(effect.value);
        break;
      case "cancelWatch":
        this.endWatch();
        break;
      case "startTimer":
        this.startTimer(effect.value.generation, effect.value.atMs);
        break;
      case "cancelTimer":
        this.stopTimer();
        break;
      case "dropData":
        this.work.dropData();
        break;
      case "forgetStored":
        this.work.forgetStored();
        break;
    }
  }

  logged(entry: LogEntry<SyncState, SyncEvent>): void {
    const { host, work } = this;
    if (host.onTransition === undefined) return;
    const context = { ...host.peer(), subject: work.subject, wallMs: host.clock.wallNow() };
    host.onTransition(createTransition(syncMachine, entry, context));
  }

  failed(error: unknown): void {
    this.report(error);
  }

  private get nowMs(): number {
    return this.host.clock.now();
  }

  private dispatch(event: EventInit): void {
    this.sayMark();
    this.runner.dispatch({ event });
  }

  private sayMark(): void {
    const cursor = this.unsaid;
    this.unsaid = undefined;
    if (cursor !== undefined) this.runner.dispatch({ event: { case: "synced", value: { ...this.answer(), cursor } } });
  }

  /** What an event brings back that answers the present watch; of none, it answers nothing. */
  private answer(): { readonly generation: number; readonly nowMs: number } {
    return { generation: this.present?.generation ?? 0, nowMs: this.nowMs };
  }

  private open({ generation, cursor, diverged }: SyncEffect_OpenWatch): void {
    this.metrics.watches += 1;
    const watch = { generation, ending: new AbortController() };
    this.present = watch;
    void this.read(watch, cursor, diverged);
  }

  private async read(watch: PresentWatch, cursor: Uint8Array, diverged: boolean): Promise<void> {
    try {
      for await (const piece of this.work.watch(cursor, diverged, watch.ending.signal)) {
        if (this.present !== watch) {
          // The piece of an older generation changes nothing.
          this.metrics.latePieces += 1;
          this.ended(watch, LATE);
          return;
        }
        this.metrics.pieces += 1;
        this.work.take(piece);
      }
      if (this.present === watch) this.ended(watch, ENDED);
    } catch (thrown) {
      const isGivenUp = this.present !== watch && ConnectError.from(thrown).code === Code.Canceled;
      if (isGivenUp) return;
      // What is none of Connect's errors was thrown by this side, which is a bug of its own.
      if (!(thrown instanceof ConnectError)) this.report(thrown);
      this.ended(watch, toWatchFailure(thrown));
    }
  }

  private ended(watch: PresentWatch, failure: WatchFailure): void {
    const answer = { generation: watch.generation, nowMs: this.nowMs };
    // After a stop the state may still be that of the watch, which is over all the same.
    if (this.present !== watch && generationOf(this.state) === watch.generation) return;
    if (this.present === watch) this.work.cut();
    const { reason, ...facts } = this.causeOf(failure);
    if (reason === "notFound") {
      this.dispatch({ case: "notFound", value: answer });
    } else if (isRetried(reason) && isRewatched(this.state, this.nowMs)) {
      this.dispatch({ case: "syncStarted", value: { ...answer, trigger: SyncTrigger.WATCH_LOST } });
    } else {
      const unitRandom = this.host.random.unit();
      this.dispatch({ case: "syncFailed", value: { ...answer, unitRandom, reason, ...facts } });
    }
  }

  /** What the host says is the cause, and what the watch says only follows from it. Spec: SYNC-12. */
  private causeOf(failure: WatchFailure): WatchFailure {
    const isLasting = failure.reason === "notFound" || !isRetried(failure.reason);
    return (isLasting ? undefined : this.host.obstacle?.()) ?? failure;
  }

  private endWatch(): void {
    const watch = this.present;
    if (watch === undefined) return;
    this.present = undefined;
    this.work.cut();
    watch.ending.abort();
  }

  private startTimer(generation: number, atMs: number): void {
    this.timer = this.host.clock.setTimer(Math.max(0, atMs - this.nowMs), () => {
      const value = { generation, nowMs: this.nowMs, trigger: SyncTrigger.RETRY_DUE };
      this.dispatch({ case: "syncStarted", value });
    });
  }

  private stopTimer(): void {
    this.timer?.cancel();
    this.timer = undefined;
  }
}
