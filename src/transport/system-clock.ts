import type { Clock, Timer } from "../core/clock.ts";
import { Queue } from "../core/queue.ts";

/** The longest delay that platforms' timers know; they take a longer one for none at all. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;

class SystemTimer implements Timer {
  private handle: ReturnType<typeof setTimeout> | undefined;
  private readonly dueAt: number;
  private readonly callback: () => void;

  constructor(delayMs: number, callback: () => void) {
    this.dueAt = performance.now() + delayMs;
    this.callback = callback;
    this.arm(delayMs);
  }

  cancel(): void {
    clearTimeout(this.handle);
  }

  private arm(remainingMs: number): void {
    this.handle = setTimeout(() => this.fire(), Math.min(Math.ceil(remainingMs), MAX_TIMEOUT_MS));
  }

  private fire(): void {
    const remainingMs = this.dueAt - performance.now();
    if (remainingMs > 0) this.arm(remainingMs);
    else this.callback();
  }
}

type Defer = Clock["defer"];

/** `setImmediate` where there is one, else a message to itself, else a timeout of 0. */
export const deferMacrotask: Defer = /*@__PURE__*/ createDefer();

function createDefer(): Defer {
  const immediate: unknown = Reflect.get(globalThis, "setImmediate");
  if (typeof immediate === "function") return immediate as Defer;
  if (typeof MessageChannel === "function") return createChannelDefer();
  return (callback) => void setTimeout(callback, 0);
}

function createChannelDefer(): Defer {
  const { port1, port2 } = new MessageChannel();
  const waiting = new Queue<() => void>();
  Object.assign(port1, { onmessage: () => waiting.shift()?.() });
  return (callback) => {
    waiting.push(callback);
    port2.postMessage(undefined);
  };
}

/**
 * Node runs what was given to `nextTick` when all microtasks are done; nothing else does so before the end of the turn. Stands
 * behind `deferMacrotask`, which it may be.
 */
const settle: Defer = /*@__PURE__*/ createSettle();

function createSettle(): Defer {
  const { process } = globalThis as { readonly process?: { readonly nextTick?: unknown } };
  const nextTick = process?.nextTick;
  return typeof nextTick === "function" ? (callback) => void nextTick(callback) : deferMacrotask;
}

/**
 * The clock of the machine: `performance.now`, `Date.now` and `setTimeout`. A timer never fires early by `now()`, and
 * takes delays of any length. Deferred callbacks run in the order in which they were given.
 */
export const systemClock: Clock = {
  now: () => performance.now(),
  wallNow: () => Date.now(),
  setTimer: (delayMs, callback) => new SystemTimer(Math.max(0, delayMs), callback),
  defer: (callback) => deferMacrotask(callback),
  soon: (callback) => settle(callback),
};
