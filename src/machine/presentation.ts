import type {
  PresentationEffect,
  PresentationEvent,
  PresentationEvent_Observed,
  PresentationState,
  PresentationState_Unwatched,
  presentationTable,
} from "../../gen/moorline/machine/v1/presentation_moorline.ts";
import { Presentation } from "../../gen/moorline/state/v1/presentation_pb.ts";
import { ignoreEvent, type Step, takeStep } from "../core/machine.ts";
import { memberName, type SchemaMachine } from "./schema-machine.ts";

/** What decides how a presentation's machine behaves; plain data. */
export interface PresentationConfig {
  /** How long a refresh takes before its toast is shown, in milliseconds. Default 500. */
  readonly toastAfterMs: number;
}

/** The times of the specification. Spec: PRESENT-3. */
export const defaultPresentationConfig: PresentationConfig = { toastAfterMs: 500 };

/** The machine of what a view shows. The table is the option `machine` of its state in the schema. */
export const presentationMachine: SchemaMachine<
  PresentationState,
  PresentationEvent,
  PresentationEffect,
  PresentationConfig
> = {
  name: "presentation" satisfies typeof presentationTable.name,
  transition: transitionPresentation,
  stateName: ({ state }) => memberName(state.case),
  eventName: ({ event }) => memberName(event.case),
  describe: () => ({}),
};

type PresentationStep = Step<PresentationState, PresentationEffect>;
type Observed = PresentationEvent_Observed;
type Shown = Exclude<PresentationState["state"], { case: "unwatched" | "disposed" | undefined }>;
type ShownInit = Exclude<PresentationState["state"], { case: undefined }>;

/** Where a presentation starts: nobody looks. */
export const initialPresentationState: PresentationState = {
  state: { case: "unwatched", value: { before: { case: undefined } } },
};

/** What is shown in a state. While nobody looks, what was shown last. Spec: PRESENT-3. */
export function shownPresentation({ state }: PresentationState): Presentation {
  const shown = state.case === "unwatched" ? state.value.before : state;
  if (shown.case === "toasting") return Presentation.TOAST;
  return shown.case === "settled" ? shown.value.presentation : Presentation.NONE;
}

/** What follows from an event. An event without a row changes nothing. Spec: PRESENT, RUN-2. */
export function transitionPresentation(
  state: PresentationState,
  { event }: PresentationEvent,
  config: PresentationConfig,
): PresentationStep {
  const present = state.state;
  if (present.case === "disposed" || present.case === undefined) return ignoreEvent(state);
  if (event.case === "disposed") return leave(present, { case: "disposed", value: {} });
  if (present.case === "unwatched") {
    return event.case === "observed" ? look(present.value, event.value, config) : ignoreEvent(state);
  }
  if (event.case === "left") return leave(present, { case: "unwatched", value: { before: present } });
  if (event.case === "observed") return observe(state, present, event.value, config);
  if (event.case !== "toastDue" || present.case !== "waiting") return ignoreEvent(state);
  const { generation, dueAtMs } = present.value;
  return event.value.dueAtMs === dueAtMs ? moveTo(toasting(generation), [cancelTimer()]) : ignoreEvent(state);
}

/** Somebody looks again. A refresh that was under way then, and still is, goes on. Spec: PRESENT-5. */
function look(
  { before }: PresentationState_Unwatched,
  observed: Observed,
  config: PresentationConfig,
): PresentationStep {
  const { situation, generation, nowMs } = observed;
  const over = before.case === undefined ? 0 : toastedIn(before);
  if (situation !== Presentation.TOAST) return moveTo(settled(situation, over));
  if (before.case === "toasting" && before.value.generation === generation) return moveTo(toasting(generation));
  if (before.case !== "waiting" || before.value.generation !== generation) return begin(observed, over, config);
  const { dueAtMs } = before.value;
  return dueAtMs <= nowMs ? moveTo(toasting(generation)) : wait(generation, dueAtMs, over);
}

/** The rows of the event observed, where somebody looks already. Spec: PRESENT-3, PRESENT-4. */
function observe(
  state: PresentationState,
  present: Shown,
  observed: Observed,
  config: PresentationConfig,
): PresentationStep {
  const { situation, generation } = observed;
  const isRefreshing = situation === Presentation.TOAST;
  switch (present.case) {
    case "settled": {
      const { toastedGeneration } = present.value;
      if (isRefreshing) return stay(state, begin(observed, toastedGeneration, config));
      return stay(state, moveTo(settled(situation, toastedGeneration)));
    }
    case "waiting": {
      const { dueAtMs, toastedGeneration } = present.value;
      if (!isRefreshing) return moveTo(settled(situation, toastedGeneration), [cancelTimer()]);
      return generation === present.value.generation
        ? takeStep(state)
        : moveTo(waiting(generation, dueAtMs, toastedGeneration));
    }
    default:
      if (!isRefreshing) return moveTo(settled(situation, present.value.generation));
      return generation === present.value.generation ? takeStep(state) : moveTo(toasting(generation));
  }
}

/** A refresh is under way. One that has had its toast gets no second one. */
function begin({ generation, nowMs }: Observed, over: number, { toastAfterMs }: PresentationConfig): PresentationStep {
  if (over !== 0 && generation === over) return moveTo(settled(Presentation.NONE, over));
  return wait(generation, nowMs + toastAfterMs, over);
}

/** The refresh that has had its toast last. */
function toastedIn(shown: Shown): number {
  return shown.case === "toasting" ? shown.value.generation : shown.value.toastedGeneration;
}

function wait(generation: number, dueAtMs: number, over: number): PresentationStep {
  return moveTo(waiting(generation, dueAtMs, over), [{ effect: { case: "startTimer", value: { atMs: dueAtMs } } }]);
}

/** Whatever a state leaves behind: only a waiting one has a timer. */
function leave(present: PresentationState["state"], next: ShownInit): PresentationStep {
  return moveTo(next, present.case === "waiting" ? [cancelTimer()] : []);
}

/** The very same state where nothing has changed. */
function stay(state: PresentationState, step: PresentationStep): PresentationStep {
  const [before, after] = [state.state, step.state.state];
  if (before.case !== "settled" || after.case !== "settled") return step;
  return before.value.presentation === after.value.presentation ? takeStep(state) : step;
}

function settled(presentation: Presentation, toastedGeneration: number): ShownInit {
  return { case: "settled", value: { presentation, toastedGeneration } };
}

function waiting(generation: number, dueAtMs: number, toastedGeneration: number): ShownInit {
  return { case: "waiting", value: { generation, dueAtMs, toastedGeneration } };
}

function toasting(generation: number): ShownInit {
  return { case: "toasting", value: { generation } };
}

function moveTo(state: ShownInit, effects: readonly PresentationEffect[] = []): PresentationStep {
  return takeStep({ state }, effects);
}

function cancelTimer(): PresentationEffect {
  return { effect: { case: "cancelTimer", value: {} } };
}
