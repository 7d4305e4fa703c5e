import { create, type MessageInitShape } from "@bufbuild/protobuf";
import type { HostState } from "../../../gen/moorline/machine/v1/host_moorline.ts";
import { HostStateSchema } from "../../../gen/moorline/machine/v1/host_pb.ts";
import type { SyncState } from "../../../gen/moorline/machine/v1/sync_moorline.ts";
import { SyncStateSchema } from "../../../gen/moorline/machine/v1/sync_pb.ts";
import type { Source } from "../../../src/runtime/source.ts";

/** A source whose value a test sets. */
export class ManualSource<T> implements Source<T> {
  readonly #listeners = new Set<{ readonly listener: () => void }>();
  #value: T;

  constructor(value: T) {
    this.#value = value;
  }

  /** How many listen. */
  get listeners(): number {
    return this.#listeners.size;
  }

  readonly getSnapshot = (): T => this.#value;

  readonly subscribe = (listener: () => void): (() => void) => {
    const entry = { listener };
    this.#listeners.add(entry);
    return () => this.#listeners.delete(entry);
  };

  set(value: T): void {
    this.#value = value;
    for (const { listener } of [...this.#listeners]) listener();
  }
}

type SyncCase = Exclude<NonNullable<SyncState["state"]["case"]>, undefined>;
type HostCase = Exclude<NonNullable<HostState["state"]["case"]>, undefined>;

/** A mirror in a state, in which nothing but the generation counts. */
export function syncIn(name: SyncCase, generation = 1): SyncState {
  const state = { case: name, value: { generation } } as MessageInitShape<typeof SyncStateSchema>["state"];
  return create(SyncStateSchema, state === undefined ? {} : { state });
}

/** A host in a state, of which nothing else counts. */
export function hostIn(name: HostCase): HostState {
  const state = { case: name, value: {} } as MessageInitShape<typeof HostStateSchema>["state"];
  return create(HostStateSchema, state === undefined ? {} : { state });
}
