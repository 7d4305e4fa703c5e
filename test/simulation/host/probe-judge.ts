import type { ConnectionLoss } from "../../../gen/moorline/machine/v1/connection_moorline.ts";
import { RetryVerdict } from "../../../gen/moorline/schema/v1/options_pb.ts";
import { CloseCode } from "../../../gen/moorline/session/v1/close_code_pb.ts";
import { Visibility } from "../../../gen/moorline/state/v1/phase_pb.ts";
import { memoryOf } from "../../../src/runtime/selectors.ts";
import { verdictOf } from "../../../src/wire/verdict.ts";
import type { Judge } from "../session/judge.ts";
import type { HostStepTaken } from "./watch-machine.ts";

/** The longest interval between two probes of a path that fails. */
const MAX_INTERVAL_MS = 300_000;
/** Sums of parts are not exact. */
const TOLERANCE_MS = 1;

/** What is known of the probes of one candidate while its host is online. */
interface Known {
  startedAtMs: number;
  failures: number;
  failedAtMs: number;
}

/**
 * probe rate: while the host is online, none is begun where nobody sees the program, and none before the interval of its
 * candidate is over, which doubles with each failure; unless something has happened after which paths may be others.
 */
export class ProbeJudge {
  private readonly judge: Judge;
  private readonly intervalMs: number;
  private readonly known = new Map<string, Known>();
  private readonly connections = new Map<number, string>();

  constructor(judge: Judge, intervalMs: number) {
    this.judge = judge;
    this.intervalMs = intervalMs;
  }

  /** A step was taken. */
  taken({ before, event, after, effects, ignored }: HostStepTaken): void {
    if (ignored) return;
    if (event.case === "probeFailed" && saysSomething(event.value.loss)) {
      this.failed(event.value.connection, event.value.nowMs);
    }
    if (event.case === "probeAnswered") this.answered(event.value.connection);
    const isMeasuring = before.state.case === "online" && after.state.case === "online" && event.case === "probeDue";
    // Whatever else happens may have other paths, and is followed by a measurement at once.
    if (
      !isMeasuring &&
      event.case !== "probeFailed" &&
      event.case !== "probeAnswered" &&
      event.case !== "clientMeasured"
    ) {
      this.known.clear();
    }
    for (const { effect } of effects) {
      if (effect.case !== "openProbe") continue;
      const { candidateId, connection } = effect.value;
      this.connections.set(connection, candidateId);
      if (isMeasuring) this.begun(candidateId, Math.max(event.value.nowMs, event.value.dueAtMs));
      const isHidden = memoryOf({ host: after })?.visibility === Visibility.HIDDEN;
      this.judge.claim(!(isMeasuring && isHidden), () => "probe rate: a probe is begun, and nobody sees the program");
    }
  }

  private begun(candidateId: string, nowMs: number): void {
    const known = this.known.get(candidateId);
    if (known === undefined) {
      this.known.set(candidateId, { startedAtMs: nowMs, failures: 0, failedAtMs: nowMs });
      return;
    }
    const { startedAtMs, failures, failedAtMs } = known;
    const sinceMs = failures === 0 ? startedAtMs : failedAtMs;
    const leastMs = Math.min(MAX_INTERVAL_MS, this.intervalMs * 2 ** failures);
    known.startedAtMs = nowMs;
    this.judge.claim(
      nowMs - sinceMs >= leastMs - TOLERANCE_MS,
      () =>
        `probe rate: ${candidateId} is probed ${nowMs - sinceMs} ms later, and not ${leastMs}, after ${failures} failures`,
    );
    this.judge.facts.count("probes in their interval");
  }

  private failed(connection: number, nowMs: number): void {
    const known = this.known.get(this.connections.get(connection) ?? "");
    if (known === undefined) return;
    known.failures += 1;
    known.failedAtMs = nowMs;
  }

  private answered(connection: number): void {
    const known = this.known.get(this.connections.get(connection) ?? "");
    if (known !== undefined) known.failures = 0;
  }
}

/** A server that has no room for a probe, or wants another credential, says nothing of the path. */
function saysSomething({ code = 0 }: Partial<ConnectionLoss> = {}): boolean {
  return code !== CloseCode.OVERLOADED && verdictOf(code) !== RetryVerdict.REFRESH_CREDENTIAL;
}
