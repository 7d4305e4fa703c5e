import { ConnectError } from "@connectrpc/connect";
import type { KeyedOutcome, KeyedQuestion, KeyedWait, KeyedWaiter, RunnableCall } from "../../rpc/keyed-calls.ts";
import { createReusedError } from "./journal-errors.ts";

/** What a key stands for. */
export interface KeyedRequest {
  /** `package.Service/Method`. */
  readonly method: string;
  /** SHA-256 of the encoded request. */
  readonly requestHash: string;
}

/** Somebody who waits for the outcome of a key. */
interface Asker extends KeyedRequest {
  readonly run: RunnableCall;
  readonly waiter: KeyedWaiter;
}

/** What callers are told: an outcome, or why there is none. */
export type KeyedAnswer = KeyedOutcome | ConnectError;

/**
 * A key that somebody waits for, or that runs. `deciding`: whether it has to run is looked up, and written down;
 * `decided`: what the key stands for is known; `running`: its handler runs, or its outcome is being kept; `over`: it has
 * an answer; `cut`: the daemon ends.
 */
export class KeyedSlot {
  readonly key: string;
  /** Resolves when there is nothing left to wait for at the end of the daemon. Never rejects. */
  settled: Promise<void> = Promise.resolve();
  private readonly askers = new Set<Asker>();
  private readonly cutting = createSignal();
  private phase: "deciding" | "decided" | "running" | "over" | "cut" = "deciding";
  /** Whose handler runs. */
  private runner: Asker | undefined = undefined;
  /** What the key stands for. Undefined until that is decided. */
  private request: KeyedRequest | undefined = undefined;
  private answer: KeyedAnswer | undefined = undefined;
  /** `held`: a caller may come back whose channel was lost. */
  private pledge: "none" | "held" = "none";

  /** @param key The idempotency key. */
  constructor(key: string) {
    this.key = key;
  }

  /** Whether its handler runs, or is about to. */
  get isRunning(): boolean {
    return this.phase === "decided" || this.phase === "running";
  }

  /** Whether it has an answer. */
  get isOver(): boolean {
    return this.phase === "over";
  }

  /** Whether somebody waits. */
  get isAsked(): boolean {
    return this.askers.size > 0;
  }

  /** Whether the daemon ends. */
  get isCut(): boolean {
    return this.phase === "cut";
  }

  /** Whether nobody waits, and nobody may come back. */
  get isDeserted(): boolean {
    return this.askers.size === 0 && this.pledge === "none";
  }

  /** Takes a caller. Nobody is told anything before this has come back. */
  join({ method, run }: KeyedQuestion, requestHash: string, waiter: KeyedWaiter): KeyedWait {
    const asker = { method, requestHash, run, waiter };
    this.askers.add(asker);
    if (this.request !== undefined || this.answer !== undefined) queueMicrotask(() => this.tell(asker));
    return { leave: (why, error) => this.leave(asker, why, error) };
  }

  /** Chooses the request that is to run under the key: the first one that somebody waits for. */
  choose(): KeyedRequest | undefined {
    this.runner = this.askers.values().next().value;
    return this.runner;
  }

  /** It is known what the key stands for. Whoever asks for something else is refused. */
  decide(request: KeyedRequest): void {
    if (this.phase !== "deciding") return;
    this.phase = "decided";
    this.request = request;
    for (const asker of this.askers) this.tell(asker);
  }

  /** Nothing is to run for those who have asked so far: the key stands for nothing again. */
  reopen(): void {
    if (this.phase !== "decided") return;
    this.phase = "deciding";
    this.request = undefined;
  }

  /** Runs the handler of the chosen request. @returns How it ended; undefined where the daemon ends first. */
  run(): Promise<KeyedOutcome | undefined> {
    const { runner } = this;
    if (runner === undefined || this.phase !== "decided") return Promise.resolve(undefined);
    this.phase = "running";
    return Promise.race([runner.run.start(), this.cutting.promise]);
  }

  /** There is an answer, for everybody who waits and whoever still comes. */
  end(answer: KeyedAnswer): void {
    if (this.phase === "cut") return;
    this.phase = "over";
    this.answer = answer;
    for (const asker of this.askers) this.tell(asker);
  }

  /** The daemon ends: the handler is aborted, and whatever it does has no effect any more. */
  cut(error: ConnectError): void {
    if (this.phase === "over") return;
    this.phase = "cut";
    this.runner?.run.cancel(error);
    this.cutting.resolve();
  }

  private leave(asker: Asker, why: "left" | "lost", error: ConnectError | undefined): void {
    if (!this.askers.delete(asker) || this.phase === "cut") return;
    if (why === "lost") this.pledge = "held";
    if (asker !== this.runner) asker.run.cancel(error);
    if (this.phase === "running" && this.isDeserted) this.runner?.run.cancel(error);
  }

  private tell(asker: Asker): void {
    const { request, answer } = this;
    if (!this.askers.has(asker)) return;
    if (request !== undefined && !isSame(request, asker)) this.refuse(asker, createReusedError(request.method));
    else if (answer instanceof ConnectError) this.refuse(asker, answer);
    else if (answer !== undefined) {
      this.askers.delete(asker);
      if (asker !== this.runner) asker.run.cancel(undefined);
      asker.waiter.answered(answer);
    }
  }

  private refuse(asker: Asker, error: ConnectError): void {
    this.askers.delete(asker);
    if (asker !== this.runner || this.phase !== "running") asker.run.cancel(error);
    asker.waiter.refused(error);
  }
}

function isSame(a: KeyedRequest, b: KeyedRequest): boolean {
  return a.method === b.method && a.requestHash === b.requestHash;
}

function createSignal(): { readonly promise: Promise<undefined>; readonly resolve: () => void } {
  let resolve: () => void = () => {};
  const promise = new Promise<undefined>((done) => {
    resolve = () => done(undefined);
  });
  return { promise, resolve };
}
