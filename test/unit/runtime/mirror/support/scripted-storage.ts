import {
  createMemoryMirrorStorage,
  type MirrorSave,
  type MirrorStorage,
  type StoredMirror,
} from "../../../../../src/runtime/storage/mirror-storage.ts";

/** What a storage does wrong: rejects, throws at once, or never answers. */
export type StorageFault = { readonly rejects: unknown } | { readonly throws: unknown } | "hangs" | undefined;

/** A storage in memory that notes what it is asked for, and does things wrong where it is told to. */
export class ScriptedStorage implements MirrorStorage {
  readonly name = "a scripted storage";
  readonly saves: MirrorSave[] = [];
  readonly calls: string[] = [];
  /** By the name of the method. */
  readonly faults: { load?: StorageFault; save?: StorageFault; delete?: StorageFault; list?: StorageFault } = {};
  readonly inner = createMemoryMirrorStorage();
  /** Each save waits for it. */
  gate: Promise<void> = Promise.resolve();

  load(key: string): Promise<StoredMirror | undefined> {
    return this.run("load", key, () => this.inner.load(key));
  }

  save(key: string, save: MirrorSave): Promise<boolean> {
    this.saves.push(save);
    return this.run("save", key, async () => {
      await this.gate;
      return this.inner.save(key, save);
    });
  }

  delete(key: string): Promise<void> {
    return this.run("delete", key, () => this.inner.delete(key));
  }

  list(): Promise<readonly string[]> {
    return this.run("list", "", () => this.inner.list());
  }

  private run<T>(name: keyof ScriptedStorage["faults"], key: string, work: () => Promise<T>): Promise<T> {
    this.calls.push(`${name} ${key}`.trim());
    const fault = this.faults[name];
    if (fault === undefined) return work();
    if (fault === "hangs") return new Promise(() => {});
    if ("throws" in fault) throw fault.throws;
    return Promise.reject(fault.rejects);
  }
}
