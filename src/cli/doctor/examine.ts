import { performance } from "node:perf_hooks";
import { create } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { type Finding, FindingSchema, Reason, Result, type Step } from "../../../gen/moorline/doctor/v1/doctor_pb.ts";
import { CloseCode } from "../../../gen/moorline/session/v1/close_code_pb.ts";
import { SecretScrubber } from "../../client/secret-scrubber.ts";
import { exitCodes } from "../failure.ts";
import { callSteps } from "./call-steps.ts";
import { httpSteps } from "./http-steps.ts";
import { localSteps } from "./local-steps.ts";
import { networkSteps } from "./network-steps.ts";
import { failed, type Outcome, skipped, verdictAfter } from "./outcome.ts";
import { sessionSteps } from "./session-steps.ts";
import type { DoctorInput, StepPlan, Visit } from "./visit.ts";

const steps: readonly StepPlan[] = [...localSteps, ...networkSteps, ...httpSteps, ...sessionSteps, ...callSteps];

/** What is wrong with how the program was called, or with its files. */
const USAGE_REASONS: ReadonlySet<Reason> = new Set([
  Reason.ENDPOINT_MALFORMED,
  Reason.ENDPOINT_INSECURE,
  Reason.FILE_UNREADABLE,
  Reason.FILE_MALFORMED,
]);
/** The daemon is reached, and does not want. */
const REJECTED_REASONS: ReadonlySet<Reason> = new Set([
  Reason.REQUEST_REFUSED,
  Reason.IDENTITY_FALSE,
  Reason.WRONG_SERVER,
  Reason.PROTOCOL_UNSUPPORTED,
  Reason.REJECTED,
  Reason.NOT_SERVING,
]);

/**
 * Takes every step on the way to a daemon, one after the other, and tells each as soon as it is over. A step that needs one
 * that has failed is skipped. No file is changed, and no session is touched.
 */
export async function* examine(input: DoctorInput): AsyncGenerator<Finding> {
  const visit: Visit = { input };
  const blocked = new Set<Step>();
  try {
    for (const plan of steps) {
      const isBlocked = plan.needs.some((step) => blocked.has(step));
      const startedAtMs = performance.now();
      const outcome = isBlocked ? skipped("a step before it has failed") : await take(plan, visit);
      if (isBlocked || outcome.result === Result.FAILED) blocked.add(plan.step);
      const ms = outcome.result === Result.SKIPPED ? 0 : performance.now() - startedAtMs;
      yield toFinding(plan.step, outcome, Math.round(ms), visit);
    }
  } finally {
    visit.probe?.leave(CloseCode.CONNECTION_DONE);
  }
}

/** What the program ends with: 0, or the code of the first failure. Warnings are none. */
export function exitCodeOf(findings: readonly Finding[]): number {
  const first = findings.find(({ result }) => result === Result.FAILED);
  if (first === undefined) return 0;
  if (USAGE_REASONS.has(first.reason)) return exitCodes.usage;
  return REJECTED_REASONS.has(first.reason) ? exitCodes.rejected : exitCodes.connection;
}

/** Takes a step, for as long as it may take. */
async function take(plan: StepPlan, visit: Visit): Promise<Outcome> {
  const { timeoutMs } = visit.input;
  const late = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const timedOut = new Promise<Outcome>((resolve) => {
    timer = setTimeout(() => {
      resolve(failed(plan.lateReason, `nothing came within ${timeoutMs / 1_000} s`));
      late.abort();
    }, timeoutMs);
  });
  const taken = Promise.resolve(plan.run(visit, late.signal));
  // What is cut off when the time is up fails later, and nobody asks any more.
  taken.catch(() => {});
  try {
    return await Promise.race([taken, timedOut]);
  } finally {
    clearTimeout(timer);
  }
}

function toFinding(step: Step, outcome: Outcome, ms: number, { sessionKey, token }: Visit): Finding {
  const { result, reason, action, closeCode } = outcome;
  const scrubber = new SecretScrubber(sessionKey ?? "\0");
  scrubber.add(token ?? "");
  // What comes from a peer goes to somebody's terminal.
  const message = scrubber.clean(outcome.message).replaceAll(/\p{Cc}+/gu, " ");
  const verdict = verdictAfter(outcome);
  return create(FindingSchema, {
    step,
    result,
    reason,
    closeCode,
    verdict,
    message,
    action,
    duration: durationFromMs(ms),
  });
}
