import type { ConnectError } from "@connectrpc/connect";
import type { Header } from "../../gen/moorline/session/v1/packet_moorline.ts";
import type { CallResult } from "../channel/call.ts";

/** How the run of a keyed call ended: what every caller of the key is answered. */
export interface KeyedOutcome {
  /** Response headers. */
  readonly headers: readonly Header[];
  /** Status, details, trailers, and the answer. */
  readonly result: CallResult;
}

/** The handler of a keyed call, ready to be run. It belongs to no channel. */
export interface RunnableCall {
  /** Runs the handler, once. Never rejects. */
  start(): Promise<KeyedOutcome>;
  /** Aborts the handler. It may still end in any way, or not at all. */
  cancel(error: ConnectError | undefined): void;
}

/** A keyed call, as the journal is asked for its outcome. */
export interface KeyedQuestion {
  /** The idempotency key. */
  readonly key: string;
  /** `package.Service/Method`. */
  readonly method: string;
  /** The request, encoded. */
  readonly request: Uint8Array;
  /** What is run where the key is new. */
  readonly run: RunnableCall;
}

/** Who waits for the outcome of a keyed call. Hears one of the two, once, and not before `ask` has come back. */
export interface KeyedWaiter {
  /** The run has ended, now or long ago. */
  answered(outcome: KeyedOutcome): void;
  /** There is no outcome for this caller. */
  refused(error: ConnectError): void;
}

/** A caller that waits. */
export interface KeyedWait {
  /**
   * The caller waits no longer. `left`: by its own will, or because its time is up; a run that nobody waits for is
   * cancelled then. `lost`: its channel was lost, so that it may come back; the run goes on. Spec: JOURNAL-8.
   */
  leave(why: "left" | "lost", error: ConnectError | undefined): void;
}

/** Runs the keyed calls of a session, each key once. Spec: JOURNAL. */
export interface KeyedCalls {
  /** Asks for the outcome of a call: of its one run, which may be over, under way, or still to be begun. */
  ask(question: KeyedQuestion, waiter: KeyedWaiter): KeyedWait;
}
