import { useCallback } from "react";
import type { FleetSnapshot, HostFleet } from "../runtime/fleet/host-fleet.ts";
import type { HostRuntime } from "../runtime/host-runtime.ts";
import { INITIAL_FLEET } from "../runtime/initial-snapshots.ts";
import type { Source } from "../runtime/source.ts";
import { MoorlineError } from "../wire/moorline-error.ts";
import { useSurroundings } from "./context.ts";
import { isShallowEqual } from "./equality.ts";
import { type IsEqual, useSource } from "./use-source.ts";

const NO_FLEET: Source<FleetSnapshot> = { getSnapshot: () => INITIAL_FLEET, subscribe: () => () => {} };

/**
 * A host: that of the provider, or one of its fleet.
 * @param serverId Which one. Default: the provider's host, else the only one of the fleet.
 * @throws MoorlineError PROVIDER_MISSING; HOST_UNKNOWN where there is no such host, or several and none is named. Spec: REACT-6.
 */
export function useHost(serverId?: string): HostRuntime {
  const { host, fleet } = useSurroundings("useHost");
  const isOwn = host !== undefined && (serverId === undefined || serverId === host.serverId);
  const select = useCallback((snapshot: FleetSnapshot) => findHost(snapshot, serverId), [serverId]);
  const found = useSource(isOwn || fleet === undefined ? NO_FLEET : fleet, INITIAL_FLEET, select);
  const chosen = isOwn ? host : found;
  if (chosen === undefined) throw hostUnknown(serverId, fleet);
  return chosen;
}

/**
 * What a fleet shows: its hosts and its status.
 * @param select What of it. Default: all.
 * @param isEqual Whether the value before is kept. Default: the same, or of the same parts.
 * @throws MoorlineError PROVIDER_MISSING where no provider above has a fleet.
 */
export function useFleet(): FleetSnapshot;
export function useFleet<U>(select: (snapshot: FleetSnapshot) => U, isEqual?: IsEqual<U>): U;
export function useFleet<U>(
  select: (snapshot: FleetSnapshot) => U | FleetSnapshot = whole,
  isEqual: IsEqual<U | FleetSnapshot> = isShallowEqual,
): U | FleetSnapshot {
  return useSource(useFleetItself("useFleet"), INITIAL_FLEET, select, isEqual);
}

/**
 * The fleet of the nearest provider that has one.
 * @param hook The name of the hook that asks, for the error.
 * @throws MoorlineError PROVIDER_MISSING where there is none.
 */
export function useFleetItself(hook: string): HostFleet {
  const { fleet } = useSurroundings(hook);
  if (fleet === undefined) {
    throw new MoorlineError("PROVIDER_MISSING", `${hook} has no MoorlineProvider with a fleet above it.`);
  }
  return fleet;
}

/** The whole snapshot. */
export function whole<T>(snapshot: T): T {
  return snapshot;
}

function findHost({ hosts }: FleetSnapshot, serverId: string | undefined): HostRuntime | undefined {
  if (serverId !== undefined) return hosts.find((each) => each.serverId === serverId)?.runtime;
  return hosts.length === 1 ? hosts[0]?.runtime : undefined;
}

function hostUnknown(serverId: string | undefined, fleet: HostFleet | undefined): MoorlineError {
  if (serverId !== undefined)
    return new MoorlineError("HOST_UNKNOWN", "No provider above has a host of this server id.");
  const count = fleet?.getSnapshot().hosts.length ?? 0;
  const text = `There is no host to choose: the providers above have ${count}, and none was named.`;
  return new MoorlineError("HOST_UNKNOWN", text);
}
