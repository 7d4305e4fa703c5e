import { create, type MessageInitShape } from "@bufbuild/protobuf";
import type { channelTable } from "../../gen/moorline/machine/v1/channel_moorline.ts";
import {
  type ChannelEffect,
  ChannelEffectSchema,
  type ChannelEvent,
  ChannelEventSchema,
  type ChannelState,
  type ChannelState_Attached,
  type ChannelState_Detached,
  ChannelStateSchema,
} from "../../gen/moorline/machine/v1/channel_pb.ts";
import { CloseCode } from "../../gen/moorline/session/v1/close_code_pb.ts";
import { ChannelLossReason } from "../../gen/moorline/session/v1/error_pb.ts";
import { ignoreEvent, type Step, takeStep } from "../core/machine.ts";
import { sessionLimits } from "../wire/limits.ts";
import { memberName, type SchemaMachine, type TransitionFacts } from "./schema-machine.ts";

/** What decides how a channel's machine behaves; plain data. */
export interface ChannelConfig {
  /** How long a channel without a connection is kept, in milliseconds. Default 15 minutes. */
  readonly replayMs: number;
}

/** The lifetime of the protocol. */
export const defaultChannelConfig: ChannelConfig = { replayMs: sessionLimits.replayMs };

/** The channel machine of a server. The table is the option `machine` of its state in the schema. */
export const channelMachine: SchemaMachine<ChannelState, ChannelEvent, ChannelEffect, ChannelConfig> = {
  name: "channel" satisfies typeof channelTable.name,
  transition: transitionChannel,
  stateName: ({ state }) => memberName(state.case),
  eventName: ({ event }) => memberName(event.case),
  describe: describeChannel,
};

type ChannelStep = Step<ChannelState, ChannelEffect>;
type ChannelInput = ChannelEvent["event"];
type StateInit = Exclude<MessageInitShape<typeof ChannelStateSchema>["state"], { case?: undefined } | undefined>;
type EventInit = Exclude<MessageInitShape<typeof ChannelEventSchema>["event"], { case?: undefined } | undefined>;
type EffectInit = Exclude<MessageInitShape<typeof ChannelEffectSchema>["effect"], { case?: undefined } | undefined>;

/** Makes an event of the channel machine. */
export function channelEvent(event: EventInit): ChannelEvent {
  return create(ChannelEventSchema, { event });
}

/** Where a channel starts: attached to the connection whose hello created it. */
export function startChannel(attempt: number): ChannelStep {
  return attach(attempt, []);
}

/** What follows from an event. An event without a row, or of an older attempt, changes nothing. Spec: CHM, RUN-2. */
export function transitionChannel(state: ChannelState, { event }: ChannelEvent, config: ChannelConfig): ChannelStep {
  const present = state.state;
  if (present.case === "attached") return transitionAttached(state, present.value, event, config);
  if (present.case === "detached") return transitionDetached(state, present.value, event);
  return ignoreEvent(state);
}

/** The rows of the state attached. Spec: CHM-1, CHM-2. */
function transitionAttached(
  state: ChannelState,
  { attempt }: ChannelState_Attached,
  event: ChannelInput,
  config: ChannelConfig,
): ChannelStep {
  const detach = channelEffect({ case: "detachConnection", value: { attempt } });
  if (event.case === "resumed") {
    if (event.value.attempt <= attempt) return ignoreEvent(state);
    return attach(event.value.attempt, [detach, closeConnection(attempt, CloseCode.SUPERSEDED)]);
  }
  if (event.case === "connectionLost") {
    if (event.value.attempt !== attempt) return ignoreEvent(state);
    const deadlineAtMs = event.value.nowMs + config.replayMs;
    return takeStep(channelState({ case: "detached", value: { attempt, deadlineAtMs } }), [
      detach,
      channelEffect({ case: "startTimer", value: { atMs: deadlineAtMs } }),
    ]);
  }
  const reason = lossOf(event, attempt);
  return reason === undefined ? ignoreEvent(state) : lose(reason, [detach, ...closeAfterLoss(attempt, reason)]);
}

/** The rows of the state detached. Spec: CHM-3. */
function transitionDetached(
  state: ChannelState,
  { attempt, deadlineAtMs }: ChannelState_Detached,
  event: ChannelInput,
): ChannelStep {
  const cancel = channelEffect({ case: "cancelTimer", value: {} });
  if (event.case === "resumed") {
    return event.value.attempt <= attempt ? ignoreEvent(state) : attach(event.value.attempt, [cancel]);
  }
  if (event.case === "replayExpired") {
    if (event.value.deadlineAtMs !== deadlineAtMs) return ignoreEvent(state);
    return lose(ChannelLossReason.CHANNEL_EXPIRED, [cancel]);
  }
  const reason = lossOf(event, attempt);
  return reason === undefined ? ignoreEvent(state) : lose(reason, [cancel]);
}

/** Why an event, which may come in both states, ends the channel. Undefined where it does not. */
function lossOf(event: ChannelInput, attempt: number): ChannelLossReason | undefined {
  switch (event.case) {
    case "channelDone":
      return event.value.attempt === attempt ? ChannelLossReason.CHANNEL_DONE : undefined;
    case "sessionEnded":
      return ChannelLossReason.SESSION_ENDED;
    case "evicted":
      return ChannelLossReason.REPLAY_EVICTED;
    case "drained":
      return ChannelLossReason.DRAINED;
    case "positionImpossible":
      return ChannelLossReason.POSITION_IMPOSSIBLE;
    default:
      return undefined;
  }
}

function attach(attempt: number, leave: readonly ChannelEffect[]): ChannelStep {
  return takeStep(channelState({ case: "attached", value: { attempt } }), [
    ...leave,
    channelEffect({ case: "attachConnection", value: { attempt } }),
  ]);
}

function lose(reason: ChannelLossReason, leave: readonly ChannelEffect[]): ChannelStep {
  return takeStep(channelState({ case: "lost", value: { reason } }), [
    ...leave,
    channelEffect({ case: "loseChannel", value: { reason } }),
  ]);
}

/** The connection of a lost channel ends too; one whose client said that it is done ends by itself. */
function closeAfterLoss(attempt: number, reason: ChannelLossReason): ChannelEffect[] {
  if (reason === ChannelLossReason.CHANNEL_DONE) return [];
  const isEnded = reason === ChannelLossReason.SESSION_ENDED;
  return [closeConnection(attempt, isEnded ? CloseCode.SESSION_ENDED : CloseCode.CHANNEL_LOST)];
}

function closeConnection(attempt: number, code: CloseCode): ChannelEffect {
  return channelEffect({ case: "closeConnection", value: { attempt, code } });
}

function channelState(state: StateInit): ChannelState {
  return create(ChannelStateSchema, { state });
}

function channelEffect(effect: EffectInit): ChannelEffect {
  return create(ChannelEffectSchema, { effect });
}

function describeChannel({ state }: ChannelState): TransitionFacts {
  if (state.case === "lost") return { reason: { case: "channelLoss", value: state.value.reason } };
  return state.case === undefined ? {} : { generation: state.value.attempt };
}
