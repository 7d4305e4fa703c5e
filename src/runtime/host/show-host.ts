import type { ConnectionState } from "../../../gen/moorline/machine/v1/connection_moorline.ts";
import type { HostState, Race } from "../../../gen/moorline/machine/v1/host_moorline.ts";
import type { HostProbe, HostSnapshot } from "../host-runtime.ts";
import type { HostConnections } from "./host-connections.ts";

/** What a snapshot is made of. */
export interface ShownParts extends Pick<HostSnapshot, "serverId" | "sessionRef" | "host"> {
  /** The clients and probes. */
  readonly connections: HostConnections;
}

/** The snapshot of a host: the one before where nothing has changed, and each part of it that has not. */
export function showHost(parts: ShownParts, before: HostSnapshot | undefined): HostSnapshot {
  const { serverId, sessionRef, host, connections } = parts;
  const connection = findConnection(host, connections);
  const probes = showProbes(connections, before?.probes ?? []);
  const isSame =
    before?.host === host &&
    before.connection === connection &&
    before.probes === probes &&
    before.sessionRef === sessionRef;
  return isSame ? before : { serverId, sessionRef, host, connection, probes };
}

/** The connection of the active client, or of the one that says hello to become it. */
function findConnection({ state }: HostState, connections: HostConnections): ConnectionState | undefined {
  switch (state.case) {
    case "online":
    case "connectingActive":
      return connections.clientState(state.value.connection);
    case "selecting":
    case "interrupted":
    case "degraded":
      return state.value.effort.case === "race" ? greetingOf(state.value.effort.value, connections) : undefined;
    default:
      return undefined;
  }
}

function greetingOf({ contenders }: Race, connections: HostConnections): ConnectionState | undefined {
  const greeting = contenders.find(({ stage }) => stage.case === "greeting")?.stage;
  return greeting?.case === "greeting" ? connections.clientState(greeting.value.connection) : undefined;
}

function showProbes(connections: HostConnections, before: readonly HostProbe[]): readonly HostProbe[] {
  const probes = connections.probeStates().map((probe) => {
    const same = before.find(({ candidateId, state }) => candidateId === probe.candidateId && state === probe.state);
    return same ?? probe;
  });
  const isSame = probes.length === before.length && probes.every((probe, index) => probe === before[index]);
  return isSame ? before : probes;
}
