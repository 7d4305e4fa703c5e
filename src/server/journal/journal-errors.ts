import { Code, ConnectError } from "@connectrpc/connect";
import {
  CallOutcome,
  IdempotencyKeyReusedSchema,
  JournalUnavailableSchema,
  KeyedRunCutSchema,
  type Limit,
  LimitExceededSchema,
} from "../../../gen/moorline/session/v1/error_pb.ts";

/** The key belongs to another request, which came first. Spec: JOURNAL-3. */
export function createReusedError(method: string): ConnectError {
  const value = { method };
  return new ConnectError("the idempotency key belongs to another request", Code.InvalidArgument, undefined, [
    { desc: IdempotencyKeyReusedSchema, value },
  ]);
}

/** The run was cut by the end of a daemon process. Nobody knows how far it came. Spec: JOURNAL-5. */
export function createRunCutError(): ConnectError {
  const value = { outcome: CallOutcome.UNKNOWN };
  return new ConnectError("the daemon ended while the call ran; it may have had its effect", Code.Aborted, undefined, [
    { desc: KeyedRunCutSchema, value },
  ]);
}

/** The journal has no room for another key. Nothing has run. Spec: JOURNAL-7. */
export function createFullError(limit: Limit, max: number): ConnectError {
  const value = { limit, max: BigInt(max), outcome: CallOutcome.NOT_SENT };
  return new ConnectError("the journal of the session is full", Code.ResourceExhausted, undefined, [
    { desc: LimitExceededSchema, value },
  ]);
}

/** The journal could not be read or written. Nothing has run. Spec: JOURNAL-11. */
export function createUnavailableError(): ConnectError {
  const value = { outcome: CallOutcome.NOT_SENT };
  return new ConnectError("the journal does not work; the call was not run", Code.Unavailable, undefined, [
    { desc: JournalUnavailableSchema, value },
  ]);
}
