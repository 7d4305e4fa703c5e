import type { Clock } from "../../../src/core/clock.ts";
import type { JournalEntry, JournalSession, JournalStore } from "../../../src/server/journal/journal-store.ts";
import type { SimulatedRandom } from "../../../src/testing/simulated-random.ts";
import type { JournalLimits } from "../../../src/wire/limits.ts";
import type { Judge } from "./judge.ts";
import { Kept } from "./kept.ts";
import type { Process } from "./process.ts";

const MAX_DELAY_MS = 400;
/** The daemon tells of the end of a session a little before or after it forgets its keys. */
const END_MS = 1_000;
/** A disk that is late has forgotten by then. */
const FORGET_MS = 5_000;

/** How a {@link JournalDisk} is made. */
export interface JournalDiskOptions {
  readonly judge: Judge;
  readonly clock: Clock;
  readonly random: SimulatedRandom;
  readonly limits: JournalLimits;
  readonly answers: "atOnce" | "late";
}

/**
 * The journal on the disk of the daemon: outlives its processes, answers at once or late, and knows for each key that is
 * accepted or forgotten whether it may be.
 */
export class JournalDisk {
  private readonly options: JournalDiskOptions;
  /** Everything that was ever accepted, by session, in that order. */
  private readonly all = new Map<string, Kept[]>();
  /** Sessions that have ended, as the daemon has told. */
  private readonly over: { readonly process: Process; readonly sessionHash: string; readonly atMs: number }[] = [];

  constructor(options: JournalDiskOptions) {
    this.options = options;
  }

  /** The journal as one process sees it. What it has not written when it dies is never written. */
  open(process: Process): JournalStore {
    return {
      sessions: () => this.perform(process, () => this.sessions()),
      find: (sessionHash, key) => this.perform(process, () => this.find(sessionHash, key)?.toEntry()),
      list: (sessionHash) => this.perform(process, () => this.kept(sessionHash).map((kept) => kept.toUse())),
      accept: (entry) => this.accept(process, entry),
      complete: (sessionHash, key, outcome) => this.complete(process, sessionHash, key, outcome),
      delete: (sessionHash, key) => this.perform(process, () => this.forget(process, this.find(sessionHash, key))),
      deleteSession: (sessionHash) => this.perform(process, () => this.forgetSession(process, sessionHash)),
      purge: (beforeMs) => this.perform(process, () => this.purge(process, beforeMs)),
    };
  }

  private sessions(): JournalSession[] {
    const kept = [...this.all.keys()].map((sessionHash) => ({ sessionHash, entries: this.kept(sessionHash) }));
    return kept
      .filter(({ entries }) => entries.length > 0)
      .map(({ sessionHash, entries }) => {
        return { sessionHash, lastAcceptedAtMs: Math.max(...entries.map(({ entry }) => entry.acceptedAtMs)) };
      });
  }

  /** The key as it is kept now, on disk. */
  find(sessionHash: string, key: string): Kept | undefined {
    return this.kept(sessionHash).find(({ entry }) => entry.key === key);
  }

  /** Whatever a key was kept as at some time since. */
  since(sessionHash: string, key: string, sinceMs: number): Kept[] {
    return this.history(sessionHash).filter(({ entry, goneMs }) => entry.key === key && goneMs >= sinceMs);
  }

  /** Whether the journal of a session had no room at some time since. */
  wasFull(sessionHash: string, sinceMs: number): boolean {
    const history = this.history(sessionHash);
    const times = history.map(({ fromMs }) => fromMs).filter((fromMs) => fromMs > sinceMs);
    return [sinceMs, ...times].some((atMs) => this.isFull(history, atMs));
  }

  /** The daemon has told that a session is over: its keys are forgotten soon. */
  sessionOver(process: Process, sessionHash: string): void {
    const { clock, judge } = this.options;
    const atMs = clock.now();
    this.over.push({ process, sessionHash, atMs });
    void process.pause(FORGET_MS).then(() => {
      const left = this.kept(sessionHash).filter(({ fromMs }) => fromMs < atMs);
      judge.claim(left.length === 0, () => `a session is over, and ${left.length} of its keys are kept`);
    });
  }

