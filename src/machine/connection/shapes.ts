import type {
  ConnectionEffect,
  ConnectionEvent,
  ConnectionState,
  ConnectionState_Connected,
  ConnectionState_Connecting,
} from "../../../gen/moorline/machine/v1/connection_moorline.ts";
import type { Step } from "../../core/machine.ts";
import { handshakeLimits, livenessLimits } from "../../wire/limits.ts";

/** What decides how a connection machine behaves; plain data. */
export interface ConnectionConfig {
  /** Whether the client dials again by itself. False inside a HostRuntime, which is the one owner of reconnecting. */
  readonly redial: boolean;
  /** How long a transport may take to open, in milliseconds. */
  readonly connectTimeoutMs: number;
  /** How long a hello may wait for its answer, in milliseconds. */
  readonly helloTimeoutMs: number;
  /** How long a check of a doubted connection may take, in milliseconds. */
  readonly verifyTimeoutMs: number;
}

/** What a client that is used alone runs with. */
export const defaultConnectionConfig: ConnectionConfig = {
  redial: true,
  connectTimeoutMs: handshakeLimits.openTimeoutMs,
  helloTimeoutMs: handshakeLimits.answerTimeoutMs,
  verifyTimeoutMs: livenessLimits.wakeTimeoutMs,
};

/** A step of the connection machine. */
export type ConnectionStep = Step<ConnectionState, ConnectionEffect>;

/** The event inside a ConnectionEvent, an unknown one included. */
export type ConnectionInput = ConnectionEvent["event"];

/** A state that has a transport. */
export type LiveConnection = ConnectionState_Connecting | ConnectionState_Connected;

/** Whether an event belongs to a generation: true as well for one that is no answer to anything. */
export function isOfGeneration(event: ConnectionInput, generation: number): boolean {
  return event.case === undefined || !("generation" in event.value) || event.value.generation === generation;
}
