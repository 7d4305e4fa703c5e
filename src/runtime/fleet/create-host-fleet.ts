import type { HostProfile } from "../../../gen/moorline/state/v1/host_profile_pb.ts";
import { systemClock } from "../../transport/system-clock.ts";
import { checkFunction, checkMethods, checkObject } from "../../wire/check-given.ts";
import { MoorlineError } from "../../wire/moorline-error.ts";
import { checkProfile } from "../host/profile.ts";
import type { HostRuntime } from "../host-runtime.ts";
import { createTurns } from "../registry/create-turns.ts";
import { MAX_HOSTS } from "../registry/host-registry.ts";
import { Listeners } from "../source.ts";
import { AskedRegistry } from "./asked-registry.ts";
import { FleetAgents } from "./fleet-agents.ts";
import type { FleetOrder } from "./fleet-order.ts";
import type { FleetSnapshot, HostFleet, HostFleetOptions } from "./host-fleet.ts";
import { forgetMirrorsOf, HostSlot } from "./host-slot.ts";
import { LeavingHosts } from "./leaving-hosts.ts";
import { addProfile } from "./merge-profiles.ts";
import { createSnapshotKeeper } from "./show-fleet.ts";

/**
 * Makes a fleet, with no host in it before it is started. Spec: FLEET.
 * @throws MoorlineError OPTION_INVALID where an option has another form.
 */
export function createHostFleet(options: HostFleetOptions): HostFleet {
  checkObject("options", options);
  checkMethods("registry", options.registry, ["load", "update"]);
  checkFunction("createOptions", options.createOptions);
  if (options.createRuntime !== undefined) checkFunction("createRuntime", options.createRuntime);
  if (options.onError !== undefined) checkFunction("onError", options.onError);
  return new Fleet(options);
}

type FleetPhase = "idle" | "loading" | "running" | "stopped";

class Fleet implements HostFleet {
  readonly agents: FleetAgents;
  readonly #options: HostFleetOptions;
  readonly #registry: AskedRegistry;
  readonly #listeners: Listeners;
  readonly #slots = new Map<string, HostSlot>();
  readonly #leaving = new LeavingHosts();
  /** What changes the registry and the hosts is done one after the other. */
  readonly #turns = createTurns();
  readonly #show = createSnapshotKeeper();
  #faults: readonly MoorlineError[] = [];
  #phase: FleetPhase = "idle";
  #starting: Promise<void> | undefined = undefined;
  #stopping: Promise<unknown> | undefined = undefined;

  constructor(options: HostFleetOptions) {
    const failed = (error: unknown): void => options.onError?.(error);
    this.#options = options;
    this.#registry = new AskedRegistry(options.registry, options.clock ?? systemClock);
    this.#listeners = new Listeners(failed);
    this.agents = new FleetAgents(failed);
  }

  readonly getSnapshot = (): FleetSnapshot =>
    this.#show(
      [...this.#slots.values()].map(({ shown }) => shown),
      this.#faults,
    );

  readonly subscribe = (listener: () => void): (() => void) => this.#listeners.add(listener);

