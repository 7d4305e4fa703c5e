import { hash } from "node:crypto";
import type { KeyedCalls, KeyedOutcome, KeyedQuestion, KeyedWait, KeyedWaiter } from "../../rpc/keyed-calls.ts";
import type { JournalLimits } from "../../wire/limits.ts";
import { createRunCutError, createUnavailableError } from "./journal-errors.ts";
import { JournalRoom } from "./journal-room.ts";
import type { JournalStore } from "./journal-store.ts";
import { type KeyedAnswer, type KeyedRequest, KeyedSlot } from "./keyed-slot.ts";
import { decodeOutcome, encodeOutcome, isKept } from "./outcome.ts";

/** What the journals of all sessions of a server share. */
export interface JournalContext {
  readonly store: JournalStore;
  readonly limits: JournalLimits;
  /** The epoch of this process. */
  readonly epoch: string;
  /** Milliseconds since 1970, as far as this process goes never back. */
  nowMs(): number;
  /** A session has a key that was accepted now. */
  accepted(sessionHash: string, acceptedAtMs: number): void;
  /** The journal has failed at something. */
  failed(error: unknown): void;
}

/** The keyed calls of one session. Spec: JOURNAL. */
export class SessionJournal implements KeyedCalls {
  private readonly context: JournalContext;
  private readonly sessionHash: string;
  /** What has to be over before the store is asked. */
  private readonly before: Promise<void>;
  /** Keys that somebody waits for, that run, or whose outcome could not be written down. */
  private readonly slots = new Map<string, KeyedSlot>();
  private room: Promise<JournalRoom> | undefined = undefined;
  /** The keys whose time is up are being forgotten. */
  private sweeping: Promise<void> | undefined = undefined;
  /** The same, as soon as it is there. */
  private opened: JournalRoom | undefined = undefined;
  private phase: "open" | "ended" = "open";

  /** @param before What has to be over before the store is asked. */
  constructor(context: JournalContext, sessionHash: string, before: Promise<void>) {
    this.context = context;
    this.sessionHash = sessionHash;
    this.before = before;
  }

  /** The keys that are under way. */
  get active(): Iterable<KeyedSlot> {
    return this.slots.values();
  }

  /** How many keys are remembered, as far as the store was asked. */
  get heldKeys(): number {
    return this.opened?.size ?? 0;
  }

  ask(question: KeyedQuestion, waiter: KeyedWaiter): KeyedWait {
    const { key, request } = question;
    const requestHash = hash("sha256", request, "base64url");
    const known = this.slots.get(key);
    if (known !== undefined) return known.join(question, requestHash, waiter);
    const slot = new KeyedSlot(key);
    this.slots.set(key, slot);
    const wait = slot.join(question, requestHash, waiter);
    slot.settled = this.process(slot);
    return wait;
  }

  /** The session is over. What runs goes on; nothing is written any more. */
  end(): void {
    this.phase = "ended";
  }

  /** From the first question about a key to its answer. Never rejects. */
  private async process(slot: KeyedSlot): Promise<void> {
    const found = await this.lookUp(slot);
    if (found === "unwanted") await this.leaveOrRepeat(slot);
    else if (found !== "accepted") this.answer(slot, found);
    else if (this.mayStart(slot)) await this.run(slot);
    else await this.abandon(slot);
  }

  /** Whether somebody still wants what is about to run. */
  private mayStart(slot: KeyedSlot): boolean {
    return this.phase === "open" && !slot.isCut && !slot.isDeserted;
  }

  /** What is known about the key. `accepted`: it is new, and was written down; `unwanted`: nobody asks any more. */
  private async lookUp(slot: KeyedSlot): Promise<KeyedAnswer | "accepted" | "unwanted"> {
    try {
      const room = await this.openRoom();
      await this.sweep(room, slot);
      return (await this.recall(slot, room)) ?? (await this.accept(slot, room));
    } catch (error) {
      this.context.failed(error);
      return createUnavailableError();
    }
  }

  /** The outcome of an earlier run. Undefined where there was none. */
  private async recall(slot: KeyedSlot, room: JournalRoom): Promise<KeyedAnswer | undefined> {
    if (!room.has(slot.key)) return undefined;
    const entry = await this.context.store.find(this.sessionHash, slot.key);
    if (entry === undefined) return undefined;
    slot.decide(entry);
    if (entry.outcome !== undefined) return decodeOutcome(entry.outcome);
    return createRunCutError();
  }

