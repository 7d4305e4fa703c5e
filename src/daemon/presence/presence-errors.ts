import { Code, ConnectError } from "@connectrpc/connect";
import { ChannelNeededSchema, FieldInvalidSchema } from "../../../gen/moorline/agent/v1/error_pb.ts";
import { CallOutcome, Limit, LimitExceededSchema } from "../../../gen/moorline/session/v1/error_pb.ts";

/** The call came on no channel: FAILED_PRECONDITION with ChannelNeeded. Spec: PRESENCE-1. */
export function createChannelNeeded(): ConnectError {
  const text = "a plain RPC has no presence: report it on a channel";
  return new ConnectError(text, Code.FailedPrecondition, undefined, [{ desc: ChannelNeededSchema, value: {} }]);
}

/**
 * A field of the request is none: INVALID_ARGUMENT with FieldInvalid. Spec: PRESENCE-2, PRESENCE-9.
 * @param field Its name in the schema. @param form What it has to be. Never the value, which may be a secret.
 */
export function createFieldInvalid(field: string, form: string): ConnectError {
  const detail = { desc: FieldInvalidSchema, value: { field } };
  return new ConnectError(`\`${field}\` has to be ${form}`, Code.InvalidArgument, undefined, [detail]);
}

/** The session has its full number of push tokens: RESOURCE_EXHAUSTED with LimitExceeded. Spec: PRESENCE-9. */
export function createTokensFull(max: number): ConnectError {
  const value = { limit: Limit.PUSH_TOKENS, max: BigInt(max), actual: BigInt(max + 1), outcome: CallOutcome.NOT_SENT };
  const text = `a session has push tokens of at most ${max} services: remove one first, by an empty token`;
  return new ConnectError(text, Code.ResourceExhausted, undefined, [{ desc: LimitExceededSchema, value }]);
}

/** The token could not be written down: UNAVAILABLE. Spec: PRESENCE-10. */
export function createTokensUnavailable(): ConnectError {
  return new ConnectError("the push token could not be kept: see the log of the daemon", Code.Unavailable);
}
