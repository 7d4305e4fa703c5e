import { type ConnectRouter, createContextValues, type Interceptor } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { CallOutcome, ChannelLossReason } from "../../../gen/moorline/session/v1/error_pb.ts";
import { createLostError } from "../../rpc/call-errors.ts";
import type { Routes } from "../../rpc/route-table.ts";
import { systemClock } from "../../transport/system-clock.ts";
import type { HttpGuard } from "../http-guard.ts";
import type { Pages } from "../pages/pages.ts";
import type { MetricsEndpoint } from "../prometheus/metrics-endpoint.ts";
import type { ServerCore } from "../server-core.ts";
import { within } from "../within.ts";
import { answerText } from "./answer-text.ts";
import type { CorsAnswer } from "./cors.ts";
import {
  createExchange,
  type Exchange,
  exchangeKey,
  pathOf,
  type RpcHandler,
  type RpcRequest,
  type RpcResponse,
  releaseAnswered,
  toGuarded,
} from "./exchange.ts";
import { createKeyedInterceptor } from "./keyed-plain-call.ts";
import { PlainCalls } from "./plain-calls.ts";
import { createPlainGates } from "./plain-gate.ts";
import { guardRoutes } from "./plain-routes.ts";
import { tallyPlain } from "./tally-plain.ts";

/** What a {@link PlainServer} serves. */
export interface PlainServerOptions {
  readonly core: ServerCore;
  /** What looks at each request before anything of it is served. */
  readonly guard: HttpGuard;
  /** Tells pages of other sites that they may call. */
  readonly cors: CorsAnswer;
  /** What the application serves. */
  readonly routes: Routes;
  /** Wrap each call of the application's services, the first one outermost. */
  readonly interceptors: readonly Interceptor[];
  /** Services of the server itself whose methods need a session key. */
  readonly ownRoutes: Routes;
  /** Those whose methods need none. */
  readonly openRoutes: Routes;
  /** The page with the metrics. Undefined: there is none. */
  readonly metrics: MetricsEndpoint | undefined;
  /** The page of the server. Undefined: it has none. */
  readonly pages: Pages | undefined;
  /** What carries connections: it is no call, has no limit of calls, and is not waited for. */
  readonly connectionRoutes: Routes;
}

const HELP =
  "This is a Moorline daemon. Its services are called by Connect, gRPC or gRPC-Web, with the session key in the header moorline-session-key, or over a WebSocket with the subprotocol moorline.session.v1.\n";

/** Serves calls that come on no channel: Connect, gRPC and gRPC-Web, over both versions of HTTP. Spec: HTTP. */
export class PlainServer {
  private readonly options: PlainServerOptions;
  private readonly calls = new PlainCalls();
  private readonly shutdown = new AbortController();
  private readonly paths: ReadonlySet<string>;
  private readonly serve: RpcHandler;

  constructor(options: PlainServerOptions) {
    const { core } = options;
    const { maxMessageBytes } = core.context.limits.http;
    const paths = new Set<string>();
    this.options = options;
    this.paths = paths;
    this.serve = connectNodeAdapter({
      readMaxBytes: maxMessageBytes,
      contextValues: (request) => {
        const exchange = exchanges.get(request);
        exchanges.delete(request);
        return createContextValues().set(exchangeKey, exchange);
      },
      fallback: answerNothing,
      routes: (router) => {
        this.register(router);
        for (const { requestPath } of router.handlers) paths.add(requestPath);
      },
    });
  }

  /** Whether a path is served: that of a method, of the metrics, or of a page. */
  has(path: string): boolean {
    const { metrics, pages } = this.options;
    return this.paths.has(path) || path === metrics?.path || pages?.has(path) === true;
  }

  /** Serves a request; every one is answered. Never throws. */
  handle(request: RpcRequest, response: RpcResponse): void {
    // What fails on the way fails the call; without listeners it would end the process.
    request.on("error", () => {});
    response.on("error", () => {});
    releaseAnswered(response);
    try {
      const refusal = this.options.guard(toGuarded(request));
      if (refusal !== undefined) {
        answerText(response, refusal.status, `${refusal.message}\n`);
        return;
      }
      if (this.options.cors(request, response)) return;
      const exchange = createExchange(request, response);
      const { metrics, pages } = this.options;
      const path = pathOf(request);
      if (pages?.has(path) === true) {
        pages.serve(path, request, response);
        return;
      }
      if (metrics !== undefined && path === metrics.path) {
        this.serveMetrics(metrics, request, response, exchange);
        return;
      }
      exchanges.set(request, exchange);
      this.serve(request, response);
    } catch (error) {
      this.options.core.context.reporter.failed("a plain request", error);
      answerText(response, 400, "the request is malformed\n");
    }
  }

  /** Resolves as soon as no call runs that a drain waits for. */
  quiet(): Promise<void> {
    return this.calls.quiet();
  }

  /** Lets running calls come to their end, for as long as a drain waits. Spec: DRAIN-3. */
  async drain(): Promise<void> {
    const { clock, limits } = this.options.core.context;
    const { graceMs, flushMs } = limits.drain;
    await within(clock, graceMs, this.calls.quiet());
    // What streams say because of the drain leaves before they are ended. Calls have real sockets, whatever the clock is.
    if (this.calls.size > 0) await new Promise<void>((resolve) => systemClock.defer(resolve));
    this.shutdown.abort(createLostError(ChannelLossReason.DRAINED, CallOutcome.UNKNOWN));
    await within(clock, flushMs, this.calls.quiet());
  }

  /** Ends every call at once. */
  close(): void {
    this.shutdown.abort(createLostError(ChannelLossReason.DRAINED, CallOutcome.UNKNOWN));
    this.calls.abortAll();
  }

  /** Ends the calls of a credential. @returns How many there were. */
  revoke(credentialId: string): number {
    return this.calls.revoke(credentialId);
  }

  /** Counts like a call: whoever is judged for long must not be one of any number. */
  private serveMetrics(metrics: MetricsEndpoint, request: RpcRequest, response: RpcResponse, exchange: Exchange): void {
    if (this.calls.size >= this.options.core.context.limits.http.maxCalls) {
      answerText(response, 503, "this daemon runs all its plain calls\n");
      return;
    }
    this.calls.begin(exchange, false);
    metrics.serve(request, response, exchange);
  }

  private register(router: ConnectRouter): void {
    const { core, routes, interceptors, ownRoutes, openRoutes, connectionRoutes } = this.options;
    const gates = createPlainGates(core, this.calls);
    const outermost = [tallyPlain(core.context.tally), createKeyedInterceptor(core)];
    const common = { interceptors, outermost, shutdownSignal: this.shutdown.signal };
    // Of two implementations of one method the later counts: the application may have a health service of its own.
    guardRoutes(router, openRoutes, { ...common, gate: gates.open });
    guardRoutes(router, routes, { ...common, gate: gates.session });
    guardRoutes(router, ownRoutes, { ...common, gate: gates.session });
    connectionRoutes(router);
  }
}

/** The exchange of each request, until its call begins. */
const exchanges = new WeakMap<object, ReturnType<typeof createExchange>>();

function answerNothing(request: RpcRequest, response: RpcResponse): void {
  const isHttp1 = request.httpVersionMajor === 1;
  if (request.method !== "GET" || !isHttp1) {
    answerText(response, 404, HELP);
    return;
  }
  answerText(response, 426, HELP, { Connection: "Upgrade, close", Upgrade: "websocket" });
}