  /** What has to be true when nothing runs any more: every run has left its outcome. */
  judgeRest(process: Process): void {
    for (const kept of [...this.all.values()].flat()) {
      const isLost = kept.isKept && kept.process === process && kept.run !== undefined && kept.outcome === undefined;
      this.options.judge.claim(!isLost, () => `${kept.name} has run, and has no outcome`);
    }
  }

  private async perform<T>(process: Process, work: () => T): Promise<T> {
    const { answers, random } = this.options;
    if (answers === "late") await process.pause(random.int(MAX_DELAY_MS));
    if (!process.isAlive) return new Promise(() => {});
    return work();
  }

  private async accept(process: Process, entry: JournalEntry): Promise<void> {
    if (!process.isAlive) return new Promise(() => {});
    const { clock, judge, limits } = this.options;
    const before = this.find(entry.sessionHash, entry.key);
    judge.claim(before === undefined, () => `${before?.name} is accepted although it is kept`);
    const kept = new Kept(entry, process, clock.now());
    this.all.set(entry.sessionHash, [...this.history(entry.sessionHash), kept]);
    const held = this.history(entry.sessionHash).filter(({ goneMs }) => goneMs === Number.POSITIVE_INFINITY);
    const use = useOf(held, clock.now(), limits, Number.POSITIVE_INFINITY);
    judge.claim(use.keys <= limits.maxKeys, () => `a journal has ${use.keys} keys`);
    judge.claim(use.bytes <= limits.maxBytes, () => `a journal has ${use.bytes} bytes`);
    await this.perform(process, () => kept.written());
    await this.answerLate(process);
  }

  private async complete(process: Process, sessionHash: string, key: string, outcome: Uint8Array): Promise<void> {
    const { clock } = this.options;
    const kept = this.find(sessionHash, key);
    kept?.filled(outcome.length, clock.now());
    await this.perform(process, () => kept?.completed(outcome));
    await this.answerLate(process);
    kept?.settled(clock.now());
  }

  /** What is on disk is not known to be there yet. */
  private async answerLate(process: Process): Promise<void> {
    const { answers, random } = this.options;
    if (answers === "late" && random.chance(0.3)) await process.pause(random.int(MAX_DELAY_MS));
  }

  private forget(process: Process, kept: Kept | undefined): void {
    const { clock, judge, limits } = this.options;
    if (kept === undefined) return;
    const isFree = kept.process === process && (kept.run === undefined || kept.run.end === "passing");
    judge.claim(isFree || kept.isExpired(clock.now(), limits), () => `${kept.name} is forgotten early`);
    kept.forgotten(clock.now());
  }

  private forgetSession(process: Process, sessionHash: string): void {
    const { clock, judge } = this.options;
    const nowMs = clock.now();
    for (const kept of this.kept(sessionHash)) kept.forgotten(nowMs);
    void process.pause(END_MS).then(() => {
      const isOver = this.over.some(
        (end) => end.process === process && end.sessionHash === sessionHash && end.atMs >= nowMs - FORGET_MS,
      );
      judge.claim(isOver, () => "the keys of a session are forgotten that is not over");
    });
  }

  private purge(process: Process, beforeMs: number): void {
    for (const kept of [...this.all.values()].flat()) {
      if (kept.isKept && kept.entry.acceptedAtMs < beforeMs) this.forget(process, kept);
    }
  }

  private history(sessionHash: string): Kept[] {
    return this.all.get(sessionHash) ?? [];
  }

  private kept(sessionHash: string): Kept[] {
    return this.history(sessionHash).filter(({ isKept }) => isKept);
  }

  private isFull(history: readonly Kept[], atMs: number): boolean {
    const { limits } = this.options;
    const valid = history.filter((kept) => !kept.isExpired(atMs, limits));
    // Others may have been refused in the instant before an outcome was known.
    const { keys, bytes } = useOf(valid, atMs, limits, atMs);
    return keys >= limits.maxKeys || bytes + limits.maxOutcomeBytes > limits.maxBytes;
  }
}

/** What keys take up at a time, with the outcomes that were known before a time. */
function useOf(history: readonly Kept[], atMs: number, { maxOutcomeBytes }: JournalLimits, knownBeforeMs: number) {
  const held = history.filter((kept) => kept.isHeld(atMs));
  const bytes = held.reduce((sum, kept) => sum + (kept.filledBytes(knownBeforeMs) ?? maxOutcomeBytes), 0);
  return { keys: held.length, bytes };
}
