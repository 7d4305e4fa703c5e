import type { DescMessage, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import { Code, ConnectError, type HandlerContext } from "@connectrpc/connect";
import type { Header } from "../../gen/moorline/session/v1/packet_moorline.ts";
import { errorToResult, thrownToError } from "./call-errors.ts";
import { interceptUnaryHandler } from "./handler-interception.ts";
import { headersToList, noHeaders } from "./header-list.ts";
import type { KeyedOutcome, RunnableCall } from "./keyed-calls.ts";
import type { Route } from "./route-table.ts";

/** What the handler of a run sees of the call that has brought it, and what it leaves there. */
export interface RunContext extends HandlerContext {
  /** The response headers, as they go over the wire. */
  readonly headersToSend: readonly Header[];
  /** The trailers, where anybody has asked for them. */
  readonly trailersToSend: Headers | undefined;
  /** Fires the signal, once. `reason` is what the run failed with; undefined where it ended well. */
  abort(reason: unknown): void;
}

/**
 * The one run of a keyed call. It outlives the call that has brought it, and keeps that call's context; the deadline there
 * is the one of that call, and does not end the run. Spec: JOURNAL-8.
 */
export class KeyedRun implements RunnableCall {
  private readonly route: Route;
  private readonly context: RunContext;
  private readonly input: MessageShape<DescMessage>;
  /** What the run was cancelled with. */
  private cancelled: ConnectError | undefined = undefined;

  /** @param route What serves the call. @param context Of the call that has brought it. @param input The request. */
  constructor(route: Route, context: RunContext, input: MessageShape<DescMessage>) {
    this.route = route;
    this.context = context;
    this.input = input;
  }

  async start(): Promise<KeyedOutcome> {
    const { shutdownSignal } = this.route.options;
    if (shutdownSignal?.aborted === true) this.handleEvent();
    shutdownSignal?.addEventListener("abort", this);
    try {
      const lastMessage = this.route.plan.output.encode(await this.invoke());
      const trailer = this.context.trailersToSend;
      const trailers = trailer === undefined ? noHeaders : headersToList(trailer);
      return this.end({ code: 0, message: "", details: [], trailers, lastMessage }, undefined);
    } catch (thrown) {
      return this.fail(thrown);
    } finally {
      shutdownSignal?.removeEventListener("abort", this);
    }
  }

  cancel(error: ConnectError | undefined): void {
    this.cancelled ??= error;
    this.context.abort(error);
  }

  /** The signal of a shutdown has fired: the handler hears of it, and may still end well. */
  handleEvent(): void {
    this.context.abort(this.route.options.shutdownSignal?.reason);
  }

  private async invoke(): Promise<MessageInitShape<DescMessage>> {
    const { route, context, input } = this;
    const { spec } = route;
    if (route.interceptors.length > 0) return interceptUnaryHandler(route, context, input);
    if (spec.kind !== "unary") throw new TypeError("only unary calls have keys");
    return spec.impl(input, context);
  }

  private end(result: KeyedOutcome["result"], error: ConnectError | undefined): KeyedOutcome {
    const headers = this.context.headersToSend;
    this.context.abort(error);
    return { headers, result };
  }

  private fail(thrown: unknown): KeyedOutcome {
    // A handler that ends because it was cancelled often throws whatever its own tools throw then.
    const isOwn = thrown instanceof ConnectError || this.cancelled === undefined;
    const error = isOwn ? thrownToError(thrown) : (this.cancelled as ConnectError);
    try {
      return this.end(errorToResult(error, this.context.trailersToSend), error);
    } catch (malformed) {
      // A detail that is no message of its type.
      const internal = new ConnectError("internal error", Code.Internal, undefined, undefined, malformed);
      return this.end(errorToResult(internal, undefined), internal);
    }
  }
}
