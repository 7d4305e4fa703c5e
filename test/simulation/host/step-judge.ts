import type { HostEffect, HostState } from "../../../gen/moorline/machine/v1/host_moorline.ts";
import { HostTimer } from "../../../gen/moorline/machine/v1/host_pb.ts";
import type { Judge } from "../session/judge.ts";
import { dueOf, liveNumbers, numberOf } from "./live-numbers.ts";
import { MemoryJudge } from "./memory-judge.ts";
import { PathJudge } from "./path-judge.ts";
import { ProbeJudge } from "./probe-judge.ts";
import { RetryBucket } from "./retry-bucket.ts";
import type { HostStepTaken } from "./watch-machine.ts";

/** What is known of one runtime, from its steps. */
interface RuntimeBook {
  readonly timers: Map<HostTimer, number>;
  readonly bucket: RetryBucket;
  readonly probes: ProbeJudge;
  readonly paths: PathJudge;
}

const TIMER_EVENTS: Readonly<Record<string, HostTimer>> = {
  raceDue: HostTimer.RACE,
  retryDue: HostTimer.RETRY,
  interruptionTimedOut: HostTimer.INTERRUPTION,
  probeDue: HostTimer.PROBE,
};
/** A hint may say an hour. */
const MAX_WAIT_MS = 3_600_000 + 60_000;

/** Judges every step of the host machines of a world by books of its own. */
export class StepJudge {
  private readonly judge: Judge;
  private readonly probeIntervalMs: number;
  private readonly memory: MemoryJudge;
  /** By the present state of each runtime: no two have the same object. */
  private readonly books = new WeakMap<HostState, RuntimeBook>();

  constructor(judge: Judge, probeIntervalMs: number) {
    this.judge = judge;
    this.probeIntervalMs = probeIntervalMs;
    this.memory = new MemoryJudge(judge);
  }

  /** A runtime was made, and is in this state. */
  follow(initial: HostState): void {
    const probes = new ProbeJudge(this.judge, this.probeIntervalMs);
    const paths = new PathJudge(this.judge);
    this.books.set(initial, { timers: new Map(), bucket: new RetryBucket(), probes, paths });
  }

  /** A step was taken. */
  taken(step: HostStepTaken): void {
    const book = this.books.get(step.before);
    if (book === undefined) return;
    this.judgeGeneration(step);
    this.judgeTimer(book, step);
    if (step.after !== step.before) {
      this.books.delete(step.before);
      this.books.set(step.after, book);
    }
    this.judgeProbe(step);
    this.judgeSwitch(step);
    this.judgeProgress(step);
    this.judgeBudget(book, step);
    book.probes.taken(step);
    book.paths.taken(step);
    this.memory.judge(step.after);
    this.noteTimers(book, step.effects);
    this.count(step);
  }

  /** no stale writes: an answer to a number that the state does not name changes nothing, and is logged as ignored. */
  private judgeGeneration({ before, event, after, effects, ignored }: HostStepTaken): void {
    if (ignored) {
      this.judge.claim(
        after === before && effects.length === 0,
        () => `${event.case} was ignored, and has changed something`,
      );
    }
    const number = numberOf(event);
    if (number === undefined || liveNumbers(before).has(number)) return;
    this.judge.facts.count("stale answers");
    this.judge.claim(
      ignored,
      () => `no stale writes: ${event.case} of ${number} is of none that ${before.state.case} knows`,
    );
  }

  /** make before break: a switch that comes to nothing before the daemon has accepted it changes nothing. */
  private judgeSwitch({ before: { state: was }, event, after: { state: is } }: HostStepTaken): void {
    if (was.case !== "online" || event.case !== "clientLost") return;
    const { switch: pending, connection } = was.value;
    if (pending?.connection !== event.value.connection || pending.present.case !== "carrying") return;
    const isSame = is.case === "online" && is.value.connection === connection;
    this.judge.claim(isSame, () => "make before break: a switch that came to nothing has ended the present connection");
  }

