import { create, type MessageInitShape } from "@bufbuild/protobuf";
import {
  type HostEffect,
  HostEffectSchema,
  type HostEvent,
  HostEventSchema,
  type HostState,
  HostStateSchema,
} from "../../../gen/moorline/machine/v1/host_pb.ts";
import type { Step } from "../../core/machine.ts";
import { hostLimits } from "../../wire/limits.ts";

/** What decides how a host machine behaves; plain data. */
export interface HostConfig {
  /** How long an interruption is shown like online, in milliseconds. */
  readonly interruptionMs: number;
  /** How long the interval between two measurements of a path is, in milliseconds. */
  readonly probeIntervalMs: number;
}

/** What a runtime runs with. */
export const defaultHostConfig: HostConfig = hostLimits;

/** A step of the host machine. */
export type HostStep = Step<HostState, HostEffect>;

/** The event inside a HostEvent, an unknown one included. */
export type HostInput = HostEvent["event"];

/** The value of one kind of event. */
export type HostInputOf<Case extends NonNullable<HostInput["case"]>> = Extract<HostInput, { case: Case }>["value"];

/** A state, as it is made. */
export type HostStateInit = Exclude<
  MessageInitShape<typeof HostStateSchema>["state"],
  { case?: undefined } | undefined
>;
/** An event, as it is made. */
export type HostEventInit = Exclude<
  MessageInitShape<typeof HostEventSchema>["event"],
  { case?: undefined } | undefined
>;
/** An effect, as it is made. */
export type HostEffectInit = Exclude<
  MessageInitShape<typeof HostEffectSchema>["effect"],
  { case?: undefined } | undefined
>;

/** Makes a state of the host machine. */
export function hostState(state: HostStateInit): HostState {
  return create(HostStateSchema, { state });
}

/** Makes an event of the host machine. */
export function hostEvent(event: HostEventInit): HostEvent {
  return create(HostEventSchema, { event });
}

/** Makes an effect of the host machine. */
export function hostEffect(effect: HostEffectInit): HostEffect {
  return create(HostEffectSchema, { effect });
}
