import type { CandidateRecord, HostEffect } from "../../../gen/moorline/machine/v1/host_moorline.ts";
import { CloseCode } from "../../../gen/moorline/session/v1/close_code_pb.ts";
import { memoryOf } from "../../../src/runtime/selectors.ts";
import type { Judge } from "../session/judge.ts";
import type { HostStepTaken } from "./watch-machine.ts";

/** The shortest bar. */
const BAR_MS = 60_000;

/**
 * bars and set asides: a candidate that was switched away from, or could not be switched to, is not switched to for a
 * minute, unless somebody wants it; one that was set aside is never dialled; and whoever was superseded has not failed.
 */
export class PathJudge {
  private readonly judge: Judge;
  private readonly barredUntilMs = new Map<string, number>();

  constructor(judge: Judge) {
    this.judge = judge;
  }

  /** A step was taken. */
  taken({ before, event, after, effects }: HostStepTaken): void {
    const nowMs = event.value !== undefined && "nowMs" in event.value ? event.value.nowMs : 0;
    const [was, is] = [before.state, after.state];
    const candidates = memoryOf({ host: after })?.candidates ?? [];
    this.forget(candidates);
    for (const { effect } of effects) {
      this.judgeDial(effect, candidates);
      const isOwnChoice = event.case === "probeAnswered" || event.case === "clientDoubted";
      const target = is.case === "online" && isOwnChoice ? is.value.switch?.candidateId : undefined;
      const isSwitch = effect.case === "openClient" || effect.case === "promoteProbe";
      if (target === undefined || !isSwitch || memoryOf({ host: after })?.preferredCandidateId === target) continue;
      const untilMs = this.barredUntilMs.get(target) ?? 0;
      this.judge.claim(
        nowMs >= untilMs,
        () => `bars: ${target} is switched to ${untilMs - nowMs} ms before its bar is over`,
      );
    }
    if (was.case === "online" && is.case === "online" && was.value.generation !== is.value.generation) {
      this.barredUntilMs.set(was.value.candidateId, nowMs + BAR_MS);
    }
    for (const record of candidates) this.judgeSetAside(record);
  }

  /** What has left the profile is new when it comes back. */
  private forget(candidates: readonly CandidateRecord[]): void {
    for (const id of this.barredUntilMs.keys()) {
      if (!candidates.some(({ candidateId }) => candidateId === id)) this.barredUntilMs.delete(id);
    }
  }

  private judgeDial(effect: HostEffect["effect"], candidates: readonly CandidateRecord[]): void {
    if (effect.case !== "openClient" && effect.case !== "openProbe") return;
    const { candidateId } = effect.value;
    const record = candidates.find((known) => known.candidateId === candidateId);
    this.judge.claim(record !== undefined, () => `${candidateId} is dialled, and not in the profile`);
    this.judge.claim(record?.setAside === undefined, () => `set aside: ${candidateId} is dialled all the same`);
  }

  private judgeSetAside({ candidateId, setAside }: CandidateRecord): void {
    const isSuperseded = setAside?.loss?.code === CloseCode.SUPERSEDED;
    this.judge.claim(!isSuperseded, () => `superseded is no failure: ${candidateId} was set aside for it`);
  }
}
