import type { ConnectionLoss, RetryHint } from "../../../gen/moorline/machine/v1/connection_moorline.ts";
import type { CandidateRecord, Contender, Race } from "../../../gen/moorline/machine/v1/host_moorline.ts";
import { Path } from "../../../gen/moorline/session/v1/packet_pb.ts";
import { hostLimits } from "../../wire/limits.ts";
import { isBarred } from "./candidates.ts";
import { rankCandidates } from "./choose-path.ts";
import type { HostDraft } from "./draft.ts";

type Stage = Contender["stage"];

/** How a race is begun. */
export interface RaceStart {
  /** The present. */
  readonly nowMs: number;
  /** Whether the first hello does not wait for the retry budget: somebody asked for it. Default false. */
  readonly isUrgent?: boolean;
  /** A candidate that goes last: it was lost just now, and another one is known to answer. Default none. */
  readonly lastId?: string;
  /** A connection that says hello for the session already. Default none. */
  readonly greeting?: { readonly candidateId: string; readonly connection: number };
}

/**
 * Begins a race: the best known candidate starts at once, the others later, one after the other. Undefined where every
 * candidate is set aside. Spec: HOST-5.
 */
export function startRace(draft: HostDraft, start: RaceStart): Race | undefined {
  const { nowMs, lastId, greeting } = start;
  const { candidates, preferredCandidateId } = draft.memory;
  const firstId = greeting?.candidateId;
  const ranked = rankCandidates(candidates, preferredCandidateId, nowMs);
  const place = ({ candidateId }: CandidateRecord): number =>
    candidateId === firstId ? -1 : candidateId === lastId ? 1 : 0;
  const order = ranked.sort((a, b) => place(a) - place(b));
  if (order.length === 0) return undefined;
  const contenders = order.map((record, index) =>
    record.candidateId === firstId && greeting !== undefined
      ? contender(record.candidateId, { case: "greeting", value: { connection: greeting.connection } })
      : waiting(record.candidateId, nowMs + delayOf(record, index, nowMs)),
  );
  return startDue(draft, { contenders }, { nowMs, isUrgent: start.isUrgent ?? false });
}

/** Starts everybody whose time has come. */
export function startDue(draft: HostDraft, race: Race, { nowMs, isUrgent = false }: RaceStart): Race {
  let present = race;
  for (const { candidateId, stage } of race.contenders) {
    if (stage.case !== "waiting" || stage.value.untilMs > nowMs) continue;
    present = replace(present, startOne(draft, present, candidateId, { nowMs, isUrgent }));
  }
  return present;
}

/** Somebody asks while everybody waits for the retry budget: the first one does not wait. Undefined where one is at it. */
export function hurry(draft: HostDraft, race: Race, nowMs: number): Race | undefined {
  const isAtIt = race.contenders.some(({ stage }) => stage.case === "greeting" || stage.case === "probing");
  return isAtIt ? undefined : startDue(draft, release(race, nowMs), { nowMs, isUrgent: true });
}

/** Who takes part over a connection. Undefined where it is of no contender. */
export function findContender(race: Race, connection: number): Contender | undefined {
  return race.contenders.find(
    ({ stage }) => (stage.case === "greeting" || stage.case === "probing") && stage.value.connection === connection,
  );
}

/** How a contender was beaten. */
export interface Beating {
  readonly loss: ConnectionLoss;
  readonly hint: RetryHint | undefined;
  readonly mayRetry: boolean;
}

/** A contender has failed: the next one starts at once, whoever was held too. */
export function beat(draft: HostDraft, race: Race, beaten: Contender, how: Beating, nowMs: number): Race {
  const { candidateId } = beaten;
  const after = replace(race, contender(candidateId, { case: "beaten", value: { ...how } }));
  return startDue(draft, release(after, nowMs), { nowMs });
}

