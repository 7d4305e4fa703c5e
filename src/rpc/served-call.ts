import type { DescMessage, MessageInitShape } from "@bufbuild/protobuf";
import { Code, ConnectError, type MethodImplSpec } from "@connectrpc/connect";
import type { Call, CallClose, CallListener, CallResult } from "../channel/call.ts";
import type { RosterMember } from "../core/roster.ts";
import { CallContext, type ContextSource } from "./call-context.ts";
import { closeToError, createDeadlineError, createHeaderError, errorToResult, thrownToError } from "./call-errors.ts";
import type { DeadlineEntry, DeadlineQueue } from "./deadline-queue.ts";
import { interceptStreamHandler, interceptUnaryHandler } from "./handler-interception.ts";
import { findBadHeader, headersToList, noHeaders } from "./header-list.ts";
import { findKeyFault } from "./key-fault.ts";
import type { KeyedCalls, KeyedOutcome, KeyedWait, KeyedWaiter } from "./keyed-calls.ts";
import { KeyedRun } from "./keyed-run.ts";
import { MessagePump } from "./message-pump.ts";
import { MessageReader } from "./message-reader.ts";
import type { Route } from "./route-table.ts";
import { createExtraInputError, createMissingInputError } from "./stream-requests.ts";

type AnyInit = MessageInitShape<DescMessage>;

/** Who serves a {@link ServedCall}. */
export interface CallServer extends ContextSource {
  /** The deadlines of all calls. */
  readonly deadlines: DeadlineQueue;
  /** Who runs keyed calls. Undefined: nobody, they are UNIMPLEMENTED. */
  readonly keyed: KeyedCalls | undefined;
  /** The call is over, with a status of this number; 0 is OK. Its handler may still run; nothing it does has an effect any more. */
  finished(call: ServedCall, code: number): void;
}

/** A call of the peer, from its opening to its end. What its handler does after the end is dropped. Spec: CALL-15. */
export class ServedCall implements CallListener, DeadlineEntry, RosterMember, KeyedWaiter {
  readonly atMs: number;
  queueIndex = -1;
  rosterIndex = -1;
  /** What serves it. */
  readonly route: Route;
  private readonly call: Call;
  private readonly server: CallServer;
  private readonly context: CallContext;
  private phase: "opened" | "gathering" | "running" | "over" = "opened";
  private single: Uint8Array | undefined = undefined;
  private reader: MessageReader<DescMessage> | undefined = undefined;
  private pump: MessagePump<AnyInit> | undefined = undefined;
  private headersState: "unsent" | "sent" = "unsent";
  /** A keyed call waits for its outcome; the context belongs to the run from then on. */
  private wait: KeyedWait | undefined = undefined;

  constructor(call: Call, route: Route, server: CallServer) {
    this.call = call;
    this.route = route;
    this.server = server;
    this.atMs = call.request.deadlineMs ?? Number.POSITIVE_INFINITY;
    this.context = new CallContext(route.plan, call, server);
    call.listener = this;
  }

  /** Runs the handler, now or as soon as its request is there, unless the call must not run. */
  start(): void {
    const fault = this.findFault();
    if (fault !== undefined) {
      this.fail(fault);
      return;
    }
    const { requestGate, shutdownSignal } = this.route.options;
    if (shutdownSignal !== undefined) this.obey(shutdownSignal);
    if (requestGate === undefined) this.begin();
    else this.attempt(() => this.pass(requestGate));
    // A call that has ended by now needs no timer.
    if (this.call.request.deadlineMs !== undefined && !this.call.isClosed) this.server.deadlines.add(this);
  }

  readable(): void {
    if (this.phase === "gathering") this.gather();
    else this.reader?.wake();
  }

  writable(): void {
    this.pump?.wake();
  }

  headers(): void {}

  closed(close: CallClose): void {
    if (this.phase !== "over") this.finish(closeToError(close), close.kind === "lost" ? "lost" : "left");
  }

  /** The time of the call is up. */
  expire(): void {
    this.fail(createDeadlineError());
  }

  /** The signal of a shutdown has fired: the handler hears of it, and may still end well. */
  handleEvent(): void {
    this.context.abort(this.route.options.shutdownSignal?.reason);
  }

  /** Ends the call with what was thrown, unless it is over. */
  fail(thrown: unknown): void {
    if (this.phase === "over") return;
    let error = thrownToError(thrown);
    try {
      this.sendHeaders();
    } catch (limit) {
      error = thrownToError(limit);
    }
    this.call.end(this.resultOf(error));
    this.finish(error);
  }

  /** Why the call must not run, if there is a reason. */
  private findFault(): ConnectError | undefined {
    const { headers, deadlineMs, idempotencyKey } = this.call.request;
    const bad = headers.length === 0 ? undefined : findBadHeader(headers);
    if (bad !== undefined) return createHeaderError(bad, Code.InvalidArgument);
    const { route, server } = this;
    const key = idempotencyKey;
    const keyFault = key === undefined ? undefined : findKeyFault(key, route.spec.kind, server.keyed);
    if (keyFault !== undefined) return keyFault;
    if (deadlineMs === undefined) return undefined;
    const leftMs = deadlineMs - this.server.clock.now();
    if (leftMs <= 0) return createDeadlineError();
    const { maxTimeoutMs } = this.route.options;
    if (maxTimeoutMs === undefined || leftMs <= maxTimeoutMs) return undefined;
    return new ConnectError(`timeout ${Math.ceil(leftMs)}ms must be <= ${maxTimeoutMs}`, Code.InvalidArgument);
  }

