import { reasonActions } from "../../../gen/moorline/doctor/v1/doctor_moorline.ts";
import { Reason, Result } from "../../../gen/moorline/doctor/v1/doctor_pb.ts";
import { RetryVerdict, RetryVerdictSchema } from "../../../gen/moorline/schema/v1/options_pb.ts";
import { CloseCode } from "../../../gen/moorline/session/v1/close_code_pb.ts";
import { MoorlineError } from "../../wire/moorline-error.ts";
import { verdictOf } from "../../wire/verdict.ts";
import { toFailure } from "../failure.ts";

/** What a step came to. */
export interface Outcome {
  readonly result: Result;
  readonly reason: Reason;
  /** What was found, for people. */
  readonly message: string;
  /** What to do. Empty where there is nothing to do. */
  readonly action: string;
  /** The code that the daemon refused with. */
  readonly closeCode: CloseCode;
}

/** The step went well. */
export function well(message: string): Outcome {
  return {
    result: Result.OK,
    reason: Reason.UNSPECIFIED,
    message,
    action: "",
    closeCode: CloseCode.UNSPECIFIED,
  };
}

/** The step was not taken. */
export function skipped(message: string): Outcome {
  return { ...well(message), result: Result.SKIPPED };
}

/** The step failed; what to do is what the schema says for the reason. */
export function failed(reason: Reason, message: string): Outcome {
  return { ...well(message), result: Result.FAILED, reason, action: reasonActions[reason] ?? "" };
}

/** The step went well, but something should be mended. */
export function warned(reason: Reason, message: string): Outcome {
  return { ...failed(reason, message), result: Result.WARNING };
}

/** The step failed by an error, which says what to do. */
export function failedBy(reason: Reason, error: unknown): Outcome {
  const { message, action } = toFailure(error);
  return { ...failed(reason, message), action };
}

/** The step failed, as the daemon would refuse, or has refused, with this code; what to do is what the schema says for it. */
export function refused(reason: Reason, code: number, text: string): Outcome {
  const failure = toFailure(MoorlineError.fromCloseCode(code, text));
  const verdict = verdictOf(code);
  const message = `${failure.code} (${RetryVerdictSchema.value[verdict]?.localName ?? verdict}): ${failure.message}`;
  return { ...failed(reason, message), action: failure.action, closeCode: code as CloseCode };
}

/** What a client does after an outcome with a code. */
export function verdictAfter({ closeCode }: Outcome): RetryVerdict {
  return closeCode === CloseCode.UNSPECIFIED ? RetryVerdict.UNSPECIFIED : verdictOf(closeCode);
}
