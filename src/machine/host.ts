import type { HostEffect, HostEvent, HostState, hostTable } from "../../gen/moorline/machine/v1/host_moorline.ts";
import { ignoreEvent } from "../core/machine.ts";
import { describeHost } from "./host/describe.ts";
import { stop } from "./host/entering.ts";
import { transitionOnline } from "./host/online.ts";
import { transitionRecovering } from "./host/recovering.ts";
import { transitionConnectingActive, transitionSelecting } from "./host/selecting.ts";
import type { HostConfig, HostStep } from "./host/shapes.ts";
import { transitionBooting, transitionFailed, transitionNoConnections } from "./host/starting.ts";
import { transitionError } from "./host/stuck.ts";
import { memberName, type SchemaMachine } from "./schema-machine.ts";

export { choosePath, type PathInput } from "./host/choose-path.ts";
export { defaultHostConfig, type HostConfig, type HostEventInit } from "./host/shapes.ts";

/** The machine of a HostRuntime. The table is the option `machine` of its state in the schema. */
export const hostMachine: SchemaMachine<HostState, HostEvent, HostEffect, HostConfig> = {
  name: "host" satisfies typeof hostTable.name,
  transition: transitionHost,
  stateName: ({ state }) => memberName(state.case),
  eventName: ({ event }) => memberName(event.case),
  describe: describeHost,
};

/** Where a runtime starts: nobody has started it. */
export function initialHostState(): HostState {
  return { state: { case: "booting", value: { stage: { case: "unstarted", value: {} } } } };
}

/** What follows from an event. An event without a row, or that answers nothing of the state, changes nothing. Spec: HOST, RUN-2, RUN-4. */
export function transitionHost(state: HostState, { event }: HostEvent, config: HostConfig): HostStep {
  const present = state.state;
  if (event.case === "stopRequested") return present.case === "stopped" ? ignoreEvent(state) : stop(state);
  switch (present.case) {
    case "booting":
      return transitionBooting(state, present.value, event);
    case "failed":
      return transitionFailed(state, present.value, event);
    case "noConnections":
      return transitionNoConnections(state, present.value, event);
    case "selecting":
      return transitionSelecting(state, present.value, event, config);
    case "connectingActive":
      return transitionConnectingActive(state, present.value, event, config);
    case "online":
      return transitionOnline(state, present.value, event, config);
    case "interrupted":
    case "degraded":
      return transitionRecovering(state, present, event, config);
    case "error":
      return transitionError(state, present.value, event, config);
    default:
      return ignoreEvent(state);
  }
}
