import type { RetryMemory } from "../../../gen/moorline/machine/v1/connection_moorline.ts";
import type { CandidateRecord, HostEffect, HostMemory } from "../../../gen/moorline/machine/v1/host_moorline.ts";
import { ChannelLossReason } from "../../../gen/moorline/session/v1/error_pb.ts";
import { Visibility } from "../../../gen/moorline/state/v1/phase_pb.ts";
import { nextAttemptAtMs } from "../../core/retry-budget.ts";
import { freshRetryMemory, rememberDial } from "../connection/retry.ts";

/** What is remembered of nothing yet. */
const freshMemory: HostMemory = {
  candidates: [],
  preferredCandidateId: "",
  visibility: Visibility.UNSPECIFIED,
  lastGeneration: 0,
  lastNumber: 0,
};

/** The memory and the effects of one step while it is being made. Lives no longer than the step. */
export class HostDraft {
  /** What will be remembered. */
  memory: HostMemory;
  /** What will be done, in this order. */
  readonly effects: HostEffect[] = [];

  constructor(memory: HostMemory | undefined) {
    this.memory = memory ?? freshMemory;
  }

  get retry(): RetryMemory {
    return this.memory.retry ?? freshRetryMemory(0);
  }

  do(effect: HostEffect["effect"]): void {
    this.effects.push({ effect });
  }

  setRetry(retry: RetryMemory): void {
    this.memory = { ...this.memory, retry };
  }

  setVisibility(visibility: Visibility): void {
    if (this.memory.visibility === visibility) return;
    this.memory = { ...this.memory, visibility };
  }

  setPreferred(preferredCandidateId: string): void {
    if (this.memory.preferredCandidateId === preferredCandidateId) return;
    this.memory = { ...this.memory, preferredCandidateId };
  }

  setCandidates(candidates: readonly CandidateRecord[]): void {
    this.memory = { ...this.memory, candidates: [...candidates] };
  }

  find(candidateId: string): CandidateRecord | undefined {
    return this.memory.candidates.find((record) => record.candidateId === candidateId);
  }

  /** Changes what is known of one candidate. */
  update(candidateId: string, change: (record: CandidateRecord) => CandidateRecord): void {
    this.updateAll((record) => (record.candidateId === candidateId ? change(record) : record));
  }

  /** Changes what is known of every candidate. */
  updateAll(change: (record: CandidateRecord) => CandidateRecord): void {
    const { candidates } = this.memory;
    const changed = candidates.map(change);
    if (changed.some((record, index) => record !== candidates[index])) this.setCandidates(changed);
  }

  /** The number of the next connection or request. */
  takeNumber(): number {
    const lastNumber = this.memory.lastNumber + 1;
    this.memory = { ...this.memory, lastNumber };
    return lastNumber;
  }

  /** The generation of the next active connection. */
  takeGeneration(): number {
    const lastGeneration = this.memory.lastGeneration + 1;
    this.memory = { ...this.memory, lastGeneration };
    return lastGeneration;
  }

  /** The earliest instant at which a hello for the session may be said. Spec: RETRY-3. */
  attemptAtMs(nowMs: number): number {
    const { budgetTokens, budgetAtMs } = this.retry;
    return nextAttemptAtMs({ tokens: budgetTokens, atMs: budgetAtMs }, nowMs);
  }

  /** Opens a client of a candidate. @returns The number of its connection. */
  openClient(candidateId: string, nowMs: number): number {
    const connection = this.takeNumber();
    this.setRetry(rememberDial(this.retry, nowMs));
    this.do({ case: "openClient", value: { connection, candidateId } });
    return connection;
  }

  /** Opens a probe of a candidate. @returns The number of its connection. */
  openProbe(candidateId: string): number {
    const connection = this.takeNumber();
    this.do({ case: "openProbe", value: { connection, candidateId } });
    return connection;
  }

  /** Makes a client of a probe. */
  promoteProbe(connection: number, nowMs: number): void {
    this.setRetry(rememberDial(this.retry, nowMs));
    this.do({ case: "promoteProbe", value: { connection } });
  }

  /** Nobody will connect until somebody asks: calls end, and the credential is asked for anew. Spec: HOST-12. */
  giveUp(): void {
    this.do({ case: "forgetCredential", value: {} });
    this.do({ case: "loseChannel", value: { reason: ChannelLossReason.CLIENT_STOPPED } });
  }
}
