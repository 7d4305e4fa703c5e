import type { CandidateRecord, HostState } from "../../../gen/moorline/machine/v1/host_moorline.ts";
import { SetAsideReason } from "../../../gen/moorline/state/v1/reason_pb.ts";
import { memoryOf } from "../../../src/runtime/selectors.ts";
import type { Judge } from "../session/judge.ts";
import { nameOf } from "../session/names.ts";

const MAX_CANDIDATES = 8;
const MAX_SAMPLES = 32;

/** memory bounded: what a state holds has limits, whatever happens. Counts what is remembered of candidates, too. */
export class MemoryJudge {
  private readonly judgeOf: Judge;

  constructor(judge: Judge) {
    this.judgeOf = judge;
  }

  /** Judges a state. */
  judge(state: HostState): void {
    const judge = this.judgeOf;
    const { candidates } = memoryOf({ host: state }) ?? { candidates: [] };
    judge.claim(candidates.length <= MAX_CANDIDATES, () => `memory bounded: ${candidates.length} candidates`);
    for (const { samples, candidateId } of candidates) {
      judge.claim(samples.length <= MAX_SAMPLES, () => `memory bounded: ${samples.length} samples of ${candidateId}`);
    }
    const { state: present } = state;
    if (present.case === "online") {
      const { measurements } = present.value;
      const names = new Set(measurements.map(({ candidateId }) => candidateId));
      judge.claim(names.size === measurements.length, () => "memory bounded: two probes of one candidate at once");
    }
    for (const record of candidates) this.count(record);
  }

  private count({ barredUntilMs, setAside }: CandidateRecord): void {
    const { facts } = this.judgeOf;
    if (barredUntilMs > 0) facts.count("candidate barred");
    if (setAside !== undefined) facts.count(`set aside ${nameOf(SetAsideReason, setAside.reason)}`);
  }
}
