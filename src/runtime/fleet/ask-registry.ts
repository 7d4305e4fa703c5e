import type { HostProfile } from "../../../gen/moorline/state/v1/host_profile_pb.ts";
import { MoorlineError } from "../../wire/moorline-error.ts";
import type { HostRegistry, RegistryContents } from "../registry/host-registry.ts";

/** Asks a registry, which may be an app's own. @returns Rejects with a MoorlineError, whatever the registry throws. Spec: FLEET-1. */
export function askRegistry(registry: HostRegistry, what: "load"): Promise<RegistryContents>;
export function askRegistry(
  registry: HostRegistry,
  what: "update",
  change: (profiles: readonly HostProfile[]) => readonly HostProfile[],
): Promise<readonly HostProfile[]>;
export async function askRegistry(
  registry: HostRegistry,
  what: "load" | "update",
  change: (profiles: readonly HostProfile[]) => readonly HostProfile[] = (profiles) => profiles,
): Promise<RegistryContents | readonly HostProfile[]> {
  try {
    if (what === "load") return checkContents(await registry.load());
    return checkProfiles(await registry.update(change));
  } catch (cause) {
    if (cause instanceof MoorlineError) throw cause;
    throw new MoorlineError("STORAGE_FAILED", `The registry of hosts (${registry.name}) has failed.`, { cause });
  }
}

function checkContents(contents: RegistryContents): RegistryContents {
  checkProfiles(contents.profiles);
  if (!Array.isArray(contents.faults)) throw new TypeError("the registry has given no faults");
  return contents;
}

function checkProfiles(profiles: readonly HostProfile[]): readonly HostProfile[] {
  if (!Array.isArray(profiles)) throw new TypeError("the registry has given no profiles");
  return profiles;
}
