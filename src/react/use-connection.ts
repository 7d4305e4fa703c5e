import { useMemo } from "react";
import type { HostSnapshot } from "../runtime/host-runtime.ts";
import { initialHostSnapshot } from "../runtime/initial-snapshots.ts";
import { isShallowEqual } from "./equality.ts";
import { useHost, whole } from "./use-host.ts";
import { type IsEqual, useSource } from "./use-source.ts";

/**
 * How a host is connected.
 * @param select What of it: one of the selectors of `moorline/runtime`, for example. Default: all.
 * @param serverId Which host. Default: as {@link useHost}.
 * @param isEqual Whether the value before is kept. Default: the same, or of the same parts.
 * @throws MoorlineError as {@link useHost}.
 */
export function useConnection(): HostSnapshot;
export function useConnection<U>(
  select: (snapshot: HostSnapshot) => U,
  serverId?: string | undefined,
  isEqual?: IsEqual<U>,
): U;
export function useConnection<U>(
  select: (snapshot: HostSnapshot) => U | HostSnapshot = whole,
  serverId?: string,
  isEqual: IsEqual<U | HostSnapshot> = isShallowEqual,
): U | HostSnapshot {
  const host = useHost(serverId);
  const initial = useMemo(() => initialHostSnapshot(host.serverId), [host]);
  return useSource(host, initial, select, isEqual);
}
