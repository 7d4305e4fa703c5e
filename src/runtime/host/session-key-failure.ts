import type { HostFailure } from "../../../gen/moorline/machine/v1/host_moorline.ts";
import { HostFailureReason } from "../../../gen/moorline/state/v1/reason_pb.ts";
import { MoorlineError, type MoorlineErrorCode } from "../../wire/moorline-error.ts";

const REASONS: Partial<Record<MoorlineErrorCode, HostFailureReason>> = {
  CALLBACK_TIMED_OUT: HostFailureReason.SESSION_KEY_TIMED_OUT,
  STORAGE_FAILED: HostFailureReason.STORAGE_FAILED,
  STORAGE_CLOSED: HostFailureReason.STORAGE_FAILED,
  STORAGE_UNSUPPORTED: HostFailureReason.STORAGE_UNSUPPORTED,
  STORAGE_FULL: HostFailureReason.STORAGE_FULL,
  INSTALL_SECRET_MALFORMED: HostFailureReason.INSTALL_SECRET_MALFORMED,
  SESSION_KEY_MALFORMED: HostFailureReason.SESSION_KEY_MALFORMED,
  SESSION_KEY_MISSING: HostFailureReason.SESSION_KEY_MALFORMED,
};

/** Why there is no session key, from what the function that gives it has thrown. Has no secret. Spec: HOST-1. */
export function keyFailureOf(thrown: unknown): HostFailure {
  if (thrown instanceof MoorlineError) {
    const reason = REASONS[thrown.code] ?? HostFailureReason.SESSION_KEY_UNAVAILABLE;
    return { reason, message: thrown.text, action: thrown.action };
  }
  return {
    reason: HostFailureReason.SESSION_KEY_UNAVAILABLE,
    message: "The function that gives the session key has failed.",
    action: "Look at what was told to onError, then start again.",
  };
}
