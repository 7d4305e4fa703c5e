import type { ConnectionLoss } from "../../../gen/moorline/machine/v1/connection_moorline.ts";
import type { Contender, Pause, Race, Refreshing } from "../../../gen/moorline/machine/v1/host_moorline.ts";
import { HostErrorReason } from "../../../gen/moorline/state/v1/reason_pb.ts";
import { nextRetryAtMs, rememberFailure, rememberRefresh } from "../connection/retry.ts";
import { noteAnswer } from "./candidates.ts";
import type { HostDraft } from "./draft.ts";
import { isOverloaded, lossOf, noteLoss } from "./judge.ts";
import { beat, findContender, isOver, type RaceStart, startRace, turnAway, win } from "./race.ts";
import type { HostConfig, HostInput, HostInputOf } from "./shapes.ts";

/** What a host without a connection does about it. */
export type Effort =
  | { readonly case: "race"; readonly value: Race }
  | { readonly case: "pause"; readonly value: Pause }
  | { readonly case: "refreshing"; readonly value: Refreshing };

/** Why no race is under way any more. */
export interface Defeat {
  /** What kind of error that is. */
  readonly reason: HostErrorReason;
  /** The candidate that it comes from. Empty where it comes from none. */
  readonly candidateId: string;
  /** What its connection said. */
  readonly loss: ConnectionLoss | undefined;
  /** When the next race may begin. Undefined: somebody has to say something new first. */
  readonly retryAtMs: number | undefined;
}

/** What has become of a race. `won`: the connection was promoted and says hello. */
export type RaceOutcome =
  | { readonly kind: "going"; readonly effort: Effort }
  | { readonly kind: "won"; readonly race: Race; readonly connection: number; readonly candidateId: string }
  | { readonly kind: "defeated"; readonly defeat: Defeat };

/** How a race began, or that there is nobody to race. */
export type Beginning =
  | { readonly kind: "going"; readonly effort: Extract<Effort, { case: "race" }> }
  | { readonly kind: "defeated"; readonly defeat: Defeat };

/** Begins a race, or says that there is nobody to race. */
export function begin(draft: HostDraft, start: RaceStart): Beginning {
  const race = startRace(draft, start);
  if (race !== undefined) return { kind: "going", effort: { case: "race", value: race } };
  const asides = draft.memory.candidates.map(({ setAside }) => setAside?.loss);
  const loss = asides.find((aside) => aside !== undefined);
  const candidateId = draft.memory.candidates.find(({ setAside }) => setAside?.loss === loss)?.candidateId ?? "";
  return {
    kind: "defeated",
    defeat: { reason: HostErrorReason.ALL_SET_ASIDE, candidateId, loss, retryAtMs: undefined },
  };
}

/** A wait for the next race. */
export function pauseUntil(untilMs: number): Effort {
  return { case: "pause", value: { untilMs } };
}

/** Asks for a new credential. The race begins anew when it is there. Spec: RETRY-5. */
export function refresh(draft: HostDraft): Effort {
  const request = draft.takeNumber();
  draft.setRetry(rememberRefresh(draft.retry));
  draft.do({ case: "refreshCredential", value: { request } });
  return { case: "refreshing", value: { request } };
}

/** What a race makes of the end of a connection. Undefined where the connection is of no contender. */
export function raceAfterLoss(
  draft: HostDraft,
  race: Race,
  event: Extract<HostInput, { case: "clientLost" | "probeFailed" }>,
  config: HostConfig,
): RaceOutcome | undefined {
  const contender = findContender(race, event.value.connection);
  const stage = event.case === "probeFailed" ? "probing" : "greeting";
  if (contender?.stage.case !== stage) return undefined;
  const { nowMs, hint } = event.value;
  const loss = lossOf(event.value);
  if (event.case === "probeFailed" && isOverloaded(loss)) {
    return { kind: "going", effort: { case: "race", value: turnAway(draft, race, contender, nowMs) } };
  }
  const judgement = noteLoss(draft, contender.candidateId, loss, nowMs, config);
  if (judgement === "refresh") return { kind: "going", effort: refresh(draft) };
  const after = beat(draft, race, contender, { loss, hint, mayRetry: judgement === "retry" }, nowMs);
  if (!isOver(after)) return { kind: "going", effort: { case: "race", value: after } };
  return { kind: "defeated", defeat: defeatOf(draft, after, event.value) };
}

/** What a race makes of an answer to a probe. Undefined where the probe is of no contender. */
export function raceAfterAnswer(
  draft: HostDraft,
  race: Race,
  { connection, nowMs, roundTripMs }: HostInputOf<"probeAnswered">,
): RaceOutcome | undefined {
  const contender = findContender(race, connection);
  if (contender?.stage.case !== "probing") return undefined;
  const { candidateId } = contender;
  draft.update(candidateId, (record) => noteAnswer(record, nowMs, roundTripMs));
  const answer = win(draft, race, contender, connection, nowMs);
  if (answer.connection === undefined) return { kind: "going", effort: { case: "race", value: answer.race } };
  return { kind: "won", race: answer.race, connection, candidateId };
}

/** Everybody was beaten: another race by backoff or hint where somebody may be tried again. Spec: HOST-8. */
function defeatOf(
  draft: HostDraft,
  { contenders }: Race,
  { nowMs, unitRandom }: Pick<HostInputOf<"clientLost">, "nowMs" | "unitRandom">,
): Defeat {
  const open = contenders.find((contender) => beatenOf(contender)?.mayRetry === true);
  const shown = open ?? contenders[0];
  const beaten = shown === undefined ? undefined : beatenOf(shown);
  const said = { candidateId: shown?.candidateId ?? "", loss: beaten?.loss };
  draft.setRetry(rememberFailure(draft.retry, nowMs));
  if (open === undefined) return { reason: HostErrorReason.ALL_REFUSED, ...said, retryAtMs: undefined };
  const retryAtMs = nextRetryAtMs({ retry: draft.retry, hint: beaten?.hint, nowMs, unitRandom });
  return { reason: HostErrorReason.ALL_FAILED, ...said, retryAtMs };
}

type Beaten = Extract<Contender["stage"], { case: "beaten" }>["value"];

function beatenOf({ stage }: Contender): Beaten | undefined {
  return stage.case === "beaten" ? stage.value : undefined;
}