  private obey(shutdownSignal: AbortSignal): void {
    if (shutdownSignal.aborted) this.handleEvent();
    shutdownSignal.addEventListener("abort", this);
  }

  private pass(gate: NonNullable<Route["options"]["requestGate"]>): void {
    Promise.resolve(gate(this.context)).then(
      () => this.begin(),
      (thrown: unknown) => this.fail(thrown),
    );
  }

  private begin(): void {
    if (this.phase !== "opened") return;
    const { spec, interceptors } = this.route;
    if (spec.kind === "unary" || (spec.kind === "server_streaming" && interceptors.length === 0)) {
      this.phase = "gathering";
      this.gather();
    } else {
      this.phase = "running";
      this.attempt(() => this.runStreamed(spec));
    }
  }

  /** Takes the one request of the call, and runs the handler when it is certain that there is no other. */
  private gather(): void {
    const { call, route } = this;
    while (!call.isDrained && this.phase === "gathering") {
      const bytes = call.read();
      if (bytes === undefined) return;
      if (this.single === undefined) this.single = bytes;
      else this.fail(createExtraInputError(route.spec.kind));
    }
    if (this.phase !== "gathering") return;
    this.phase = "running";
    const { single } = this;
    this.single = undefined;
    if (single === undefined) this.fail(createMissingInputError(route.spec.kind));
    else this.attempt(() => this.runSingle(route.spec, single));
  }

  private runSingle(spec: MethodImplSpec, bytes: Uint8Array): void {
    const { route, context } = this;
    const input = route.plan.input.decode(bytes, Code.InvalidArgument);
    const { idempotencyKey: key } = this.call.request;
    if (key !== undefined) {
      const run = new KeyedRun(route, context, input);
      this.wait = this.server.keyed?.ask({ key, method: route.plan.path, request: bytes, run }, this);
    } else if (spec.kind === "server_streaming") this.sendAll(spec.impl(input, context));
    else if (route.interceptors.length > 0) this.settle(interceptUnaryHandler(route, context, input));
    else if (spec.kind === "unary") this.settle(spec.impl(input, context));
  }

  /** The run of the key has ended. */
  answered({ headers, result }: KeyedOutcome): void {
    if (this.phase === "over") return;
    this.attempt(() => {
      if (headers.length > 0) this.call.sendHeaders(headers);
      this.call.end(result);
      this.finish(undefined, "left", result.code);
    });
  }

  /** There is no outcome for this call. */
  refused(error: ConnectError): void {
    this.fail(error);
  }

  private runStreamed(spec: MethodImplSpec): void {
    const { route, context, call } = this;
    const format = route.plan.input;
    const reader = new MessageReader({ call, format, endsBy: "drain", failure: Code.InvalidArgument });
    this.reader = reader;
    if (route.interceptors.length > 0) {
      interceptStreamHandler(route, context, reader).then(
        (answers) => this.attempt(() => this.sendAll(answers)),
        (thrown: unknown) => this.fail(thrown),
      );
    } else if (spec.kind === "client_streaming") {
      this.settle(spec.impl(reader, context));
    } else if (spec.kind === "bidi_streaming") {
      this.sendAll(spec.impl(reader, context));
    }
  }

  private settle(answer: AnyInit | PromiseLike<AnyInit>): void {
    if (isPromise(answer)) {
      answer.then(
        (value) => this.answer(value),
        (thrown: unknown) => this.fail(thrown),
      );
    } else {
      this.answer(answer);
    }
  }

  private answer(value: AnyInit): void {
    if (this.phase === "over") return;
    this.attempt(() => this.end(this.route.plan.output.encode(value)));
  }

  private sendAll(answers: AsyncIterable<AnyInit>): void {
    const { call, route } = this;
    this.pump = new MessagePump(answers, {
      call,
      encode: (message) => route.plan.output.encode(message),
      onFirst: () => this.sendHeaders(),
      onDone: () => this.attempt(() => this.end(undefined)),
      onFailed: (thrown) => this.fail(thrown),
    });
    if (this.phase === "over") this.pump.stop();
    else this.pump.run();
  }

  private end(lastMessage: Uint8Array | undefined): void {
    this.sendHeaders();
    const trailer = this.context.trailersToSend;
    const trailers = trailer === undefined ? noHeaders : headersToList(trailer);
    this.call.end({ code: 0, message: "", details: [], trailers, lastMessage });
    this.finish(undefined);
  }

  private sendHeaders(): void {
    if (this.headersState === "sent" || this.wait !== undefined) return;
    this.headersState = "sent";
    const headers = this.context.headersToSend;
    if (headers.length > 0) this.call.sendHeaders(headers);
  }

  private resultOf(error: ConnectError): CallResult {
    try {
      return errorToResult(error, this.wait === undefined ? this.context.trailersToSend : undefined);
    } catch (thrown) {
      // A detail that is no message of its type.
      return errorToResult(new ConnectError("internal error", Code.Internal, undefined, undefined, thrown), undefined);
    }
  }

  private attempt(action: () => void): void {
    try {
      action();
    } catch (thrown) {
      this.fail(thrown);
    }
  }

  private finish(error: ConnectError | undefined, why: "left" | "lost" = "left", code = error?.code ?? 0): void {
    this.phase = "over";
    this.server.deadlines.remove(this);
    this.route.options.shutdownSignal?.removeEventListener("abort", this);
    this.pump?.stop();
    this.reader?.fail(error ?? new ConnectError("the call is over", Code.Canceled));
    if (this.wait === undefined) this.context.abort(error);
    else this.wait.leave(why, error);
    this.server.finished(this, code);
  }
}

function isPromise<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}
