import { Code, type ConnectError } from "@connectrpc/connect";
import { CallOutcome } from "../../../gen/moorline/session/v1/error_pb.ts";
import { CreationFailureReason } from "../../../gen/moorline/state/v1/creation_pb.ts";
import { outcomeOf } from "../../rpc/call-errors.ts";

/** Statuses that do not say whether the request has had its effect. */
const OPEN_STATUSES: ReadonlySet<Code> = new Set([
  ...[Code.Canceled, Code.Unknown, Code.DeadlineExceeded, Code.Aborted, Code.Unavailable, Code.DataLoss],
]);

/** What the failure of a CreateAgent says about the agent. Spec: CREATE-4, CREATE-5. */
export function creationFailureOf(error: ConnectError): CreationFailureReason {
  if (outcomeOf(error) === CallOutcome.NOT_SENT) return CreationFailureReason.NOT_SENT;
  return OPEN_STATUSES.has(error.code) ? CreationFailureReason.OUTCOME_UNKNOWN : CreationFailureReason.REFUSED;
}
