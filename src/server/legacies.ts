import type { SessionLimits } from "../wire/limits.ts";
import type { LostChannels } from "./lost-channels.ts";

/** Above this the longest kept is dropped: then a hello that is later still finds nothing that speaks against it. */
const MAX_LEGACIES = 4_096;

/**
 * What sessions that are over have lost, by the hash of their key, for as long as a session would remember it: the next
 * session of the key must not revive a channel of the one before. Spec: RESUME-9.
 */
export class Legacies {
  private readonly limits: Pick<SessionLimits, "lostChannelMs">;
  /** The longest kept first. */
  private readonly byHash = new Map<string, { readonly lost: LostChannels; readonly atMs: number }>();

  /** @param limits How long. */
  constructor(limits: Pick<SessionLimits, "lostChannelMs">) {
    this.limits = limits;
  }

  /** A session is over. */
  leave(sessionHash: string, lost: LostChannels, atMs: number): void {
    this.forget(atMs);
    if (lost.size > 0) this.byHash.set(sessionHash, { lost, atMs });
  }

  /** What the session before has lost, if that is known. */
  find(sessionHash: string, nowMs: number): LostChannels | undefined {
    this.forget(nowMs);
    return this.byHash.get(sessionHash)?.lost;
  }

  /** The same, for the session that comes after: it remembers it from now on. */
  take(sessionHash: string, nowMs: number): LostChannels | undefined {
    const lost = this.find(sessionHash, nowMs);
    this.byHash.delete(sessionHash);
    return lost;
  }

  private forget(nowMs: number): void {
    for (const [sessionHash, { atMs }] of this.byHash) {
      if (this.byHash.size < MAX_LEGACIES && atMs + this.limits.lostChannelMs > nowMs) return;
      this.byHash.delete(sessionHash);
    }
  }
}
