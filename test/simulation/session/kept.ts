import type { JournalEntry, JournalUse } from "../../../src/server/journal/journal-store.ts";
import type { JournalLimits } from "../../../src/wire/limits.ts";
import type { KeyedEffect } from "./keyed-book.ts";
import type { Process } from "./process.ts";

/** A key, from its acceptance until it is forgotten. */
export class Kept {
  readonly entry: JournalEntry;
  /** Who has accepted it. */
  readonly process: Process;
  readonly fromMs: number;
  /** When it was forgotten. */
  goneMs = Number.POSITIVE_INFINITY;
  /** The outcome, once it is on disk. */
  outcome: Uint8Array | undefined = undefined;
  /** When it was known how much the outcome takes. */
  filling: { readonly bytes: number; readonly atMs: number } | undefined = undefined;
  /** The one run. */
  run: KeyedEffect | undefined = undefined;
  /** What somebody was told: the run, or that nobody knows. */
  told: "run" | "cut" | undefined = undefined;
  private isWritten = false;
  private settledMs = Number.POSITIVE_INFINITY;

  constructor(entry: JournalEntry, process: Process, fromMs: number) {
    this.entry = entry;
    this.process = process;
    this.fromMs = fromMs;
  }

  /** The key, for people. */
  get name(): string {
    return `key ${this.entry.key} of ${this.entry.sessionHash.slice(0, 4)}`;
  }

  /** Whether it is on disk. */
  get isKept(): boolean {
    return this.isWritten && this.goneMs === Number.POSITIVE_INFINITY;
  }

  /** Whether whoever has accepted it is dead, and has left no outcome. */
  get isCut(): boolean {
    return this.isWritten && this.outcome === undefined && !this.process.isAlive;
  }

  /** Whether it takes room at a time, on disk or on its way there; also in the instant in which it is forgotten. */
  isHeld(atMs: number): boolean {
    return this.fromMs <= atMs && this.goneMs >= atMs && (this.isWritten || this.process.isAlive);
  }

  /** Whether it may be forgotten at a time: it is old, and nothing runs. */
  isExpired(atMs: number, { keepMs }: JournalLimits): boolean {
    const isOver = this.settledMs <= atMs || !this.process.isAlive;
    return isOver && this.fromMs + keepMs <= atMs;
  }

  /** What its outcome takes, where that was known before a time. What a process has not written before it died was not. */
  filledBytes(knownBeforeMs: number): number | undefined {
    const { filling, outcome, process } = this;
    const isKnown = filling !== undefined && filling.atMs < knownBeforeMs && (outcome !== undefined || process.isAlive);
    return isKnown ? filling.bytes : undefined;
  }

  written(): void {
    this.isWritten = true;
  }

  filled(bytes: number, atMs: number): void {
    this.filling = { bytes, atMs };
  }

  completed(outcome: Uint8Array): void {
    this.outcome = outcome;
  }

  settled(atMs: number): void {
    this.settledMs = atMs;
  }

  forgotten(atMs: number): void {
    this.goneMs = atMs;
  }

  toEntry(): JournalEntry {
    return { ...this.entry, outcome: this.outcome };
  }

  toUse(): JournalUse {
    const { key, acceptedAtMs } = this.entry;
    return { key, acceptedAtMs, outcomeBytes: this.outcome?.length };
  }
}
