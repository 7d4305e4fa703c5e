import type {
  MirrorSave,
  MirrorStorage,
  StoredEntry,
  StoredMirror,
} from "../../../src/runtime/storage/mirror-storage.ts";
import type { SimulatedRandom } from "../../../src/testing/simulated-random.ts";
import type { Judge } from "../session/judge.ts";
import type { Process } from "../session/process.ts";

/** What a disk does: answers at once; late; later than anybody waits; throws; has no room; or never answers. */
export type DiskMood = "well" | "late" | "slow" | "throwing" | "full" | "silent";

/** What is kept of a mirror. Never changed: a save makes another one. */
export interface DiskState {
  readonly cursor: Uint8Array;
  readonly entries: ReadonlyMap<string, StoredEntry>;
  /** `damaged`: not as somebody has saved it. */
  readonly health: "whole" | "damaged";
}

/** One program that uses the disk. */
export interface DiskUser {
  readonly process: Process;
  /** It asks what there is under a key. @returns What to call when it is given something. */
  asks(key: string): (state: DiskState) => void;
  /** Something was done to it that it has to tell as an error: at least once, and no oftener than it was done. */
  wronged(): void;
}

/** Hears of every state that is kept. @param entries What of it is new. */
export type KeptListener = (key: string, state: DiskState, upserted: readonly StoredEntry[], user: DiskUser) => void;

const LATE_MS = 1_500;
const SLOW_MS = 6_000;
/** A load that takes longer counts for none. Spec: MIRROR-10. */
const PATIENCE_MS = 2_000;
const MAX_PAST = 6;
/** Saves and loads that count for nothing. */
const NEVER = new Promise<never>(() => {});

/** Where the mirrors of all programs of a machine are kept. Outlives them; what one has not written when it dies is never written. */
export class MirrorDisk {
  /** What it does now. */
  mood: DiskMood;
  /** What it does where nobody hinders it. */
  private usual: "well" | "late";
  private readonly judge: Judge;
  private readonly random: SimulatedRandom;
  private readonly onKept: KeptListener;
  private readonly states = new Map<string, DiskState>();
  /** What was kept before, the oldest first. */
  private readonly past = new Map<string, DiskState[]>();

  constructor(judge: Judge, random: SimulatedRandom, onKept: KeptListener) {
    this.judge = judge;
    this.random = random;
    this.onKept = onKept;
    this.usual = random.chance(0.3) ? "late" : "well";
    this.mood = this.usual;
  }

  /** Nobody hinders it any more. */
  recover(): void {
    this.mood = this.usual;
  }

  /** It answers at once from now on. */
  heal(): void {
    this.usual = "well";
    this.mood = "well";
  }

  /** The keys that something is kept under. */
  get keys(): readonly string[] {
    return [...this.states.keys()];
  }

  /** The storage as one program has it. */
  open(user: DiskUser): MirrorStorage {
    return {
      name: "the disk",
      load: (key) => this.load(user, key),
      save: (key, save) => this.perform(user, "save", () => this.save(user, key, save), same),
      delete: (key) => this.perform(user, "delete", () => void this.states.delete(key), same),
      list: () => this.perform(user, "list", () => this.keys, same),
    };
  }

  /** A backup is played back: what is kept of some mirror is what was kept before, cursor and data. */
  rollBack(): void {
    const keys = this.keys.filter((key) => (this.past.get(key)?.length ?? 0) > 0);
    if (keys.length === 0) return;
    const key = this.random.pick(keys);
    const state = this.random.pick(this.past.get(key) ?? []);
    this.judge.facts.count("mirrors rolled back");
    this.states.set(key, state);
  }

  /** Something of some mirror cannot be read any more. */
  damage(): void {
    const { keys, random } = this;
    const state = keys.length === 0 ? undefined : this.states.get(random.pick(keys));
    const key = keys.find((one) => this.states.get(one) === state);
    if (state === undefined || key === undefined) return;
    this.judge.facts.count("mirrors damaged");
    this.states.set(key, damaged(state, random));
  }

  private load(user: DiskUser, key: string): Promise<StoredMirror | undefined> {
    const given = user.asks(key);
    const give = (state: DiskState | undefined): StoredMirror | undefined => {
      if (state === undefined) return undefined;
      given(state);
      return { cursor: state.cursor, entries: [...state.entries.values()] };
    };
    return this.perform(user, "load", () => this.states.get(key), give);
  }

  private save(user: DiskUser, key: string, save: MirrorSave): boolean {
    const kept = this.states.get(key);
    const { facts } = this.judge;
    if (!save.fits(kept?.cursor)) {
      facts.count("saves forestalled");
      return false;
    }
    const entries = new Map(save.isWhole ? [] : kept?.entries);
    for (const entry of save.upserted) entries.set(entry.id, { ...entry, bytes: entry.bytes.slice() });
    for (const id of save.removed) entries.delete(id);
    const health = save.isWhole ? "whole" : (kept?.health ?? "whole");
    const state: DiskState = { cursor: save.cursor.slice(), entries, health };
    if (kept?.health === "whole") this.past.set(key, [...(this.past.get(key) ?? []), kept].slice(-MAX_PAST));
    this.states.delete(key);
    this.states.set(key, state);
    facts.count(save.isWhole ? "whole saves" : "saves of changes");
    this.onKept(key, state, save.upserted, user);
    return true;
  }

  /** What is thrown is thrown at once, or comes as a rejection. */
  private perform<T, R>(user: DiskUser, what: string, work: () => T, answer: (done: T) => R): Promise<R> {
    const { mood, random } = this;
    const { facts } = this.judge;
    if (!user.process.isAlive) return NEVER;
    facts.count(`disk ${mood}: ${what}`);
    if (mood === "throwing" || mood === "full") {
      user.wronged();
      const error = failure(mood);
      if (random.chance(0.5)) throw error;
      return Promise.reject(error);
    }
    if (mood === "silent") {
      user.wronged();
      return NEVER;
    }
    const waitMs = mood === "late" ? random.int(LATE_MS) : mood === "slow" ? random.int(SLOW_MS) : 0;
    if (what === "load" && waitMs >= PATIENCE_MS) user.wronged();
    return performLate(user, waitMs, work).then(answer);
  }
}

/** What is done may be known later, or, where the program ends meanwhile, never. */
async function performLate<T>({ process }: DiskUser, waitMs: number, work: () => T): Promise<T> {
  if (waitMs > 0) await process.pause(waitMs / 2);
  const done = work();
  if (waitMs > 0) await process.pause(waitMs / 2);
  return done;
}

function same<T>(done: T): T {
  return done;
}

function failure(mood: "throwing" | "full"): Error {
  const error = new Error("the disk does not want to");
  if (mood === "full") error.name = "QuotaExceededError";
  return error;
}

/** A state of which something cannot be read: its cursor, an entry, or what an entry is of. */
function damaged({ cursor, entries }: DiskState, random: SimulatedRandom): DiskState {
  const garbage = Uint8Array.of(0xff, 0xff);
  const ids = [...entries.keys()];
  const broken = new Map(entries);
  const id = ids.length === 0 ? undefined : random.pick(ids);
  const entry = id === undefined ? undefined : entries.get(id);
  const kind = entry === undefined ? "cursor" : random.pick(["cursor", "bytes", "id"] as const);
  if (entry !== undefined && kind === "bytes") broken.set(entry.id, { ...entry, bytes: garbage });
  if (entry !== undefined && kind === "id") broken.set(entry.id, { ...entry, id: "another" });
  return { cursor: kind === "cursor" ? garbage : cursor, entries: broken, health: "damaged" };
}
