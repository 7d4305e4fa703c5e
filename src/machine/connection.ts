import type {
  ConnectionEffect,
  ConnectionEvent,
  ConnectionState,
  connectionTable,
  RetryMemory,
} from "../../gen/moorline/machine/v1/connection_moorline.ts";
import { ignoreEvent } from "../core/machine.ts";
import { transitionConnected } from "./connection/connected.ts";
import { transitionConnecting } from "./connection/connecting.ts";
import { describeConnection } from "./connection/describe.ts";
import { dial } from "./connection/dial.ts";
import { transitionDisconnected } from "./connection/disconnected.ts";
import { dispose } from "./connection/dispose.ts";
import { freshRetryMemory } from "./connection/retry.ts";
import {
  type ConnectionConfig,
  type ConnectionInput,
  type ConnectionStep,
  isOfGeneration,
} from "./connection/shapes.ts";
import { memberName, type SchemaMachine } from "./schema-machine.ts";

export { type ConnectionConfig, defaultConnectionConfig } from "./connection/shapes.ts";

/** The connection machine of a DaemonClient. The table is the option `machine` of its state in the schema. */
export const connectionMachine: SchemaMachine<ConnectionState, ConnectionEvent, ConnectionEffect, ConnectionConfig> = {
  name: "connection" satisfies typeof connectionTable.name,
  transition: transitionConnection,
  stateName: ({ state }) => memberName(state.case),
  eventName: ({ event }) => memberName(event.case),
  describe: describeConnection,
};

/**
 * Where a client starts.
 * @param nowMs The present.
 * @param retry What the client instance remembers of the clients before. Default: a full budget and no failures.
 */
export function initialConnectionState(nowMs: number, retry: RetryMemory = freshRetryMemory(nowMs)): ConnectionState {
  return { state: { case: "idle", value: { retry } } };
}

/** What follows from an event. An event without a row, or of an older generation, changes nothing. Spec: CONN, RUN-2, RUN-4. */
export function transitionConnection(
  state: ConnectionState,
  { event }: ConnectionEvent,
  config: ConnectionConfig,
): ConnectionStep {
  const present = state.state;
  switch (present.case) {
    case "idle":
      return transitionIdle(state, present.value.retry, event, config);
    case "connecting":
      if (!isOfGeneration(event, present.value.generation)) return ignoreEvent(state);
      return transitionConnecting(state, present.value, event, config);
    case "connected":
      if (!isOfGeneration(event, present.value.generation)) return ignoreEvent(state);
      return transitionConnected(state, present.value, event, config);
    case "disconnected":
      if (!isOfGeneration(event, present.value.generation)) return ignoreEvent(state);
      return transitionDisconnected(state, present.value, event, config);
    default:
      return ignoreEvent(state);
  }
}

function transitionIdle(
  state: ConnectionState,
  retry: RetryMemory | undefined,
  event: ConnectionInput,
  config: ConnectionConfig,
): ConnectionStep {
  if (event.case === "disposed") return dispose(state, event.value);
  if (event.case !== "connectRequested") return ignoreEvent(state);
  const { path, nowMs } = event.value;
  return dial(state, { lastGeneration: 0, path, retry, nowMs }, config);
}
