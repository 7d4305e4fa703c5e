import { Visibility } from "../../../gen/moorline/state/v1/phase_pb.ts";
import { forgetRefusal } from "./candidates.ts";
import type { HostDraft } from "./draft.ts";
import type { HostInput } from "./shapes.ts";

/**
 * Remembers what the user and the system say, where nothing else follows from it now.
 * @returns false for an event that says nothing of that kind.
 */
export function noteWish(draft: HostDraft, event: HostInput): boolean {
  switch (event.case) {
    case "candidatePreferred":
      draft.setPreferred(event.value.candidateId);
      return true;
    case "foregrounded":
      draft.setVisibility(Visibility.VISIBLE);
      return true;
    case "hidden":
      draft.setVisibility(Visibility.HIDDEN);
      return true;
    default:
      return false;
  }
}

/** Somebody asks: what was refused is tried again, and credentials may be refreshed again. Spec: HOST-9. */
export function forgetRefusals(draft: HostDraft): void {
  draft.updateAll(forgetRefusal);
  if (draft.retry.refreshes > 0) draft.setRetry({ ...draft.retry, refreshes: 0 });
}

/** The credential is another one. Spec: HOST-9. */
export function renewCredential(draft: HostDraft): void {
  forgetRefusals(draft);
  draft.do({ case: "forgetCredential", value: {} });
}
