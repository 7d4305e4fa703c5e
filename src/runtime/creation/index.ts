/** The part of the runtime's door that is about agents that are being created. */
export type { CreationState } from "../../../gen/moorline/machine/v1/creation_moorline.ts";
export { CreationFailureReason, CreationPhase } from "../../../gen/moorline/state/v1/creation_pb.ts";
export {
  type CreationEntry,
  followCreating,
  hasFailed,
  isShown,
  type OptimisticCreations,
} from "./optimistic-creations.ts";
