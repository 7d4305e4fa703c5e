import { SyncFailureReason } from "../../../gen/moorline/state/v1/reason_pb.ts";
import type { WatchFailure } from "../mirror/watch-failure.ts";
import { type HasHost, hostFailureOf } from "../selectors.ts";

/** Why no watch will come through before somebody has the host connect again. Undefined where nothing is in the way. Spec: SYNC-12. */
export function obstacleOf(snapshot: HasHost): WatchFailure | undefined {
  const problem = hostFailureOf(snapshot);
  if (problem?.kind !== "error" || problem.retryAtMs !== undefined) return undefined;
  const { reason, loss } = problem;
  const { code = 0, message = "" } = loss ?? {};
  return { reason: SyncFailureReason.HOST_OFFLINE, message, host: { reason, code } };
}
