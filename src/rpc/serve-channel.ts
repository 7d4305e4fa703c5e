import { Code, ConnectError, type ContextValues } from "@connectrpc/connect";
import type { Call, CallChannel } from "../channel/call.ts";
import type { Clock } from "../core/clock.ts";
import { Roster } from "../core/roster.ts";
import { createDrainingError, errorToResult } from "./call-errors.ts";
import type { CallTally } from "./call-tally.ts";
import { DeadlineQueue } from "./deadline-queue.ts";
import type { KeyedCalls } from "./keyed-calls.ts";
import { createRouteTable, type Routes, type RouteTable, type RouteTableOptions } from "./route-table.ts";
import { type CallServer, ServedCall } from "./served-call.ts";

/** How the calls of a channel are served. */
export interface ServeOptions extends RouteTableOptions {
  /** Time. The same clock that the channel is run with. */
  readonly clock: Clock;
  /** The context values of each call: what handlers may know of the session, the peer, the connection. Default none. */
  readonly contextValues?: (call: Call) => ContextValues | undefined;
  /** The deadlines of all channels of a server. Default: a queue of the channel's own. */
  readonly deadlines?: DeadlineQueue;
  /** Runs the calls that have an idempotency key. Default: they end UNIMPLEMENTED. Spec: CALL-14. */
  readonly keyed?: KeyedCalls | undefined;
  /** Counts the calls. Default: nobody does. */
  readonly tally?: CallTally;
}

/**
 * Serves the calls of the peer on a channel, from now on. Both ends of a channel may. A server with many channels makes the
 * route table once, by `createRouteTable`; the interceptors and codecs of `options` are then those of the table.
 */
export function serveChannel(channel: CallChannel, routes: RouteTable | Routes, options: ServeOptions): ServedChannel {
  const table = typeof routes === "function" ? createRouteTable(routes, options) : routes;
  const served = new ServedChannel(table, options);
  channel.onCall = (call) => served.serve(call);
  return served;
}

/** The calls of the peer on one channel, as its server sees them. Made by {@link serveChannel}. */
export class ServedChannel implements CallServer {
  readonly clock: Clock;
  readonly deadlines: DeadlineQueue;
  private readonly routes: RouteTable;
  private readonly options: ServeOptions;
  private readonly running = new Roster<ServedCall>();
  /** Undefined until the draining begins. */
  private draining: { readonly quiet: Promise<void>; readonly resolve: () => void } | undefined = undefined;

  /** @param routes What is served. @param options How. */
  constructor(routes: RouteTable, options: ServeOptions) {
    this.routes = routes;
    this.options = options;
    this.clock = options.clock;
    this.deadlines = options.deadlines ?? new DeadlineQueue(options.clock);
  }

  /** How many calls run. */
  get activeCalls(): number {
    return this.running.size;
  }

  /** How many calls run that a drain waits for: all but streams to the caller of methods without side effects. */
  get awaitedCalls(): number {
    let count = 0;
    for (const { route } of this.running) if (route.isAwaitedByDrain) count += 1;
    return count;
  }

  /**
   * Refuses every new call from now on: UNAVAILABLE, NOT_SENT. Calls that run go on. Spec: DRAIN-2, DRAIN-3.
   * @returns What resolves as soon as no call runs that a drain waits for. The same each time.
   */
  drain(): Promise<void> {
    if (this.draining === undefined) {
      const { promise, resolve } = withResolvers();
      this.draining = { quiet: promise, resolve };
      this.checkQuiet();
    }
    return this.draining.quiet;
  }

  /** Ends every call that runs with an error; its handler is aborted with it. */
  endAll(error: ConnectError): void {
    for (const call of this.running) call.fail(error);
  }

  get keyed(): KeyedCalls | undefined {
    return this.options.keyed;
  }

  contextValues(call: Call): ContextValues | undefined {
    return this.options.contextValues?.(call);
  }

  finished(call: ServedCall, code: number): void {
    this.running.delete(call);
    this.options.tally?.ended(call.route.spec.kind, code);
    this.checkQuiet();
  }

  /** Serves a call that the peer has opened. Does nothing where it is over already. Spec: CHAN-12. */
  serve(call: Call): void {
    if (call.isClosed) return;
    const route = this.routes.get(call.method);
    const kind = route?.spec.kind ?? "unknown";
    this.options.tally?.opened(kind);
    if (route === undefined || this.draining !== undefined) {
      const error = this.draining !== undefined ? createDrainingError() : this.createUnknownError(call.method);
      call.end(errorToResult(error, undefined));
      this.options.tally?.ended(kind, error.code);
      return;
    }
    const served = new ServedCall(call, route, this);
    this.running.add(served);
    served.start();
  }

  private checkQuiet(): void {
    if (this.draining !== undefined && this.awaitedCalls === 0) this.draining.resolve();
  }

  private createUnknownError(method: string): ConnectError {
    const service = method.slice(0, Math.max(0, method.lastIndexOf("/")));
    const isServiceKnown = [...this.routes.values()].some(({ plan }) => plan.method.parent.typeName === service);
    const message = isServiceKnown ? `unknown method: ${method}` : `unknown service: ${method}`;
    return new ConnectError(message, Code.Unimplemented);
  }
}

function withResolvers(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve: () => void = () => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