  start(): Promise<void> {
    if (this.#phase === "stopped") return Promise.reject(stopped());
    this.#starting ??= this.#turns(() => this.#load()).catch((error: unknown) => {
      this.#starting = undefined;
      throw error;
    });
    return this.#starting;
  }

  stop(): Promise<void> {
    this.#phase = "stopped";
    this.#stopping ??= Promise.all([...this.#slots.values()].map(({ runtime }) => runtime.stop()));
    return this.#stopping.then(() => undefined);
  }

  add(profile: HostProfile): Promise<HostRuntime> {
    return this.#turns(async () => {
      this.#checkOpen();
      const serverId = checkProfile(profile);
      const known = this.#slots.get(serverId);
      // A host that no runtime can be made for is not kept.
      const slot = known ?? this.#createSlot(addProfile([], profile)[0] as HostProfile);
      try {
        const profiles = await this.#registry.update((before) => addProfile(before, profile));
        slot.setProfile(profiles.find((kept) => kept.serverId === serverId) ?? profile);
      } catch (error) {
        if (known === undefined) slot.dispose();
        throw error;
      }
      if (known === undefined) this.#place(slot);
      return slot.runtime;
    });
  }

  async forget(serverId: string): Promise<void> {
    const { forgetting } = await this.#turns(() => this.#remove(serverId));
    // Not in the turn: a storage that does not answer holds up no other host.
    await forgetting;
  }

  host(serverId: string): HostRuntime | undefined {
    return this.#slots.get(serverId)?.runtime;
  }

  setOrder(order: FleetOrder): void {
    this.agents.setOrder(order);
  }

  retry(): void {
    for (const { runtime } of this.#slots.values()) runtime.retry();
  }

  refresh(): void {
    for (const { runtime } of this.#slots.values()) runtime.refresh();
  }

  /** @returns What resolves when nothing is kept of the mirrors any more. */
  async #remove(serverId: string): Promise<{ readonly forgetting: Promise<void> }> {
    this.#checkOpen();
    let kept: HostProfile | undefined;
    await this.#registry.update((profiles) => {
      kept = profiles.find((profile) => profile.serverId === serverId);
      return profiles.filter((profile) => profile.serverId !== serverId);
    });
    const slot = this.#slots.get(serverId);
    if (slot !== undefined) this.#end(slot);
    return { forgetting: this.#leaving.forget(serverId, this.#forgetterOf(slot, kept)) };
  }

  /** @param kept What the registry had, which another tab may have added, or nobody has started yet. */
  #forgetterOf(slot: HostSlot | undefined, kept: HostProfile | undefined): (() => Promise<void>) | undefined {
    if (slot !== undefined) return () => slot.forgetMirrors();
    return kept && (() => forgetMirrorsOf(kept, this.#options));
  }

  #end(slot: HostSlot): void {
    const { serverId } = slot;
    this.#slots.delete(serverId);
    slot.dispose();
    this.agents.remove(serverId);
    this.#listeners.notify();
  }

  async #load(): Promise<void> {
    this.#checkOpen();
    this.#phase = "loading";
    try {
      const { profiles, faults } = await this.#registry.load();
      this.#checkOpen();
      this.#phase = "running";
      this.#faults = faults;
      for (const { runtime } of this.#slots.values()) runtime.start();
      for (const profile of profiles) this.#guard(() => this.#take(profile));
      this.#sort(profiles);
      this.#listeners.notify();
    } catch (error) {
      if (this.#phase === "loading") this.#phase = "idle";
      throw error;
    }
  }

  /** A profile of the registry. Two of one daemon, from an older version, are one host. */
  #take(profile: HostProfile): void {
    const known = this.#slots.get(profile.serverId);
    if (known !== undefined) known.setProfile(addProfile([known.profile], profile)[0] as HostProfile);
    else this.#place(this.#createSlot(profile));
  }

  /** What was added before the registry was read stands where that has it. */
  #sort(profiles: readonly HostProfile[]): void {
    const slots = new Map(this.#slots);
    this.#slots.clear();
    for (const serverId of [...profiles.map((profile) => profile.serverId), ...slots.keys()]) {
      const slot = slots.get(serverId);
      if (slot !== undefined) this.#slots.set(serverId, slot);
    }
  }

  #createSlot(profile: HostProfile): HostSlot {
    if (this.#slots.size >= MAX_HOSTS) {
      throw new MoorlineError("OPTION_INVALID", `There are ${MAX_HOSTS} hosts already.`, {
        action: "Forget a host first.",
      });
    }
    try {
      const vacated = this.#leaving.vacated(profile.serverId);
      return new HostSlot(profile, this.#options, vacated, () => this.#listeners.notify());
    } catch (error) {
      throw MoorlineError.from(error);
    }
  }

  #place(slot: HostSlot): void {
    this.#slots.set(slot.serverId, slot);
    this.agents.add(slot.serverId, slot.runtime.agents.agents);
    if (this.#phase === "running") slot.runtime.start();
    // It is kept all the same, as if it had been added just before.
    if (this.#phase === "stopped") slot.runtime.stop();
    this.#listeners.notify();
  }

  /** One host that cannot be made does not keep the others from starting. */
  #guard(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#faults = [...this.#faults, MoorlineError.from(error)];
    }
  }

  #checkOpen(): void {
    if (this.#phase === "stopped") throw stopped();
  }
}

function stopped(): MoorlineError {
  return new MoorlineError("DISPOSED", "The fleet is stopped.", {
    action: "Make another fleet: a stopped one stays so.",
  });
}
