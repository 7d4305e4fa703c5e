import type { DescMethod, DescService } from "@bufbuild/protobuf";
import { type ContextValues, createContextValues, type HandlerContext } from "@connectrpc/connect";
import type { Header } from "../../gen/moorline/session/v1/packet_moorline.ts";
import type { CallRequest } from "../channel/call.ts";
import type { Clock } from "../core/clock.ts";
import { headersToList, listToHeaders, noHeaders } from "./header-list.ts";
import type { MethodPlan } from "./method-plan.ts";

/** What a {@link CallContext} is made from. */
export interface CallContextInit {
  /** The method. */
  readonly plan: MethodPlan;
  /** What opened the call. */
  readonly request: CallRequest;
  /** The clock of the deadline. */
  readonly clock: Clock;
  /** The context values of the call, if it has any. Asked at most once. */
  readonly contextValues: () => ContextValues | undefined;
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
  private readonly init: CallContextInit;
  private readonly made: {
    requestHeader?: Headers;
    responseHeader?: Headers;
    responseTrailer?: Headers;
    values?: ContextValues;
  } = {};
  private controller: AbortController | undefined = undefined;
  private end: { readonly reason: unknown } | undefined = undefined;

  constructor(init: CallContextInit) {
    this.init = init;
    this.method = init.plan.method;
    this.service = init.plan.method.parent;
    this.url = init.plan.url;
  }

  /** Fires when the caller cancels, the time is up, the channel is lost, or the call is over, well or not. */
  get signal(): AbortSignal {
    if (this.controller === undefined) {
      this.controller = new AbortController();
      if (this.end !== undefined) this.controller.abort(this.end.reason);
    }
    return this.controller.signal;
  }

  /** What is left of the deadline, in milliseconds. Undefined where there is none. */
  get timeoutMs(): () => number | undefined {
    const { clock, request } = this.init;
    return () => (request.deadlineMs === undefined ? undefined : request.deadlineMs - clock.now());
  }

  get requestHeader(): Headers {
    this.made.requestHeader ??= listToHeaders(this.init.request.headers);
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
    this.made.values ??= this.init.contextValues() ?? createContextValues();
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
    this.controller?.abort(reason);
  }
}
