import { AgentEffectSchema, AgentEventSchema, AgentStateSchema } from "../../gen/moorline/machine/v1/agent_pb.ts";
import {
  ChannelEffectSchema,
  ChannelEventSchema,
  ChannelStateSchema,
} from "../../gen/moorline/machine/v1/channel_pb.ts";
import {
  ConnectionEffectSchema,
  ConnectionEventSchema,
  ConnectionStateSchema,
} from "../../gen/moorline/machine/v1/connection_pb.ts";
import {
  CreationEffectSchema,
  CreationEventSchema,
  CreationStateSchema,
} from "../../gen/moorline/machine/v1/creation_pb.ts";
import { HostEffectSchema, HostEventSchema, HostStateSchema } from "../../gen/moorline/machine/v1/host_pb.ts";
import {
  PresentationEffectSchema,
  PresentationEventSchema,
  PresentationStateSchema,
} from "../../gen/moorline/machine/v1/presentation_pb.ts";
import { ProbeEffectSchema, ProbeEventSchema, ProbeStateSchema } from "../../gen/moorline/machine/v1/probe_pb.ts";
import {
  ServerConnectionEffectSchema,
  ServerConnectionEventSchema,
  ServerConnectionStateSchema,
} from "../../gen/moorline/machine/v1/server_connection_pb.ts";
import {
  SessionEffectSchema,
  SessionEventSchema,
  SessionStateSchema,
} from "../../gen/moorline/machine/v1/session_pb.ts";
import { SyncEffectSchema, SyncEventSchema, SyncStateSchema } from "../../gen/moorline/machine/v1/sync_pb.ts";
import { agentMachine, defaultAgentConfig } from "../machine/agent.ts";
import { channelMachine, defaultChannelConfig } from "../machine/channel.ts";
import { connectionMachine, defaultConnectionConfig } from "../machine/connection.ts";
import { creationMachine, defaultCreationConfig } from "../machine/creation.ts";
import { defaultHostConfig, hostMachine } from "../machine/host.ts";
import { defaultPresentationConfig, presentationMachine } from "../machine/presentation.ts";
import { defaultProbeConfig, probeMachine } from "../machine/probe.ts";
import { defaultServerConnectionConfig, serverConnectionMachine } from "../machine/server-connection.ts";
import { defaultSessionConfig, sessionMachine } from "../machine/session.ts";
import { defaultSyncConfig, syncMachine } from "../machine/sync.ts";
import { createTracePlayer, type TracePlayer } from "./trace.ts";

/** A player for every machine of the schema. */
export const tracePlayers: readonly TracePlayer[] = [
  createTracePlayer({
    machine: connectionMachine,
    stateSchema: ConnectionStateSchema,
    eventSchema: ConnectionEventSchema,
    effectSchema: ConnectionEffectSchema,
    config: defaultConnectionConfig,
  }),
  createTracePlayer({
    machine: probeMachine,
    stateSchema: ProbeStateSchema,
    eventSchema: ProbeEventSchema,
    effectSchema: ProbeEffectSchema,
    config: defaultProbeConfig,
  }),
  createTracePlayer({
    machine: hostMachine,
    stateSchema: HostStateSchema,
    eventSchema: HostEventSchema,
    effectSchema: HostEffectSchema,
    config: defaultHostConfig,
  }),
  createTracePlayer({
    machine: serverConnectionMachine,
    stateSchema: ServerConnectionStateSchema,
    eventSchema: ServerConnectionEventSchema,
    effectSchema: ServerConnectionEffectSchema,
    config: defaultServerConnectionConfig,
  }),
  createTracePlayer({
    machine: channelMachine,
    stateSchema: ChannelStateSchema,
    eventSchema: ChannelEventSchema,
    effectSchema: ChannelEffectSchema,
    config: defaultChannelConfig,
  }),
  createTracePlayer({
    machine: sessionMachine,
    stateSchema: SessionStateSchema,
    eventSchema: SessionEventSchema,
    effectSchema: SessionEffectSchema,
    config: defaultSessionConfig,
  }),
  createTracePlayer({
    machine: agentMachine,
    stateSchema: AgentStateSchema,
    eventSchema: AgentEventSchema,
    effectSchema: AgentEffectSchema,
    config: defaultAgentConfig,
  }),
  createTracePlayer({
    machine: syncMachine,
    stateSchema: SyncStateSchema,
    eventSchema: SyncEventSchema,
    effectSchema: SyncEffectSchema,
    config: defaultSyncConfig,
  }),
  createTracePlayer({
    machine: presentationMachine,
    stateSchema: PresentationStateSchema,
    eventSchema: PresentationEventSchema,
    effectSchema: PresentationEffectSchema,
    config: defaultPresentationConfig,
  }),
  createTracePlayer({
    machine: creationMachine,
    stateSchema: CreationStateSchema,
    eventSchema: CreationEventSchema,
    effectSchema: CreationEffectSchema,
    config: defaultCreationConfig,
  }),
];

/**
 * The player of a machine.
 * @throws RangeError where the schema has no machine of that name.
 */
export function tracePlayerOf(machine: string): TracePlayer {
  const player = tracePlayers.find((candidate) => candidate.machine === machine);
  if (player === undefined) throw new RangeError(`there is no machine ${machine}`);
  return player;
}
