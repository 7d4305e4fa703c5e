import type { CreationState } from "../../../gen/moorline/machine/v1/creation_moorline.ts";
import { creationTable } from "../../../gen/moorline/machine/v1/creation_moorline.ts";
import {
  CreationEffectSchema,
  CreationEventSchema,
  CreationStateSchema,
} from "../../../gen/moorline/machine/v1/creation_pb.ts";
import type { PresentationState } from "../../../gen/moorline/machine/v1/presentation_moorline.ts";
import { presentationTable } from "../../../gen/moorline/machine/v1/presentation_moorline.ts";
import {
  PresentationEffectSchema,
  PresentationEventSchema,
  PresentationStateSchema,
} from "../../../gen/moorline/machine/v1/presentation_pb.ts";
import { creationMachine, defaultCreationConfig, startCreation } from "../../../src/machine/creation.ts";
import {
  defaultPresentationConfig,
  initialPresentationState,
  presentationMachine,
} from "../../../src/machine/presentation.ts";
import { describeMachine } from "./machine-properties.ts";

describeMachine({
  title: "presentation",
  table: presentationTable,
  machine: presentationMachine,
  schemas: { state: PresentationStateSchema, event: PresentationEventSchema, effect: PresentationEffectSchema },
  config: defaultPresentationConfig,
  start: { state: initialPresentationState, effects: [], ignored: false },
  holds: ({ state }: PresentationState) => (state.case === "waiting" ? ["timer "] : []),
});

describeMachine({
  title: "creation",
  table: creationTable,
  machine: creationMachine,
  schemas: { state: CreationStateSchema, event: CreationEventSchema, effect: CreationEffectSchema },
  config: defaultCreationConfig,
  start: startCreation(),
  holds: ({ state }: CreationState) => (state.case === "confirmed" ? ["timer "] : []),
});
