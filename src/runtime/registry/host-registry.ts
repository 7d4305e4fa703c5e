import type { HostProfile } from "../../../gen/moorline/state/v1/host_profile_pb.ts";
import type { MoorlineError } from "../../wire/moorline-error.ts";

/** The most hosts of a registry, and of a fleet. Spec: REGISTRY-5. */
export const MAX_HOSTS = 64;

/** What a registry has. */
export interface RegistryContents {
  /** The profiles that can be read, in the order in which they were added. */
  readonly profiles: readonly HostProfile[];
  /** What cannot be read: REGISTRY_CORRUPT for each damaged profile, or once for all where nothing can be read. */
  readonly faults: readonly MoorlineError[];
}

/**
 * Where an app keeps the hosts that it knows. Implementations: memory, `localStorage` under a Web Lock, a file (by
 * `moorline/node`), and any other place by createHostRegistry. It has no secret in it. Profiles come back as they were given, with everything in them that a newer
 * version has written. What is damaged is never overwritten before it is kept beside. Spec: REGISTRY.
 *
 * Everything rejects with a MoorlineError: STORAGE_FAILED where the storage cannot be read or written, STORAGE_FULL where
 * it has no room, REGISTRY_NEWER where a newer version has written it in a way that this one cannot read; nothing has
 * changed then.
 */
export interface HostRegistry {
  /** Where it is, for error messages; for example `localStorage`, or the path of a file. */
  readonly name: string;
  /** Reads it. */
  load(): Promise<RegistryContents>;
  /**
   * Reads it, lets `change` say what it is to have instead, and writes that: alone, as far as the storage can see to it, so
   * that two tabs lose nothing of each other's.
   * @param change Is given the profiles that can be read. What it throws comes out, and nothing has changed.
   * @returns What the registry has now. Rejects with OPTION_INVALID where that would be more than 64 hosts.
   */
  update(change: (profiles: readonly HostProfile[]) => readonly HostProfile[]): Promise<readonly HostProfile[]>;
}
