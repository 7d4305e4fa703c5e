import type { Clock, Timer } from "../core/clock.ts";
import { type Authenticate, type AuthenticateRequest, type Authority, readAnswer } from "./authenticate.ts";
import { type Refusal, refuse } from "./refusal.ts";

/** What a judgement needs of its server. */
export interface JudgementContext {
  readonly clock: Clock;
  /** The credential hook. */
  readonly authenticate: Authenticate;
  /** How long the hook and the store may take, in milliseconds. */
  readonly judgeTimeoutMs: number;
  /** Resolves when the sessions of the store are there; undefined where they are. */
  readonly ready: () => Promise<void> | undefined;
  /** Hears what was thrown. */
  readonly failed: (what: string, error: unknown) => void;
}

/** What comes of a hello before anything of the server is looked at. */
export type Judged = Authority | Refusal;

/**
 * Asks the hook for whom a hello stands, and waits for the store: everything about a hello that is asynchronous. Where both
 * answer at once, so does this. Spec: ATTEMPT-5, AUTH-7.
 * @param done Hears the outcome, once, unless the judgement is cancelled before.
 * @returns What cancels it.
 */
export function judge(
  context: JudgementContext,
  request: AuthenticateRequest,
  done: (judged: Judged) => void,
): () => void {
  const { clock, failed } = context;
  let phase: "judging" | "over" = "judging";
  let timer: Timer | undefined;
  const finish = (judged: Judged): void => {
    if (phase === "over") return;
    phase = "over";
    timer?.cancel();
    done(judged);
  };
  const fail = (what: string, error: unknown): void => {
    failed(what, error);
    finish(refuse("INTERNAL", `${what} has failed; the log of the daemon says more`));
  };
  const answer = askNow(context, request, fail);
  const ready = context.ready();
  if (answer === undefined) return () => {};
  if (!(answer instanceof Promise) && ready === undefined) {
    finish(answer);
    return () => {};
  }
  timer = clock.setTimer(context.judgeTimeoutMs, () => {
    finish(refuse("INTERNAL", "the daemon could not judge the hello in time"));
  });
  const authority = Promise.resolve(answer).catch((error: unknown) => fail(HOOK, error));
  const stored = Promise.resolve(ready).catch((error: unknown) => fail("the session store", error));
  Promise.all([authority, stored])
    .then(([judged]) => judged !== undefined && finish(judged))
    .catch((error: unknown) => failed("a handshake", error));
  return () => {
    phase = "over";
    timer?.cancel();
  };
}

const HOOK = "the credential hook";

/** @returns undefined where the hook has thrown. */
function askNow(
  { authenticate, clock }: JudgementContext,
  request: AuthenticateRequest,
  fail: (what: string, error: unknown) => void,
): Judged | Promise<Judged> | undefined {
  try {
    const answer = authenticate(request);
    if (!isThenable(answer)) return readAnswer(answer, clock.wallNow());
    return Promise.resolve(answer).then((late) => readAnswer(late, clock.wallNow()));
  } catch (error) {
    fail(HOOK, error);
    return undefined;
  }
}

function isThenable<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}
