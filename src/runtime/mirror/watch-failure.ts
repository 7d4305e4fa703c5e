import { Code, ConnectError } from "@connectrpc/connect";
import type { HostObstacle } from "../../../gen/moorline/machine/v1/sync_moorline.ts";
import { ChannelLostSchema } from "../../../gen/moorline/session/v1/error_pb.ts";
import { SyncFailureReason } from "../../../gen/moorline/state/v1/reason_pb.ts";

/** Why a watch has ended. */
export interface WatchFailure {
  /** As an enum; `notFound` is no failure: what is followed does not exist. */
  readonly reason: SyncFailureReason | "notFound";
  /** For people. */
  readonly message: string;
  /** What the host says, where it is the host's. */
  readonly host?: HostObstacle;
}

/** A watch that has ended without an error, which none does as long as there is something to follow. */
export const ENDED: WatchFailure = { reason: SyncFailureReason.ENDED, message: "the watch has ended" };

/** A watch that was given up and goes on all the same: said for the log only. */
export const LATE: WatchFailure = { reason: SyncFailureReason.ENDED, message: "a piece came after its watch" };

const REASONS: Readonly<Partial<Record<Code, SyncFailureReason | "notFound">>> = {
  [Code.NotFound]: "notFound",
  [Code.Unavailable]: SyncFailureReason.UNAVAILABLE,
  [Code.ResourceExhausted]: SyncFailureReason.LIMIT_REACHED,
  [Code.DeadlineExceeded]: SyncFailureReason.TIMED_OUT,
  [Code.PermissionDenied]: SyncFailureReason.PERMISSION_DENIED,
  [Code.Unauthenticated]: SyncFailureReason.UNAUTHENTICATED,
  [Code.Unimplemented]: SyncFailureReason.UNIMPLEMENTED,
  [Code.InvalidArgument]: SyncFailureReason.REFUSED,
  [Code.FailedPrecondition]: SyncFailureReason.REFUSED,
  [Code.OutOfRange]: SyncFailureReason.REFUSED,
};

/** What a watch has thrown, by its code and details; never by its text. Spec: SYNC-5. */
export function toWatchFailure(thrown: unknown): WatchFailure {
  const error = ConnectError.from(thrown);
  const isLost = error.findDetails(ChannelLostSchema).length > 0;
  const reason = isLost ? SyncFailureReason.CHANNEL_LOST : (REASONS[error.code] ?? SyncFailureReason.INTERNAL);
  return { reason, message: error.rawMessage };
}
