import type { StoredMirror } from "../storage/mirror-storage.ts";
import type { MirrorHost, MirrorMetrics, MirrorOwner, StopOptions } from "./mirror-host.ts";
import { type KeptWork, MirrorKeeper } from "./mirror-keeper.ts";
import { createCorruptError } from "./storage-errors.ts";
import { SyncDriver, type SyncWork } from "./sync-driver.ts";

/** What is different from one kind of mirror to the other. */
export interface MirrorWork<Piece, T> extends Omit<SyncWork<Piece>, "forgetStored">, KeptWork<T> {
  /** What it is kept under in a storage, after prefix, daemon and session. */
  readonly storageKey: string;
  /** Shows what a storage had. @throws Error where it cannot be read; nothing has changed then. */
  restore(stored: StoredMirror): void;
}

/** `restoring` is an object of its own each time, so that an answer of an earlier one is known. */
type LifePhase = { readonly name: "stopped" | "restoring" | "running" };

/** The beginning and the end of a mirror: what is in a storage first, then the daemon. Spec: MIRROR-1, MIRROR-12. */
export class MirrorLife<Piece, T> implements MirrorOwner {
  /** Follows the daemon. */
  readonly driver: SyncDriver<Piece>;
  private readonly host: MirrorHost;
  private readonly work: MirrorWork<Piece, T>;
  private phase: LifePhase = { name: "stopped" };
  private present: MirrorKeeper<T> | undefined = undefined;
  /** The key of what was followed last. Empty: nothing is known of it. */
  private followed = "";

  constructor(host: MirrorHost, work: MirrorWork<Piece, T>) {
    this.host = host;
    this.work = work;
    this.driver = new SyncDriver(host, {
      subject: work.subject,
      watch: (cursor, diverged, signal) => work.watch(cursor, diverged, signal),
      take: (piece) => work.take(piece),
      cut: () => work.cut(),
      dropData: () => work.dropData(),
      forgetStored: () => this.present?.forget(),
    });
  }

  get metrics(): MirrorMetrics {
    return this.driver.metrics;
  }

  /** Keeps what is shown. Undefined: it is kept nowhere. */
  get keeper(): MirrorKeeper<T> | undefined {
    return this.present;
  }

  /** Whether it follows the daemon: it was started, and what a storage had is shown. */
  get isRunning(): boolean {
    return this.phase.name === "running";
  }

  start(): void {
    if (this.phase.name !== "stopped") return;
    this.present = this.openKeeper();
    const isFirst = this.driver.state.state.case === "idle";
    if (isFirst && this.present !== undefined) void this.restore(this.present);
    else this.run();
  }

  async stop({ reset = false }: StopOptions = {}): Promise<void> {
    const keeper = this.present ?? (reset ? this.openKeeper() : undefined);
    this.phase = { name: "stopped" };
    if (reset) {
      this.driver.reset();
      this.followed = "";
      keeper?.forget();
    }
    this.driver.halt();
    // It stays at hand: what it still saves may have to be forgotten.
    this.present = keeper;
    await keeper?.close();
  }

  /** Saves what is shown, as far as it may be. */
  save(): void {
    this.present?.hurry();
  }

  /** Syncs again now, from the cursor. Does nothing before the start and after the end. */
  refresh(): void {
    if (this.phase.name === "running") this.driver.begin();
  }

  /** Something else is followed from now on, and kept under another key. */
  rekey(): void {
    if (this.phase.name === "stopped") return;
    void this.present?.close();
    this.present = this.openKeeper();
    if (this.phase.name === "running") this.run();
    else if (this.present !== undefined) void this.restore(this.present);
  }

  private async restore(keeper: MirrorKeeper<T>): Promise<void> {
    const phase: LifePhase = { name: "restoring" };
    this.phase = phase;
    const stored = await keeper.load();
    if (this.phase !== phase) return;
    const isShown = stored !== undefined && this.show(stored, keeper);
    // Whoever was told of the data may have asked for something else.
    if (this.phase !== phase) return;
    if (isShown) this.run(stored.cursor);
    else this.run();
  }

  /** @returns false where it cannot be read. */
  private show(stored: StoredMirror, keeper: MirrorKeeper<T>): boolean {
    try {
      this.work.restore(stored);
      return true;
    } catch (thrown) {
      keeper.refuse(createCorruptError(this.host.storage?.name ?? "", thrown));
      return false;
    }
  }

  /** @param restored The cursor of what a storage had, and is shown. */
  private run(restored?: Uint8Array): void {
    const { storageKey } = this.work;
    const isOther = this.followed !== "" && this.followed !== storageKey;
    this.phase = { name: "running" };
    this.followed = storageKey;
    if (restored !== undefined) this.driver.restored(restored);
    else if (isOther) this.driver.changedFilter();
    else this.driver.begin();
  }

  private openKeeper(): MirrorKeeper<T> | undefined {
    const { storage, keyPrefix = "" } = this.host;
    const { serverId, sessionRef } = this.host.peer();
    // What belongs to nobody could be shown to anybody.
    if (storage === undefined || serverId === "" || sessionRef === "") return undefined;
    const key = `${keyPrefix}${serverId}/${sessionRef}/${this.work.storageKey}`;
    return new MirrorKeeper(this.host, storage, key, this.work);
  }
}
