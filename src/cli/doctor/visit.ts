import type { Reason, Step } from "../../../gen/moorline/doctor/v1/doctor_pb.ts";
import type { DescribeResponse } from "../../../gen/moorline/session/v1/service_pb.ts";
import type { SessionKey } from "../../wire/session-key.ts";
import type { HttpAnswer } from "./ask-http.ts";
import type { Outcome } from "./outcome.ts";
import type { Probe } from "./probe.ts";
import type { Target } from "./target.ts";

/** What is to be examined. */
export interface DoctorInput {
  /** The address of the daemon, as it was given. */
  readonly endpoint: string;
  readonly sessionKeyFile: string | undefined;
  readonly tokenFile: string | undefined;
  /** The daemon that is meant. Undefined: whichever answers. */
  readonly serverId: string | undefined;
  /** How long each step may take, in milliseconds. */
  readonly timeoutMs: number;
}

/** What the steps have found so far; each is set by one step, and is there for those that need the step. */
export interface Visit {
  readonly input: DoctorInput;
  target?: Target;
  sessionKey?: SessionKey;
  token?: string;
  /** What was answered to the question who the daemon is. */
  answer?: HttpAnswer;
  description?: DescribeResponse;
  /** A connection that was welcomed. */
  probe?: Probe;
}

/** One step of an examination. */
export interface StepPlan {
  readonly step: Step;
  /** Steps that must not have failed. */
  readonly needs: readonly Step[];
  /** What it means that the time is up. */
  readonly lateReason: Reason;
  /** Takes the step. What it throws counts as a bug. @param signal Fires when the time is up: nothing may be left behind. */
  run(visit: Visit, signal: AbortSignal): Outcome | Promise<Outcome>;
}
