import type { DescMessage } from "@bufbuild/protobuf";
import { Code, ConnectError, type UnaryResponse } from "@connectrpc/connect";
import { CallOutcome, ChannelLossReason, ChannelLostSchema } from "../../gen/moorline/session/v1/error_pb.ts";
import type { CallChannel } from "../channel/call.ts";
import type { Clock } from "../core/clock.ts";
import type { Random } from "../core/random.ts";
import { createAbortError, createNotReadyError, outcomeOf } from "./call-errors.ts";
import type { AbortSource, CallSetup } from "./call-setup.ts";
import type { DeadlineQueue } from "./deadline-queue.ts";
import type { MethodPlan } from "./method-plan.ts";
import { UnaryCall } from "./unary-call.ts";

/** How unary calls are repeated whose method may be. */
export interface RetryOptions {
  /** Tries of one call, the first included. Default 4; 1 means that nothing is repeated. */
  readonly maxTries: number;
  /** The delay before try `n` + 2 is random from 0 to this times 2 to the `n`. Default 100 ms. */
  readonly baseDelayMs: number;
  /** And never above this. Default 5 s. */
  readonly maxDelayMs: number;
}

/** Defaults of {@link RetryOptions}. */
export const retryDefaults: RetryOptions = { maxTries: 4, baseDelayMs: 100, maxDelayMs: 5000 };

/** What the calls of one transport share. */
export interface CallEnvironment {
  /** The channel as it is now; a lost one is replaced by another. */
  readonly channel: () => CallChannel;
  /** Time. */
  readonly clock: Clock;
  /** Chance, for jitter. */
  readonly random: Pick<Random, "unit">;
  /** The deadlines of all calls. */
  readonly deadlines: DeadlineQueue;
  /** How calls are repeated. */
  readonly retry: RetryOptions;
}

/**
 * Makes a unary call, and repeats it where its method declares an idempotency level, or it has a key: only after
 * UNAVAILABLE, with or without ChannelLost, and within its deadline. Spec: CALL-13, CALL-16.
 * @returns The answer; rejects with a ConnectError: where a try may have had its effect, never one that says NOT_SENT.
 */
export function runUnary<I extends DescMessage, O extends DescMessage>(
  environment: CallEnvironment,
  plan: MethodPlan<I, O>,
  setup: CallSetup,
  message: Uint8Array,
): Promise<UnaryResponse<I, O>> {
  if (setup.signal?.aborted === true) return Promise.reject(createAbortError(setup.signal));
  const channel = environment.channel();
  if (!setup.waitForReady && !channel.isAttached) return Promise.reject(createNotReadyError());
  const first = UnaryCall.run(channel, environment.deadlines, plan, setup, message);
  if (!plan.isRepeatable && setup.idempotencyKey === undefined) return first;
  return first.catch((error: unknown) => repeatUnary(environment, plan, setup, message, ConnectError.from(error)));
}

async function repeatUnary<I extends DescMessage, O extends DescMessage>(
  environment: CallEnvironment,
  plan: MethodPlan<I, O>,
  setup: CallSetup,
  message: Uint8Array,
  firstError: ConnectError,
): Promise<UnaryResponse<I, O>> {
  const { retry, random, clock, deadlines } = environment;
  let error = firstError;
  for (let repeats = 0; repeats + 1 < retry.maxTries && mayRepeat(plan, error); repeats += 1) {
    const delayMs = random.unit() * Math.min(retry.maxDelayMs, retry.baseDelayMs * 2 ** repeats);
    if (setup.deadlineMs !== undefined && clock.now() + delayMs >= setup.deadlineMs) break;
    await sleep(clock, delayMs, setup.signal);
    const channel = environment.channel();
    if (!setup.waitForReady && !channel.isAttached) break;
    try {
      return await UnaryCall.run(channel, deadlines, plan, setup, message);
    } catch (thrown) {
      error = worseOf(error, ConnectError.from(thrown));
    }
  }
  throw error;
}

function mayRepeat({ isRepeatable }: MethodPlan, error: ConnectError): boolean {
  if (error.code !== Code.Unavailable) return false;
  return !error.findDetails(ChannelLostSchema).some(({ reason, outcome }) => {
    // The keys of a session end with it: a call that has run under one would run again.
    const isForgotten = reason === ChannelLossReason.SESSION_ENDED && outcome !== CallOutcome.NOT_SENT;
    return reason === ChannelLossReason.CLIENT_STOPPED || (isForgotten && !isRepeatable);
  });
}

/** Of the errors of two tries the one that does not hide that the call may have had its effect. */
function worseOf(earlier: ConnectError, later: ConnectError): ConnectError {
  const isHidden = outcomeOf(later) === CallOutcome.NOT_SENT && outcomeOf(earlier) !== CallOutcome.NOT_SENT;
  return isHidden ? earlier : later;
}

function sleep(clock: Clock, delayMs: number, signal: AbortSource | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const listener = {
      handleEvent: () => {
        timer.cancel();
        signal?.removeEventListener("abort", listener);
        reject(createAbortError(signal ?? {}));
      },
    };
    const timer = clock.setTimer(delayMs, () => {
      signal?.removeEventListener("abort", listener);
      resolve();
    });
    if (signal?.aborted === true) listener.handleEvent();
    else signal?.addEventListener("abort", listener);
  });
}
