import type { HostState } from "../../../gen/moorline/machine/v1/host_moorline.ts";
import { hostPhaseOf } from "../../../gen/moorline/machine/v1/host_moorline.ts";
import type { SyncState } from "../../../gen/moorline/machine/v1/sync_moorline.ts";
import { syncPhaseOf } from "../../../gen/moorline/machine/v1/sync_moorline.ts";
import { HostPhase, SyncPhase } from "../../../gen/moorline/state/v1/phase_pb.ts";
import { Presentation } from "../../../gen/moorline/state/v1/presentation_pb.ts";

/** Hosts that lead to no data unless somebody does something, or the next try is due. */
const DEAD_ENDS: ReadonlySet<HostPhase> = new Set([HostPhase.FAILED, HostPhase.NO_CONNECTIONS, HostPhase.ERROR]);

/** Hosts that follow nothing: they have no session key yet, or are at their end. */
const NOT_FOLLOWING: ReadonlySet<HostPhase> = new Set([HostPhase.FAILED, HostPhase.STOPPED]);

/**
 * What a view of a mirror shows beside its data, or instead. Pure. Spec: PRESENT-1, PRESENT-2.
 * @param sync Where the mirror is.
 * @param host Where its host is.
 * @param isOptimistic Whether what is shown is a creation that is still under way: then nothing else is shown.
 * @returns The situation. TOAST says that the data is being refreshed: whether that has taken long enough for a toast is
 *   the matter of {@link createPresentation}.
 */
export function presentationOf(sync: SyncState, host: HostState, isOptimistic = false): Presentation {
  if (isOptimistic) return Presentation.NONE;
  const phase = hostPhaseOf(host);
  switch (syncPhaseOf(sync)) {
    case SyncPhase.GONE:
      return Presentation.NOT_FOUND;
    case SyncPhase.ERROR_BEFORE_FIRST_SUCCESS:
      return Presentation.ERROR_SCREEN;
    case SyncPhase.READY:
      return besideData(phase, Presentation.NONE);
    case SyncPhase.REVALIDATING:
      return besideData(phase, Presentation.TOAST);
    case SyncPhase.ERROR_AFTER_READY:
      return besideData(phase, Presentation.ERROR_BADGE);
    case SyncPhase.IDLE:
      // Of a host that follows its daemon a mirror is idle only while it reads what its storage has.
      return NOT_FOLLOWING.has(phase) ? Presentation.ERROR_SCREEN : Presentation.OVERLAY;
    default:
      return withoutData(phase);
  }
}

/** With data nothing blocks. Spec: INV-13. */
function besideData(phase: HostPhase, online: Presentation): Presentation {
  if (phase === HostPhase.DEGRADED) return Presentation.RECONNECTING_BADGE;
  if (phase === HostPhase.STOPPED) return Presentation.NONE;
  return DEAD_ENDS.has(phase) ? Presentation.ERROR_BADGE : online;
}

/** A host of a phase that this version does not know may be on its way. */
function withoutData(phase: HostPhase): Presentation {
  const isOver = phase === HostPhase.STOPPED || DEAD_ENDS.has(phase);
  return isOver ? Presentation.ERROR_SCREEN : Presentation.OVERLAY;
}
