import { useMemo } from "react";
import type { SyncState } from "../../gen/moorline/machine/v1/sync_moorline.ts";
import type { Presentation } from "../../gen/moorline/state/v1/presentation_pb.ts";
import type { HostRuntime } from "../runtime/host-runtime.ts";
import { INITIAL_PRESENTATION } from "../runtime/initial-snapshots.ts";
import { createPresentation } from "../runtime/presentation/create-presentation.ts";
import type { Source } from "../runtime/source.ts";
import { useSurroundings } from "./context.ts";
import { whole } from "./use-host.ts";
import { useSource } from "./use-source.ts";

/**
 * What a view shows around what a mirror has. Each view has its own, which listens and waits only while the view is shown;
 * so nobody has to dispose it. Spec: REACT-11.
 * @param host The mirror's host. @param sync Where the mirror is.
 * @param isOptimistic Whether what is looked at is still being created. Default: it is not.
 */
export function usePresentation(
  host: HostRuntime,
  sync: Source<SyncState>,
  isOptimistic?: Source<boolean>,
): Presentation {
  const { clock } = useSurroundings("usePresentation");
  const source = useMemo(
    () => createPresentation({ sync, host, ...(clock && { clock }), ...(isOptimistic && { isOptimistic }) }),
    [sync, host, clock, isOptimistic],
  );
  return useSource(source, INITIAL_PRESENTATION, whole);
}
