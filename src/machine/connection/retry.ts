import type {
  ConnectionState_Connected,
  RetryHint,
  RetryMemory,
} from "../../../gen/moorline/machine/v1/connection_moorline.ts";
import { backoffDelayMs, hintDelayMs } from "../../core/backoff.ts";
import { fullBudget, nextAttemptAtMs, type RetryBudget, takeAttempt } from "../../core/retry-budget.ts";

/** A welcomed connection that has lived this long was no failure, in milliseconds. */
export const HEALTHY_AFTER_MS = 1_000;
/** Credential refreshes in a row that may fail to help. */
export const MAX_REFRESHES = 2;

/** The memory of a client that has not dialled yet. */
export function freshRetryMemory(nowMs: number): RetryMemory {
  return withBudget({ failures: 0, refreshes: 0 }, fullBudget(nowMs));
}

/** The memory after one more dial. */
export function rememberDial(retry: RetryMemory | undefined, nowMs: number): RetryMemory {
  const known = retry ?? freshRetryMemory(nowMs);
  return withBudget(known, takeAttempt(budgetOf(known), nowMs));
}

/** The memory after an attempt that was never welcomed. Spec: RETRY-1. */
export function rememberFailure(retry: RetryMemory | undefined, nowMs: number): RetryMemory {
  const known = retry ?? freshRetryMemory(nowMs);
  return { ...known, failures: known.failures + 1 };
}

/** The memory after a welcomed connection has ended. Spec: RETRY-1. */
export function rememberLoss(connected: ConnectionState_Connected, nowMs: number, carriedFrames: boolean): RetryMemory {
  const known = connected.retry ?? freshRetryMemory(nowMs);
  const hasLived = nowMs - connected.sinceMs >= HEALTHY_AFTER_MS;
  return {
    ...known,
    failures: hasLived || carriedFrames ? 0 : known.failures + 1,
    refreshes: hasLived ? 0 : known.refreshes,
  };
}

/** The memory after a new credential was asked for. */
export function rememberRefresh(retry: RetryMemory): RetryMemory {
  return { ...retry, refreshes: retry.refreshes + 1 };
}

/** What the time of the next attempt depends on. */
export interface RetryInput {
  /** The memory, the failure that has just happened included. */
  readonly retry: RetryMemory;
  /** The hint of whoever ended the connection, if there is one. */
  readonly hint: Pick<RetryHint, "afterMs" | "jitterMs"> | undefined;
  /** The present. */
  readonly nowMs: number;
  /** Chance, from 0 (included) to 1 (not included). */
  readonly unitRandom: number;
}

/** When to dial again: by the hint, else by backoff, and not before the budget has an attempt. Spec: RETRY-2 to RETRY-4. */
export function nextRetryAtMs(input: RetryInput): number {
  return nextAttemptAtMs(budgetOf(input.retry), input.nowMs + retryDelayMs(input));
}

function retryDelayMs({ retry, hint, unitRandom }: RetryInput): number {
  if (hint !== undefined) return hintDelayMs(hint.afterMs, hint.jitterMs, unitRandom);
  return backoffDelayMs(retry.failures, unitRandom);
}

function budgetOf(retry: RetryMemory): RetryBudget {
  return { tokens: retry.budgetTokens, atMs: retry.budgetAtMs };
}

function withBudget(retry: Pick<RetryMemory, "failures" | "refreshes">, budget: RetryBudget): RetryMemory {
  return { ...retry, budgetTokens: budget.tokens, budgetAtMs: budget.atMs };
}
