import type { ConnectRouter, Interceptor } from "@connectrpc/connect";
import type { RouteOptions, Routes } from "../../rpc/route-table.ts";
import type { PlainGate } from "./plain-gate.ts";

/**
 * Calls `routes` once and gives back what registers the same again on any router: an implementation that has state is the
 * same for channels and for plain RPCs.
 */
export function recordRoutes(routes: Routes): Routes {
  const entries: Array<(router: ConnectRouter) => void> = [];
  const recorder: ConnectRouter = {
    handlers: [],
    service(service, implementation, options) {
      entries.push((router) => void router.service(service, implementation, options));
      return recorder as typeof this;
    },
    rpc(method, implementation, options) {
      entries.push((router) => void router.rpc(method, implementation, options));
      return recorder as typeof this;
    },
  };
  routes(recorder);
  return (router) => {
    for (const register of entries) register(router);
  };
}

/** What stands before each plain RPC. */
export interface GuardedRoutes {
  /** Runs before the method's own gate. */
  readonly gate: PlainGate;
  /** Wrap each call that the gate lets through, outside of all other interceptors. */
  readonly outermost: readonly Interceptor[];
  /** Wrap each call, the first one outermost; those of a service or method take their place. */
  readonly interceptors: readonly Interceptor[];
  /** Ends the calls that run when the server is closed. */
  readonly shutdownSignal: AbortSignal;
}

/** Registers routes behind a gate. What a route says for itself counts beside it, never instead. Spec: HTTP-4. */
export function guardRoutes(router: ConnectRouter, routes: Routes, guard: GuardedRoutes): void {
  const guarded: ConnectRouter = {
    handlers: router.handlers,
    service(service, implementation, options) {
      router.service(service, implementation, guardOptions(options, guard));
      return guarded as typeof this;
    },
    rpc(method, implementation, options) {
      router.rpc(method, implementation, guardOptions(options, guard));
      return guarded as typeof this;
    },
  };
  routes(guarded);
}

function guardOptions(options: RouteOptions = {}, guard: GuardedRoutes): RouteOptions {
  const { gate, outermost, shutdownSignal } = guard;
  const { requestGate, interceptors = guard.interceptors } = options;
  const signals = options.shutdownSignal === undefined ? [shutdownSignal] : [shutdownSignal, options.shutdownSignal];
  return {
    ...options,
    interceptors: [...outermost, ...interceptors],
    shutdownSignal: AbortSignal.any(signals),
    async requestGate(context) {
      await gate(context);
      await requestGate?.(context);
    },
  };
}
