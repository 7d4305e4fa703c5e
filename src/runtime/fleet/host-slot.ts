import { toBinary } from "@bufbuild/protobuf";
import { type HostProfile, HostProfileSchema } from "../../../gen/moorline/state/v1/host_profile_pb.ts";
import { MoorlineError } from "../../wire/moorline-error.ts";
import { createHostRuntime } from "../create-host-runtime.ts";
import type { HostRuntime } from "../host-runtime.ts";
import { candidatesOf, type HasHost } from "../selectors.ts";
import { areSameBytes } from "../storage/mirror-storage.ts";
import { hostStatusOf } from "./fleet-status.ts";
import { createForgettableStorage, deleteAll, type ForgettableStorage } from "./forgettable-storage.ts";
import type { FleetHost, HostFleetOptions, SetAsideCandidate } from "./host-fleet.ts";

/** What a fleet shows of one of its hosts. */
export interface ShownHost {
  /** The host itself. */
  readonly host: FleetHost;
  /** Its candidates that are not tried. */
  readonly setAside: readonly SetAsideCandidate[];
}

/** The place of one host in a fleet: its runtime, its profile, its storage. */
export class HostSlot {
  /** The daemon. */
  readonly serverId: string;
  /** Its runtime. */
  readonly runtime: HostRuntime;
  readonly #mirrors: ForgettableStorage | undefined;
  readonly #changed: () => void;
  readonly #unsubscribe: () => void;
  #shown: ShownHost;

  /**
   * @param vacated Resolves when what was kept of the host before is deleted. Undefined: nothing is being deleted.
   * @param changed Is called when something is to be shown otherwise.
   * @throws What the runtime cannot be made for.
   */
  constructor(
    profile: HostProfile,
    { createOptions, createRuntime = createHostRuntime }: HostFleetOptions,
    vacated: Promise<unknown> | undefined,
    changed: () => void,
  ) {
    const { mirrorStorage, ...options } = createOptions(profile);
    this.serverId = profile.serverId;
    this.#mirrors = mirrorStorage && createForgettableStorage(mirrorStorage, profile.serverId, vacated);
    const mirrors = this.#mirrors === undefined ? {} : { mirrorStorage: this.#mirrors.storage };
    this.runtime = createRuntime({ ...options, ...mirrors, profile });
    this.#changed = changed;
    this.#shown = { host: this.#describe(profile), setAside: this.#listSetAside([]) };
    this.#unsubscribe = this.runtime.subscribe(() => this.#look(this.profile));
  }

  /** Where the host may be found. */
  get profile(): HostProfile {
    return this.#shown.host.profile;
  }

  /** What is shown of it. The same object, with the same parts, until something changes. */
  get shown(): ShownHost {
    return this.#shown;
  }

  /** The host may be found elsewhere from now on. */
  setProfile(profile: HostProfile): void {
    if (isSameProfile(profile, this.profile)) return;
    this.#look(profile);
    this.runtime.setProfile(profile);
  }

  /** Stops the host for good. Nothing is told any more. */
  dispose(): void {
    this.#unsubscribe();
    this.runtime.stop();
  }

  /** Deletes what is kept of its mirrors. @throws MoorlineError (as a rejection) STORAGE_FAILED. */
  async forgetMirrors(): Promise<void> {
    await this.#mirrors?.forget();
  }

  #look(profile: HostProfile): void {
    const { host, setAside } = this.#shown;
    const isSame = host.profile === profile && host.status === hostStatusOf(this.runtime.getSnapshot());
    const next = { host: isSame ? host : this.#describe(profile), setAside: this.#listSetAside(setAside) };
    if (isSame && next.setAside === setAside) return;
    this.#shown = next;
    this.#changed();
  }

  #describe(profile: HostProfile): FleetHost {
    const { serverId, runtime } = this;
    return { serverId, label: profile.label, profile, runtime, status: hostStatusOf(runtime.getSnapshot()) };
  }

  #listSetAside(before: readonly SetAsideCandidate[]): readonly SetAsideCandidate[] {
    const snapshot: HasHost = this.runtime.getSnapshot();
    const now = candidatesOf(snapshot).flatMap(({ candidateId, setAside }) =>
      setAside === undefined ? [] : [{ serverId: this.serverId, candidateId, reason: setAside.reason }],
    );
    const isSame = (one: SetAsideCandidate, i: number): boolean =>
      one.candidateId === before[i]?.candidateId && one.reason === before[i]?.reason;
    return now.length === before.length && now.every(isSame) ? before : now;
  }
}

/** Deletes what is kept of the mirrors of a host that has no slot. @throws MoorlineError (as a rejection). */
export async function forgetMirrorsOf(profile: HostProfile, { createOptions }: HostFleetOptions): Promise<void> {
  try {
    const { mirrorStorage } = createOptions(profile);
    if (mirrorStorage !== undefined) await deleteAll(mirrorStorage, profile.serverId);
  } catch (error) {
    throw MoorlineError.from(error);
  }
}

/** Whatever a newer version has put into them counts too. */
function isSameProfile(one: HostProfile, other: HostProfile): boolean {
  return areSameBytes(toBinary(HostProfileSchema, one), toBinary(HostProfileSchema, other));
}
