import type { CreationEntry } from "../runtime/creation/optimistic-creations.ts";
import { NO_CREATIONS } from "../runtime/initial-snapshots.ts";
import { useHost, whole } from "./use-host.ts";
import { useSource } from "./use-source.ts";

/**
 * Agents of a host that were asked for here and that its directory does not have yet, and those that could not be created,
 * until they are dismissed.
 * @param serverId Which host. Default: as `useHost`.
 * @throws MoorlineError as `useHost`.
 */
export function useCreations(serverId?: string): readonly CreationEntry[] {
  return useSource(useHost(serverId).creations.list, NO_CREATIONS, whole);
}
