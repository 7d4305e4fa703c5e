import { channelTable } from "../../../gen/moorline/machine/v1/channel_moorline.ts";
import {
  ChannelEffectSchema,
  ChannelEventSchema,
  type ChannelState,
  ChannelStateSchema,
} from "../../../gen/moorline/machine/v1/channel_pb.ts";
import type { ConnectionState } from "../../../gen/moorline/machine/v1/connection_moorline.ts";
import { connectionTable } from "../../../gen/moorline/machine/v1/connection_moorline.ts";
import {
  ConnectionEffectSchema,
  ConnectionEventSchema,
  ConnectionStateSchema,
  ConnectionTimer,
} from "../../../gen/moorline/machine/v1/connection_pb.ts";
import type { HostState } from "../../../gen/moorline/machine/v1/host_moorline.ts";
import { hostTable } from "../../../gen/moorline/machine/v1/host_moorline.ts";
import { HostEffectSchema, HostEventSchema, HostStateSchema } from "../../../gen/moorline/machine/v1/host_pb.ts";
import type { ProbeState } from "../../../gen/moorline/machine/v1/probe_moorline.ts";
import { probeTable } from "../../../gen/moorline/machine/v1/probe_moorline.ts";
import {
  ProbeEffectSchema,
  ProbeEventSchema,
  ProbeStateSchema,
  ProbeTimer,
} from "../../../gen/moorline/machine/v1/probe_pb.ts";
import { serverConnectionTable } from "../../../gen/moorline/machine/v1/server_connection_moorline.ts";
import {
  ServerConnectionEffectSchema,
  ServerConnectionEventSchema,
  type ServerConnectionState,
  ServerConnectionStateSchema,
  ServerConnectionTimer,
} from "../../../gen/moorline/machine/v1/server_connection_pb.ts";
import { sessionTable } from "../../../gen/moorline/machine/v1/session_moorline.ts";
import {
  SessionEffectSchema,
  SessionEventSchema,
  type SessionState,
  SessionStateSchema,
} from "../../../gen/moorline/machine/v1/session_pb.ts";
import type { SyncState } from "../../../gen/moorline/machine/v1/sync_moorline.ts";
import { syncTable } from "../../../gen/moorline/machine/v1/sync_moorline.ts";
import { SyncEffectSchema, SyncEventSchema, SyncStateSchema } from "../../../gen/moorline/machine/v1/sync_pb.ts";
import { Path } from "../../../gen/moorline/session/v1/packet_pb.ts";
import { channelMachine, defaultChannelConfig, startChannel } from "../../../src/machine/channel.ts";
import { connectionMachine, defaultConnectionConfig, initialConnectionState } from "../../../src/machine/connection.ts";
import { connectionsOf, timersOf } from "../../../src/machine/host/holdings.ts";
import { defaultHostConfig, hostMachine, initialHostState } from "../../../src/machine/host.ts";
import { defaultProbeConfig, probeMachine, startProbe } from "../../../src/machine/probe.ts";
import {
  defaultServerConnectionConfig,
  serverConnectionMachine,
  startServerConnection,
} from "../../../src/machine/server-connection.ts";
import { defaultSessionConfig, sessionMachine, startSession } from "../../../src/machine/session.ts";
import { defaultSyncConfig, initialSyncState, syncMachine } from "../../../src/machine/sync.ts";
import { describeMachine } from "./machine-properties.ts";

function connectionHolds({ state }: ConnectionState): string[] {
  switch (state.case) {
    case "connecting":
      return [
        `timer ${state.value.stage.case === "greeting" ? ConnectionTimer.HELLO : ConnectionTimer.CONNECT}`,
        "transport",
      ];
    case "connected": {
      const check = state.value.liveness.case === "verifying" ? [`timer ${ConnectionTimer.VERIFY}`] : [];
      return [`timer ${ConnectionTimer.SILENCE}`, ...check, "transport", "channel"];
    }
    case "disconnected":
      return state.value.retryAtMs === undefined ? [] : [`timer ${ConnectionTimer.RETRY}`];
    default:
      return [];
  }
}

