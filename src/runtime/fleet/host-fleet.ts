import type { FleetStatus, HostStatus } from "../../../gen/moorline/state/v1/fleet_pb.ts";
import type { HostProfile } from "../../../gen/moorline/state/v1/host_profile_pb.ts";
import type { SetAsideReason } from "../../../gen/moorline/state/v1/reason_pb.ts";
import type { Clock } from "../../core/clock.ts";
import type { MoorlineError } from "../../wire/moorline-error.ts";
import type { HostRuntime, HostRuntimeOptions } from "../host-runtime.ts";
import type { ListSource } from "../list-source.ts";
import type { HostRegistry } from "../registry/host-registry.ts";
import type { Source } from "../source.ts";
import type { FleetAgent } from "./fleet-agent.ts";
import type { FleetOrder } from "./fleet-order.ts";

/** How a {@link HostFleet} is made. */
export interface HostFleetOptions {
  /** Where the hosts are kept. */
  readonly registry: HostRegistry;
  /** Everything but the profile that the runtime of a host is made from. */
  readonly createOptions: (profile: HostProfile) => Omit<HostRuntimeOptions, "profile">;
  /** Makes the runtime of a host. Default: createHostRuntime. For tests, and for hosts that an app wraps. */
  readonly createRuntime?: (options: HostRuntimeOptions) => HostRuntime;
  /** Time, for the registry. Default: the system's. */
  readonly clock?: Clock;
  /** Hears what listeners have thrown. Default: nobody does. */
  readonly onError?: (error: unknown) => void;
}

/** One host of a fleet. The same object until something of it changes. */
export interface FleetHost {
  /** The daemon. */
  readonly serverId: string;
  /** What people call it. May be empty. */
  readonly label: string;
  /** Where it may be found. */
  readonly profile: HostProfile;
  /** Its runtime: the same one as long as the host is in the fleet. */
  readonly runtime: HostRuntime;
  /** How it is, in one word. */
  readonly status: HostStatus;
}

/** A candidate that is not tried, as its host says. */
export interface SetAsideCandidate {
  /** The host. */
  readonly serverId: string;
  /** The candidate. */
  readonly candidateId: string;
  /** Why: another daemon answers there, for example. */
  readonly reason: SetAsideReason;
}

/** What a fleet shows. The same object until something changes; so are its parts. */
export interface FleetSnapshot {
  /** How all hosts are, in one word. */
  readonly status: FleetStatus;
  /** The hosts, in the order in which they were added. */
  readonly hosts: readonly FleetHost[];
  /** Candidates of all hosts that are not tried. */
  readonly setAside: readonly SetAsideCandidate[];
  /** What was wrong at the start: what the registry could not read, and hosts that no runtime could be made for. */
  readonly faults: readonly MoorlineError[];
}

/**
 * Many hosts at once: what an app holds that knows more than one daemon. A host is its server id, whatever addresses it
 * has. The fleet makes, starts and stops the runtimes and sends them intents; connecting and fetching is theirs. Spec: FLEET.
 */
export interface HostFleet extends Source<FleetSnapshot> {
  /**
   * Reads the registry, and starts all hosts. Does nothing where that was done, or is being done.
   * @returns Rejects with what the registry says (then it may be tried again), and DISPOSED where the fleet is stopped.
   */
  start(): Promise<void>;
  /**
   * Stops all hosts, for good. The registry stays as it is.
   * @returns Resolves when every host has saved what it shows, as HostRuntime.stop does. Never rejects.
   */
  stop(): Promise<void>;
  /**
   * Adds a host and keeps it in the registry; where its daemon is there already, adds the addresses to that host. Before
   * `start` it is not started yet.
   * @returns Its runtime. Rejects, and has changed nothing, with SERVER_ID_MALFORMED, with OPTION_INVALID where there would
   *   be more than 64 hosts or more than 8 candidates, with what the registry says, and DISPOSED where the fleet was stopped before.
   *   Where it is stopped meanwhile, the host is kept, and its runtime is stopped.
   */
  add(profile: HostProfile): Promise<HostRuntime>;
  /**
   * Takes a host out of the registry, stops it whatever it does, and deletes what is kept of its mirrors, also where it was
   * not started here. Does nothing where there is no such host.
   * @returns Rejects with what the registry says, and has changed nothing then; with STORAGE_FAILED where mirrors could
   *   not be deleted, with what `createOptions` throws where it does not say where they are, the host being forgotten all the
   *   same; and DISPOSED where the fleet was stopped before.
   */
  forget(serverId: string): Promise<void>;
  /** The runtime of a host. Undefined where there is no such host. */
  host(serverId: string): HostRuntime | undefined;
  /** The agents of all hosts, the one that has changed last first unless another order is set. */
  readonly agents: ListSource<FleetAgent>;
  /** Sorts the agents otherwise. @throws MoorlineError OPTION_INVALID for a field that there is not. */
  setOrder(order: FleetOrder): void;
  /** Has every host try now where it has no connection. */
  retry(): void;
  /** Has every host look at everything anew. */
  refresh(): void;
}
