import { FleetStatus, HostStatus } from "../../../gen/moorline/state/v1/fleet_pb.ts";
import { HostPhase } from "../../../gen/moorline/state/v1/phase_pb.ts";
import { type HasHost, hostPhaseOf } from "../selectors.ts";

const STATUSES: Readonly<Partial<Record<HostPhase, HostStatus>>> = {
  [HostPhase.BOOTING]: HostStatus.CONNECTING,
  [HostPhase.FAILED]: HostStatus.ERROR,
  [HostPhase.NO_CONNECTIONS]: HostStatus.UNREACHABLE,
  [HostPhase.SELECTING]: HostStatus.CONNECTING,
  [HostPhase.CONNECTING_ACTIVE]: HostStatus.CONNECTING,
  [HostPhase.ONLINE]: HostStatus.ONLINE,
  [HostPhase.INTERRUPTED]: HostStatus.ONLINE,
  [HostPhase.DEGRADED]: HostStatus.RECONNECTING,
  [HostPhase.ERROR]: HostStatus.ERROR,
  [HostPhase.STOPPED]: HostStatus.STOPPED,
};

/** How a host is, in one word. A short interruption does not count. Spec: FLEET-6. */
export function hostStatusOf(snapshot: HasHost): HostStatus {
  return STATUSES[hostPhaseOf(snapshot)] ?? HostStatus.UNSPECIFIED;
}

/** How all hosts are, in one word: the first one of the enum that fits. Spec: FLEET-6. */
export function fleetStatusOf(statuses: readonly HostStatus[]): FleetStatus {
  if (statuses.length === 0) return FleetStatus.EMPTY;
  const has = (...some: HostStatus[]): boolean => statuses.some((status) => some.includes(status));
  if (statuses.every((status) => status === HostStatus.ONLINE)) return FleetStatus.ONLINE;
  if (has(HostStatus.ONLINE)) return FleetStatus.PARTLY_ONLINE;
  if (has(HostStatus.CONNECTING, HostStatus.RECONNECTING)) return FleetStatus.CONNECTING;
  return has(HostStatus.ERROR) ? FleetStatus.ERROR : FleetStatus.OFFLINE;
}
