import type { SyncFailure, SyncState } from "../../../gen/moorline/machine/v1/sync_moorline.ts";
import { SyncPhaseSchema } from "../../../gen/moorline/state/v1/phase_pb.ts";
import { type Presentation, PresentationSchema } from "../../../gen/moorline/state/v1/presentation_pb.ts";
import { SyncFailureReasonSchema } from "../../../gen/moorline/state/v1/reason_pb.ts";
import { syncPhase } from "../../runtime/index.ts";
import type { Presentation as PresentationName, Problem, SyncedView } from "../model/console-model.ts";
import { nameOf } from "../model/names.ts";
import { offlineProblemOf } from "./host-status.ts";

/** What is common to views of mirrors. */
export function syncedViewOf(sync: SyncState, presentation: Presentation): SyncedView {
  const { state } = sync;
  const failure = state.value !== undefined && "failure" in state.value ? state.value.failure : undefined;
  const problem = failure && problemOf(failure);
  return {
    presentation: nameOf(PresentationSchema, presentation).replaceAll(" ", "_") as PresentationName,
    sync: nameOf(SyncPhaseSchema, syncPhase(sync)),
    ...(problem === undefined ? {} : { problem }),
  };
}

function problemOf({ reason, message, host }: SyncFailure): Problem {
  if (host !== undefined) return offlineProblemOf(host.reason, host.code, message);
  return {
    code: nameOf(SyncFailureReasonSchema, reason).toUpperCase().replaceAll(" ", "_"),
    text: message,
    action: "It is tried again where that may help.",
  };
}
