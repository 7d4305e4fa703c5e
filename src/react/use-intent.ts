import { type HostIntents, intentsOf } from "../runtime/host-intents.ts";
import { useHost } from "./use-host.ts";

/**
 * What a view may ask of a host. The same object in every render and in every component, as long as the host is the same.
 * @param serverId Which host. Default: as `useHost`.
 * @throws MoorlineError as `useHost`.
 */
export function useIntent(serverId?: string): HostIntents {
  return intentsOf(useHost(serverId));
}