  private judgeTimer({ timers }: RuntimeBook, { event, ignored }: HostStepTaken): void {
    const timer = TIMER_EVENTS[event.case ?? ""];
    if (timer === undefined) return;
    const isOfNow = timers.get(timer) === dueOf(event);
    this.judge.claim(isOfNow, () => `no stale timers: ${event.case} comes of a timer that was cancelled`);
    this.judge.claim(!ignored || !isOfNow, () => `${event.case} of a timer that runs was ignored`);
    timers.delete(timer);
  }

  /** probes change nothing: what a probe says leaves the active connection and its generation as they were. */
  private judgeProbe({ before, event, after }: HostStepTaken): void {
    if (event.case !== "probeAnswered" && event.case !== "probeFailed") return;
    if (before.state.case !== "online") return;
    const was = before.state.value;
    const is = after.state.case === "online" ? after.state.value : undefined;
    const isSame = is?.connection === was.connection && is.generation === was.generation;
    this.judge.claim(isSame, () => `probes change nothing: ${event.case} has ended the active connection`);
  }

  /** state settles: whoever has no connection has something under way that will end by itself. */
  private judgeProgress({ after: { state }, event }: HostStepTaken): void {
    const { judge } = this;
    const nowMs = event.value !== undefined && "nowMs" in event.value ? event.value.nowMs : undefined;
    if (state.case === "connectingActive") {
      const { race, connection } = state.value;
      const winner = race?.contenders.find(
        ({ stage }) => stage.case === "greeting" && stage.value.connection === connection,
      );
      judge.claim(winner !== undefined, () => "state settles: connecting_active, and nobody says hello");
    } else if (state.case === "selecting" || state.case === "interrupted" || state.case === "degraded") {
      const { effort } = state.value;
      judge.claim(effort.case !== undefined, () => `state settles: ${state.case}, and nothing is under way`);
      if (effort.case === "race") {
        const isLive = effort.value.contenders.some(({ stage }) => stage.case !== "held" && stage.case !== "beaten");
        judge.claim(isLive, () => `state settles: ${state.case}, and everybody is held or beaten`);
      } else if (effort.case === "pause" && nowMs !== undefined) {
        judge.claim(effort.value.untilMs <= nowMs + MAX_WAIT_MS, () => `state settles: ${state.case} waits too long`);
      }
    }
  }

  /** retry budget: hellos for the session, over all paths. */
  private judgeBudget({ bucket }: RuntimeBook, { event, effects }: HostStepTaken): void {
    const nowMs = event.value !== undefined && "nowMs" in event.value ? event.value.nowMs : undefined;
    const isAsked = event.case === "retryRequested" || event.case === "candidatePreferred";
    for (const { effect } of effects) {
      if ((effect.case !== "openClient" && effect.case !== "promoteProbe") || nowMs === undefined) continue;
      const isThere = bucket.take(Math.max(nowMs, dueOf(event) ?? 0), isAsked);
      this.judge.claim(isThere, () => `retry budget: ${effect.case} by ${event.case}, and no attempt is left`);
    }
  }

  private noteTimers({ timers }: RuntimeBook, effects: readonly HostEffect[]): void {
    for (const { effect } of effects) {
      if (effect.case === "cancelTimer") timers.delete(effect.value.timer);
      if (effect.case === "startTimer") timers.set(effect.value.timer, effect.value.atMs);
    }
  }

  private count({ before, event, after, effects }: HostStepTaken): void {
    const { facts } = this.judge;
    const [from, to] = [before.state, after.state];
    if (from.case !== to.case) {
      facts.count(`to ${to.case}`);
      if (to.case === "stopped") facts.count(`stopped in ${from.case}`);
    }
    if (
      from.case === "online" &&
      event.case === "clientLost" &&
      from.value.switch?.connection === event.value.connection
    ) {
      const isAccepted = from.value.switch.present.case === "superseded";
      facts.count(`switch failed ${isAccepted ? "after" : "before"} acceptance`);
    }
    if (from.case === "online" && to.case === "online" && from.value.generation !== to.value.generation) {
      facts.count("switches made");
    }
    for (const { effect } of effects) if (effect.case === "promoteProbe") facts.count("probes promoted");
  }
}
