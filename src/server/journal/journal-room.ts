import { Limit } from "../../../gen/moorline/session/v1/error_pb.ts";
import type { JournalLimits } from "../../wire/limits.ts";
import { createFullError } from "./journal-errors.ts";
import type { JournalUse } from "./journal-store.ts";

/** What one key takes up. */
interface Held {
  readonly acceptedAtMs: number;
  readonly bytes: number;
}

/** Which keys the journal of a session holds, and how much room there is. Nothing leaves it early. Spec: JOURNAL-7. */
export class JournalRoom {
  private readonly limits: JournalLimits;
  /** In the order of their acceptance. */
  private readonly held = new Map<string, Held>();
  private bytes = 0;

  /** @param limits How much may be held. @param uses What is held already, in the order of acceptance. */
  constructor(limits: JournalLimits, uses: readonly JournalUse[]) {
    this.limits = limits;
    for (const { key, acceptedAtMs, outcomeBytes } of uses) {
      this.set(key, { acceptedAtMs, bytes: outcomeBytes ?? limits.maxOutcomeBytes });
    }
  }

  /** Whether a key is held. */
  has(key: string): boolean {
    return this.held.has(key);
  }

  /** Holds a key, and room for its outcome. @returns Why that does not go; undefined where it went. */
  reserve(key: string, acceptedAtMs: number): ReturnType<typeof createFullError> | undefined {
    const { maxKeys, maxBytes, maxOutcomeBytes } = this.limits;
    this.release(key);
    if (this.held.size >= maxKeys) return createFullError(Limit.JOURNAL_KEYS, maxKeys);
    if (this.bytes + maxOutcomeBytes > maxBytes) return createFullError(Limit.JOURNAL_BYTES, maxBytes);
    this.set(key, { acceptedAtMs, bytes: maxOutcomeBytes });
    return undefined;
  }

  /** How many keys are held. */
  get size(): number {
    return this.held.size;
  }

  /** The outcome of a key is there: what it does not need is free. */
  fill(key: string, bytes: number): void {
    const held = this.held.get(key);
    if (held === undefined) return;
    this.held.set(key, { ...held, bytes });
    this.bytes += bytes - held.bytes;
  }

  /** A key is not held any more. */
  release(key: string): void {
    this.bytes -= this.held.get(key)?.bytes ?? 0;
    this.held.delete(key);
  }

  /** The keys that have been held for as long as they are kept. */
  expired(nowMs: number): string[] {
    const keys: string[] = [];
    for (const [key, { acceptedAtMs }] of this.held) {
      if (acceptedAtMs + this.limits.keepMs > nowMs) break;
      keys.push(key);
    }
    return keys;
  }

  private set(key: string, held: Held): void {
    this.held.set(key, held);
    this.bytes += held.bytes;
  }
}
