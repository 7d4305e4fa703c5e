import type { HostEffect, HostEvent, HostState } from "../../../gen/moorline/machine/v1/host_moorline.ts";
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

/** An event that this version knows. */
export type HostEventInit = Exclude<HostInput, { case: undefined }>;