  /** Writes the key down before anything runs. */
  private async accept(slot: KeyedSlot, room: JournalRoom): Promise<KeyedAnswer | "accepted" | "unwanted"> {
    const request = slot.choose();
    if (request === undefined || slot.isCut) return "unwanted";
    const acceptedAtMs = this.context.nowMs();
    const full = room.reserve(slot.key, acceptedAtMs);
    if (full !== undefined) return full;
    this.context.accepted(this.sessionHash, acceptedAtMs);
    try {
      await this.write(slot.key, request, acceptedAtMs);
    } catch (error) {
      room.release(slot.key);
      throw error;
    }
    slot.decide(request);
    return "accepted";
  }

  private write(key: string, { method, requestHash }: KeyedRequest, acceptedAtMs: number): void | Promise<void> {
    const { store, epoch } = this.context;
    const { sessionHash } = this;
    return store.accept({ sessionHash, key, method, requestHash, acceptedAtMs, epoch, outcome: undefined });
  }

  private async run(slot: KeyedSlot): Promise<void> {
    const outcome = await slot.run();
    if (outcome === undefined) return;
    if (this.phase === "ended") this.answer(slot, outcome);
    else if (isKept(outcome)) await this.complete(slot, outcome);
    else {
      await this.forget(slot.key);
      this.answer(slot, outcome);
    }
  }

  /** Keeps the outcome, then tells it: whoever has been answered once is answered the same again. */
  private async complete(slot: KeyedSlot, outcome: KeyedOutcome): Promise<void> {
    const bytes = encodeOutcome(outcome, this.context.limits.maxOutcomeBytes);
    try {
      (await this.openRoom()).fill(slot.key, bytes.length);
      await this.context.store.complete(this.sessionHash, slot.key, bytes);
      this.answer(slot, outcome);
    } catch (error) {
      this.context.failed(error);
      slot.end(outcome);
      // Whoever comes later is answered from memory, as long as there is one.
      slot.end(decodeOutcome(bytes));
    }
  }

  /** Nothing has run, and nobody wants it to. */
  private async abandon(slot: KeyedSlot): Promise<void> {
    slot.reopen();
    await this.forget(slot.key);
    await this.leaveOrRepeat(slot);
  }

  /** Nothing is written down. Whoever has come meanwhile asks anew. */
  private async leaveOrRepeat(slot: KeyedSlot): Promise<void> {
    if (this.phase === "open" && !slot.isCut && slot.isAsked) await this.process(slot);
    else this.slots.delete(slot.key);
  }

  /** Removes a key. One that stays in the store because that fails is taken for cut by the next process. */
  private async forget(key: string): Promise<void> {
    try {
      await this.context.store.delete(this.sessionHash, key);
    } catch (error) {
      this.context.failed(error);
    }
    (await this.room)?.release(key);
  }

  private answer(slot: KeyedSlot, answer: KeyedAnswer): void {
    this.slots.delete(slot.key);
    slot.end(answer);
  }

  private openRoom(): Promise<JournalRoom> {
    this.room ??= this.loadRoom().catch((error: unknown) => {
      this.room = undefined;
      throw error;
    });
    return this.room;
  }

  private async loadRoom(): Promise<JournalRoom> {
    await this.before;
    this.opened = new JournalRoom(this.context.limits, await this.context.store.list(this.sessionHash));
    return this.opened;
  }

  /** Forgets the keys whose time is up. One after the other: whoever asks for a key waits until it is gone. */
  private async sweep(room: JournalRoom, own: KeyedSlot): Promise<void> {
    while (this.sweeping !== undefined) await this.sweeping;
    const expired = room.expired(this.context.nowMs());
    if (expired.length === 0) return;
    this.sweeping = this.forgetExpired(room, expired, own).finally(() => {
      this.sweeping = undefined;
    });
    await this.sweeping;
  }

  /** A key that runs, or that somebody else asks for, is left to its own slot. */
  private async forgetExpired(room: JournalRoom, expired: readonly string[], own: KeyedSlot): Promise<void> {
    for (const key of expired) {
      const slot = this.slots.get(key);
      if (slot !== undefined && slot !== own && !slot.isOver) continue;
      await this.context.store.delete(this.sessionHash, key);
      room.release(key);
      if (slot?.isOver === true) this.slots.delete(key);
    }
  }
}
