import type { Agent } from "../../../gen/moorline/agent/v1/agent_pb.ts";
import type { HostRuntime } from "../host-runtime.ts";
import type { Source } from "../source.ts";
export interface FleetHost {
  readonly serverId: string;
  readonly label: string;
  readonly runtime: HostRuntime;
  readonly status: number;
}
export interface FleetSnapshot {
  readonly status: number;
  readonly hosts: readonly FleetHost[];
  readonly setAside: readonly unknown[];
}
export interface FleetAgent {
  readonly serverId: string;
  readonly agent: Agent;
}
export interface HostFleet extends Source<FleetSnapshot> {
  readonly agents: Source<readonly FleetAgent[]>;
}
