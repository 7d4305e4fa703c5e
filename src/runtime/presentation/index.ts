/** The part of the runtime's door that is about what a view shows beside its data. */
export { Presentation } from "../../../gen/moorline/state/v1/presentation_pb.ts";
export { createPresentation, type PresentationOptions, type PresentationSource } from "./create-presentation.ts";
export { presentationOf } from "./presentation-of.ts";
