import { Code, type ConnectError } from "@connectrpc/connect";
import { ChannelLossReason, ChannelLostSchema } from "../../../gen/moorline/session/v1/error_pb.ts";
import { unaryTimeoutMs } from "../../../src/wire/limits.ts";
import { PLANNED_FAILURE } from "./echo-service.ts";
import type { Judge } from "./judge.ts";
import type { CallRecord } from "./ledger.ts";
import { judgeErrorText } from "./transition-judge.ts";

/** A deadline travels in whole milliseconds. */
const ROUNDING_MS = 1;

/**
 * A call has failed: by its plan, by its caller, or because its channel is lost, and by nothing else.
 * @param isLost Whether the caller may know of a channel that was lost for a reason.
 */
export function judgeFailure(
  judge: Judge,
  record: CallRecord,
  error: ConnectError,
  isLost: (reason: ChannelLossReason) => boolean,
): void {
  judgeErrorText(judge, error);
  judge.claim(
    isJust(record, error, isLost),
    () => `${record.describe()}: it has failed for no reason: ${error.message}`,
  );
}

function isJust(
  { plan, hasLeft, startedAtMs, caller }: CallRecord,
  error: ConnectError,
  isLost: (reason: ChannelLossReason) => boolean,
): boolean {
  const elapsedMs = caller.clock.now() - startedAtMs + ROUNDING_MS;
  switch (error.code) {
    case Code.Canceled:
      return hasLeft;
    case Code.DeadlineExceeded:
      return elapsedMs >= (plan.timeoutMs ?? unaryTimeoutMs);
    case Code.Aborted:
      return plan.isFailing && error.rawMessage === PLANNED_FAILURE;
    case Code.Unavailable:
      return error.findDetails(ChannelLostSchema).some(({ reason }) => {
        return reason === ChannelLossReason.UNSPECIFIED ? !plan.waitsForReady : isLost(reason);
      });
    default:
      return false;
  }
}
