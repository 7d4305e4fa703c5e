import { Code, ConnectError, createContextValues, type HandlerContext } from "@connectrpc/connect";
import {
  CallOutcome,
  type ChannelLossReason,
  ChannelLostSchema,
  IdempotencyKeyReusedSchema,
  KeyedRunCutSchema,
  Limit,
  LimitExceededSchema,
} from "../../../gen/moorline/session/v1/error_pb.ts";
import { outcomeOf } from "../../../src/rpc/call-errors.ts";
import { idempotencyKey } from "../../../src/rpc/context-keys.ts";
import type { SimulatedRandom } from "../../../src/testing/simulated-random.ts";
import { unaryTimeoutMs } from "../../../src/wire/limits.ts";
import type { SayRequest } from "../../unit/rpc/gen/rpctest/v1/echo_pb.ts";
import type { EchoClient } from "./echo-service.ts";
import type { KeyedBook, KeyedRequest, RunEnd } from "./keyed-book.ts";
import { nameOf } from "./names.ts";
import type { Process } from "./process.ts";
import { judgeErrorText } from "./transition-judge.ts";

/** How the errors of handlers begin, before the number of the run. */
const ENDINGS: Readonly<Record<string, RunEnd>> = { "as planned, run ": "failing", "not now, run ": "passing" };
/** A deadline travels in whole milliseconds. */
const ROUNDING_MS = 1;

/** Whether a request was made under a key. */
export function isKeyed({ text }: SayRequest): boolean {
  return text.startsWith("keyed ");
}

/** Serves a keyed call as its request says, and enters the run. */
export async function serveKeyed(
  book: KeyedBook,
  process: Process,
  { text }: SayRequest,
  { signal }: HandlerContext,
): Promise<{ text: string; number: number; data: Uint8Array }> {
  const effect = book.begin(text, process);
  const { bytes, workMs, end } = effect.request;
  process.runningHandlers += 1;
  if (workMs > 0) await process.pause(workMs, signal);
  process.runningHandlers -= 1;
  effect.end = end;
  if (end === "failing") throw new ConnectError(`as planned, run ${effect.no}`, Code.Aborted);
  if (end === "passing") throw new ConnectError(`not now, run ${effect.no}`, Code.Unavailable);
  return { text, number: effect.no, data: new Uint8Array(bytes) };
}

/** Who makes keyed calls. */
export interface KeyedCaller {
  readonly process: Process;
  readonly book: KeyedBook;
  readonly echo: EchoClient;
  readonly random: SimulatedRandom;
  /** Whether a call may have failed because a channel was lost for a reason. */
  isLost(reason: ChannelLossReason, startedAtMs: number): boolean;
}

/** One call, as its caller sees it. */
interface Ask {
  readonly request: KeyedRequest;
  readonly startedAtMs: number;
  readonly timeoutMs: number;
  hasLeft: boolean;
}

/** Makes a keyed call, and judges what is told of it. Never rejects. */
export async function makeKeyedCall(caller: KeyedCaller, request: KeyedRequest): Promise<void> {
  const { process, book, echo, random } = caller;
  const controller = new AbortController();
  const timeoutMs = random.chance(0.1) ? random.pick([20, 200, 2_000]) : unaryTimeoutMs;
  const ask: Ask = { request, timeoutMs, startedAtMs: process.clock.now(), hasLeft: false };
  if (random.chance(0.1)) {
    void process.pause(random.pick([0, 1, 30, 300, 3_000]), controller.signal).then(() => {
      ask.hasLeft = true;
      controller.abort();
    });
  }
  request.possible += 1;
  const contextValues = createContextValues().set(idempotencyKey, request.key);
  try {
    const answer = await echo.say({ text: request.text }, { contextValues, timeoutMs, signal: controller.signal });
    const isWhole = answer.text === request.text && answer.data.length === request.bytes;
    book.judge.claim(isWhole, () => `${request.text} is answered ${answer.text}, ${answer.data.length} B`);
    book.toldRun(request, answer.number, "ok", ask.startedAtMs);
    book.judge.facts.count("keyed ok");
  } catch (thrown) {
    judgeError(caller, ask, ConnectError.from(thrown));
  } finally {
    controller.abort();
  }
}

function judgeError(caller: KeyedCaller, ask: Ask, error: ConnectError): void {
  const { judge } = caller.book;
  const { request } = ask;
  judgeErrorText(judge, error);
  if (outcomeOf(error) === CallOutcome.NOT_SENT) request.possible -= 1;
  const what = judgeTold(caller, ask, error);
  judge.claim(what !== undefined, () => `${request.text}: it has failed for no reason: ${error.message}`);
  judge.facts.count(`keyed ${what}`);
}

/** @returns What the caller was told, in a word; undefined where it must not have been. */
function judgeTold({ book, process, isLost }: KeyedCaller, ask: Ask, error: ConnectError): string | undefined {
  const { request, startedAtMs, timeoutMs, hasLeft } = ask;
  const run = /^(.*, run )(\d+)$/.exec(error.rawMessage);
  const end = ENDINGS[run?.[1] ?? ""];
  if (end !== undefined) {
    book.toldRun(request, Number(run?.[2]), end, startedAtMs);
    return end;
  }
  if (error.findDetails(KeyedRunCutSchema).length > 0) {
    book.toldCut(request, startedAtMs);
    return "cut";
  }
  if (error.findDetails(IdempotencyKeyReusedSchema).length > 0) {
    book.toldReused(request);
    return "reused";
  }
  const [limit] = error.findDetails(LimitExceededSchema);
  if (limit !== undefined) {
    book.toldFull(request, startedAtMs);
    return `full ${nameOf(Limit, limit.limit)}`;
  }
  if (error.code === Code.Canceled && hasLeft) return "left";
  const elapsedMs = process.clock.now() - startedAtMs + ROUNDING_MS;
  if (error.code === Code.DeadlineExceeded && elapsedMs >= timeoutMs) return "late";
  const losses = error.findDetails(ChannelLostSchema);
  return losses.some(({ reason }) => isLost(reason, startedAtMs)) ? "lost" : undefined;
}