/** A server takes no probe of the contender now: it says hello for the session, as soon as no other does. Spec: PROBE-5. */
export function turnAway(draft: HostDraft, race: Race, away: Contender, nowMs: number): Race {
  const { candidateId } = away;
  const isFree = !isAnyGreeting(race);
  const after = replace(
    race,
    isFree ? waiting(candidateId, nowMs) : contender(candidateId, { case: "held", value: {} }),
  );
  return startDue(draft, after, { nowMs });
}

/** The outcome of an answer to a probe. */
export interface Answer {
  readonly race: Race;
  /** The connection that was promoted. Undefined where the budget has no attempt for it. */
  readonly connection: number | undefined;
}

/** A probe has answered, and nobody was welcomed before: it wins, and all others are held. Spec: HOST-6. */
export function win(draft: HostDraft, race: Race, winner: Contender, connection: number, nowMs: number): Answer {
  const { candidateId } = winner;
  const attemptAtMs = draft.attemptAtMs(nowMs);
  if (attemptAtMs > nowMs) return { race: replace(race, waiting(candidateId, attemptAtMs)), connection: undefined };
  draft.promoteProbe(connection, nowMs);
  const contenders = race.contenders.map((other) => {
    if (other.candidateId === candidateId) return contender(candidateId, { case: "greeting", value: { connection } });
    return other.stage.case === "beaten" ? other : contender(other.candidateId, { case: "held", value: {} });
  });
  return { race: { contenders }, connection };
}

/** Whether everybody was beaten. */
export function isOver({ contenders }: Race): boolean {
  return contenders.every(({ stage }) => stage.case === "beaten");
}

function startOne(draft: HostDraft, race: Race, candidateId: string, { nowMs, isUrgent }: RaceStart): Contender {
  if (isAnyGreeting(race)) {
    return contender(candidateId, { case: "probing", value: { connection: draft.openProbe(candidateId) } });
  }
  const attemptAtMs = draft.attemptAtMs(nowMs);
  if (attemptAtMs > nowMs && isUrgent !== true) return waiting(candidateId, attemptAtMs);
  return contender(candidateId, { case: "greeting", value: { connection: draft.openClient(candidateId, nowMs) } });
}

/** The next one does not wait any longer; who was held waits for its turn again. */
function release(race: Race, nowMs: number): Race {
  const isFree = !isAnyGreeting(race);
  const next = race.contenders.filter(({ stage }) => stage.case === "waiting" || (isFree && stage.case === "held"));
  const [first] = next.sort((a, b) => waitOf(a, nowMs) - waitOf(b, nowMs));
  let delayMs = 0;
  const contenders = race.contenders.map((other) => {
    if (other === first) return waiting(other.candidateId, nowMs);
    if (!isFree || other.stage.case !== "held") return other;
    delayMs += hostLimits.staggerMs;
    return waiting(other.candidateId, nowMs + delayMs);
  });
  return { contenders };
}

function waitOf({ stage }: Contender, nowMs: number): number {
  return stage.case === "waiting" ? stage.value.untilMs : nowMs;
}

function isAnyGreeting({ contenders }: Race): boolean {
  return contenders.some(({ stage }) => stage.case === "greeting");
}

/** How long after the first one a candidate starts. */
function delayOf(record: CandidateRecord, index: number, nowMs: number): number {
  if (index === 0) return 0;
  const { staggerMs, relayDelayMs, barredDelayMs } = hostLimits;
  const delayMs = index * staggerMs + (isBarred(record, nowMs) ? barredDelayMs : 0);
  return record.path === Path.RELAY ? Math.max(relayDelayMs, delayMs) : delayMs;
}

function waiting(candidateId: string, untilMs: number): Contender {
  return contender(candidateId, { case: "waiting", value: { untilMs } });
}

function contender(candidateId: string, stage: Stage): Contender {
  return { candidateId, stage };
}

function replace(race: Race, changed: Contender): Race {
  const contenders = race.contenders.map((other) => (other.candidateId === changed.candidateId ? changed : other));
  return { contenders };
}
