import { closeCodeStatuses } from "../../../gen/moorline/session/v1/close_code_moorline.ts";
import { Path } from "../../../gen/moorline/session/v1/packet_pb.ts";
import { MoorlineError } from "../../wire/moorline-error.ts";
import { nameOfCode } from "../../wire/verdict.ts";
import { answerText } from "../http/answer-text.ts";
import type { Exchange, RpcRequest, RpcResponse } from "../http/exchange.ts";
import { readBearer } from "../http/read-bearer.ts";
import { isLoopback, isProxied } from "../http-guard.ts";
import { judge } from "../judgement.ts";
import { measureServer } from "../metrics.ts";
import { isRefusal, type Refusal, refuse } from "../refusal.ts";
import { countOne } from "../server-context.ts";
import type { ServerCore } from "../server-core.ts";
import type { Metric } from "./metric.ts";
import type { MetricRegistry } from "./metric-registry.ts";
import { METRICS_CONTENT_TYPE, printMetrics } from "./print-metrics.ts";
import { SERVER_METRICS } from "./server-metrics-table.ts";

/** How a server shows its metrics. */
export interface MetricsOptions {
  /** Where: a path of the daemon's port. Default `/metrics`. */
  readonly path?: string;
  /** Metrics of the application, printed after those of the server. Default none. */
  readonly registry?: MetricRegistry;
  /**
   * Whether requests from this machine need no credential. Default false: every program on the machine could read them.
   * What shows signs of a proxy needs one in any case.
   */
  readonly isOpenOnLoopback?: boolean;
}

/** What a {@link MetricsEndpoint} works on. */
export interface MetricsEndpointParts {
  readonly core: ServerCore;
  /** Whether everybody is let in. */
  readonly isOpenMode: boolean;
  readonly options: MetricsOptions;
}

const PATH = /^(\/[\w.~-]+)+$/;

/** The HTTP status of a refusal; for all others 503. */
const STATUSES: Readonly<Record<number, number>> = { 7: 403, 8: 429, 16: 401 };

/** The page with the metrics of a server, in the text format of Prometheus. Spec: OBS-1 to OBS-3. */
export class MetricsEndpoint {
  /** The path that it is at. */
  readonly path: string;
  private readonly parts: MetricsEndpointParts;

  /** @throws MoorlineError OPTION_INVALID where the path is none. */
  constructor(parts: MetricsEndpointParts) {
    const { path = "/metrics" } = parts.options;
    if (!PATH.test(path)) {
      throw new MoorlineError("OPTION_INVALID", "The option metrics.path is no path such as /metrics.");
    }
    this.path = path;
    this.parts = parts;
  }

  /** Answers a request that has passed the guard. Never throws. */
  serve(request: RpcRequest, response: RpcResponse, exchange: Exchange): void {
    if (request.method !== "GET" && request.method !== "HEAD") {
      answerText(response, 405, "metrics are read by GET\n", { Allow: "GET, HEAD" });
      return;
    }
    this.judge(request, exchange, (refusal) => {
      if (refusal === undefined) answerText(response, 200, this.print(), { "Content-Type": METRICS_CONTENT_TYPE });
      else this.refuse(response, refusal);
    });
  }

  /** Who may read: whoever has a credential, and in the open mode everybody who gets here. Spec: OBS-2. */
  private judge(request: RpcRequest, exchange: Exchange, done: (refusal: Refusal | undefined) => void): void {
    const { core, isOpenMode, options } = this.parts;
    const isLocal = isLoopback(exchange.info.remoteAddress ?? "") && !isProxied(request.headers);
    if (isOpenMode || (options.isOpenOnLoopback === true && isLocal)) {
      done(undefined);
      return;
    }
    const credential = readBearer(request.headers.authorization) ?? refuse("UNAUTHENTICATED", "there is no credential");
    if (isRefusal(credential)) {
      done(credential);
      return;
    }
    const question = { credential, sessionRef: "", path: Path.DIRECT, connection: exchange.info };
    const cancel = judge(core.greeting.judgement, question, (judged) => done(isRefusal(judged) ? judged : undefined));
    exchange.onOver(cancel);
  }

  private refuse(response: RpcResponse, { code, message, retryAfterMs }: Refusal): void {
    countOne(this.parts.core.context.counters.rejected, code);
    const status = STATUSES[closeCodeStatuses[nameOfCode(code) ?? "INTERNAL"]] ?? 503;
    const text = `${message}; send the header \`Authorization: Bearer\` with a token of this daemon\n`;
    const headers: Record<string, string> = status === 401 ? { "WWW-Authenticate": "Bearer" } : {};
    if (retryAfterMs !== undefined) headers["Retry-After"] = String(Math.ceil(retryAfterMs / 1_000));
    answerText(response, status, status === 401 ? text : `${message}\n`, headers);
  }

  private print(): string {
    const { core, options } = this.parts;
    const measured = measureServer(core);
    const own = SERVER_METRICS.map(({ read, ...metric }): Metric => ({ ...metric, collect: () => read(measured) }));
    const { reporter } = core.context;
    return printMetrics([...own, ...(options.registry?.metrics ?? [])], (error) => reporter.failed("a metric", error));
  }
}
