import type { DescMethod, DescService } from "@bufbuild/protobuf";
import { type ContextValues, createContextValues, type HandlerContext } from "@connectrpc/connect";
import type { Header } from "../../gen/moorline/session/v1/packet_moorline.ts";
import type { Call } from "../channel/call.ts";
import type { Clock } from "../core/clock.ts";
import { completion } from "./call-errors.ts";
import { headersToList, listToHeaders, noHeaders } from "./header-list.ts";
import type { MethodPlan } from "./method-plan.ts";

/** Who knows what a {@link CallContext} is asked for. */
export interface ContextSource {
  /** The clock of the deadline. */
  readonly clock: Clock;
  /** The context values of a call, if it has any. Asked at most once. */
  contextValues(call: Call): ContextValues | undefined;
}

/**
 * What a handler sees of its call. Headers, signal and values are made when they are asked for: most handlers ask for
 * none. They are getters of the class, so that a handler should pass the context on whole and not spread it.
 */
export class CallContext implements HandlerContext {
  readonly method: DescMethod;
  readonly service: DescService;
  readonly requestMethod = "POST";
  readonly protocolName = "moorline";
  readonly url: string;
  private readonly call: Call;
  private readonly source: ContextSource;
  private readonly made: {
    requestHeader?: Headers;
    responseHeader?: Headers;
    responseTrailer?: Headers;
    values?: ContextValues;
  } = {};
  private controller: AbortController | undefined = undefined;
  private end: { readonly reason: unknown } | undefined = undefined;

  /** @param plan The method. @param call The call. @param source Who knows the rest. */
  constructor(plan: MethodPlan, call: Call, source: ContextSource) {
    this.method = plan.method;
    this.service = plan.method.parent;
    this.url = plan.url;
    this.call = call;
    this.source = source;
  }

  /** Fires when the caller cancels, the time is up, the channel is lost, or the call is over, well or not. */
  get signal(): AbortSignal {
    if (this.controller === undefined) {
      this.controller = new AbortController();
      if (this.end !== undefined) this.controller.abort(this.end.reason ?? completion);
    }
    return this.controller.signal;
  }

  /** What is left of the deadline, in milliseconds. Undefined where there is none. */
  get timeoutMs(): () => number | undefined {
    const { clock } = this.source;
    const { deadlineMs } = this.call.request;
    return () => (deadlineMs === undefined ? undefined : deadlineMs - clock.now());
  }

  get requestHeader(): Headers {
    this.made.requestHeader ??= listToHeaders(this.call.request.headers);
    return this.made.requestHeader;
  }

  get responseHeader(): Headers {
    this.made.responseHeader ??= new Headers();
    return this.made.responseHeader;
  }

  get responseTrailer(): Headers {
    this.made.responseTrailer ??= new Headers();
    return this.made.responseTrailer;
  }

  get values(): ContextValues {
    this.made.values ??= this.source.contextValues(this.call) ?? createContextValues();
    return this.made.values;
  }

  /** The response headers, as they go over the wire. */
  get headersToSend(): readonly Header[] {
    return this.made.responseHeader === undefined ? noHeaders : headersToList(this.made.responseHeader);
  }

  /** The trailers, where anybody has asked for them. */
  get trailersToSend(): Headers | undefined {
    return this.made.responseTrailer;
  }

  /** The call is over. `reason` is what it failed with; undefined where it ended well. */
  abort(reason: unknown): void {
    if (this.end !== undefined) return;
    this.end = { reason };
    this.controller?.abort(reason ?? completion);
  }
}