function probeHolds({ state }: ProbeState): string[] {
  if (state.case === "opening") {
    return [`timer ${state.value.stage.case === "greeting" ? ProbeTimer.ANSWER : ProbeTimer.OPEN}`, "transport"];
  }
  if (state.case !== "probed") return [];
  const pong = state.value.measuring.case === "pinging" ? [`timer ${ProbeTimer.PONG}`] : [];
  return [`timer ${ProbeTimer.EXPIRY}`, ...pong, "transport"];
}

function serverConnectionHolds({ state }: ServerConnectionState): string[] {
  if (state.case === "awaitingHello") return [`timer ${ServerConnectionTimer.HELLO}`];
  if (state.case === "probing") return [`timer ${ServerConnectionTimer.PROBE}`, "heartbeat"];
  return state.case === "attached" ? ["heartbeat"] : [];
}

function channelHolds({ state }: ChannelState): string[] {
  if (state.case === "attached") return [`connection ${state.value.attempt}`];
  return state.case === "detached" ? ["timer "] : [];
}

function sessionHolds({ state }: SessionState): string[] {
  return state.case === "idle" ? ["timer "] : [];
}

function syncHolds({ state }: SyncState): string[] {
  switch (state.case) {
    case "initialLoading":
    case "ready":
    case "revalidating":
      return [`watch ${state.value.generation}`];
    case "errorBeforeFirstSuccess":
    case "errorAfterReady":
      return state.value.retryAtMs === undefined ? [] : ["timer "];
    default:
      return [];
  }
}

function hostHolds(state: HostState): string[] {
  const timers = [...timersOf(state).keys()].map((timer) => `timer ${timer}`);
  return [...timers, ...[...connectionsOf(state)].map((connection) => `connection ${connection}`)];
}

for (const redial of [true, false]) {
  describeMachine(
    {
      title: `connection, ${redial ? "alone" : "in a runtime"}`,
      table: connectionTable,
      machine: connectionMachine,
      schemas: { state: ConnectionStateSchema, event: ConnectionEventSchema, effect: ConnectionEffectSchema },
      config: { ...defaultConnectionConfig, redial },
      start: { state: initialConnectionState(0), effects: [], ignored: false },
      holds: connectionHolds,
    },
    (event) => event === "transport_closed" || event === "transport_failed",
  );
}

describeMachine(
  {
    title: "probe",
    table: probeTable,
    machine: probeMachine,
    schemas: { state: ProbeStateSchema, event: ProbeEventSchema, effect: ProbeEffectSchema },
    config: defaultProbeConfig,
    start: startProbe({ generation: 1, path: Path.DIRECT, nowMs: 0 }, defaultProbeConfig),
    holds: probeHolds,
  },
  (event) => event === "transport_closed" || event === "transport_failed",
);

describeMachine({
  title: "server_connection",
  table: serverConnectionTable,
  machine: serverConnectionMachine,
  schemas: {
    state: ServerConnectionStateSchema,
    event: ServerConnectionEventSchema,
    effect: ServerConnectionEffectSchema,
  },
  config: defaultServerConnectionConfig,
  start: startServerConnection(0, defaultServerConnectionConfig),
  holds: serverConnectionHolds,
});

describeMachine({
  title: "channel",
  table: channelTable,
  machine: channelMachine,
  schemas: { state: ChannelStateSchema, event: ChannelEventSchema, effect: ChannelEffectSchema },
  config: defaultChannelConfig,
  start: startChannel(1),
  holds: channelHolds,
});

describeMachine({
  title: "session",
  table: sessionTable,
  machine: sessionMachine,
  schemas: { state: SessionStateSchema, event: SessionEventSchema, effect: SessionEffectSchema },
  config: defaultSessionConfig,
  start: startSession(4),
  holds: sessionHolds,
});

describeMachine({
  title: "sync",
  table: syncTable,
  machine: syncMachine,
  schemas: { state: SyncStateSchema, event: SyncEventSchema, effect: SyncEffectSchema },
  config: defaultSyncConfig,
  start: { state: initialSyncState(), effects: [], ignored: false },
  holds: syncHolds,
});

describeMachine({
  title: "host",
  table: hostTable,
  machine: hostMachine,
  schemas: { state: HostStateSchema, event: HostEventSchema, effect: HostEffectSchema },
  config: defaultHostConfig,
  start: { state: initialHostState(), effects: [], ignored: false },
  holds: hostHolds,
});
