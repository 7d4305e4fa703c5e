import type { DescMessage } from "@bufbuild/protobuf";
import {
  type ConnectRouter,
  createMethodImplSpec,
  createServiceImplSpec,
  type Interceptor,
  type MethodImplSpec,
} from "@connectrpc/connect";
import { type CodecSource, generalCodec, limitCodecs } from "./message-format.ts";
import { type MethodPlan, planMethod } from "./method-plan.ts";

/** Registers services, exactly as for Connect's own servers. */
export type Routes = (router: ConnectRouter) => void;

/** What may be said of a service or method when it is registered. Options that are about HTTP mean nothing here. */
export type RouteOptions = NonNullable<Parameters<ConnectRouter["rpc"]>[2]>;

/** One method that is served. */
export interface Route {
  /** The method. */
  readonly plan: MethodPlan<DescMessage, DescMessage>;
  /** Its implementation. */
  readonly spec: MethodImplSpec;
  /** Wrap each call, the first one outermost. */
  readonly interceptors: readonly Interceptor[];
  /** What was said when it was registered. */
  readonly options: RouteOptions;
  /** Whether a drain waits for its calls: for all but streams to the caller that have no effect. */
  readonly isAwaitedByDrain: boolean;
}

/** Methods that are served, by `package.Service/Method`. */
export type RouteTable = ReadonlyMap<string, Route>;

/** How a {@link RouteTable} is made. */
export interface RouteTableOptions {
  /** Wrap each call, the first one outermost; those of a service or method take their place. Default none. */
  readonly interceptors?: readonly Interceptor[];
  /** Codecs of messages. Default the general one of @bufbuild/protobuf. */
  readonly codecs?: CodecSource;
}

/**
 * Collects the routes of services. A server does it once for all its channels. Of two implementations of one method the
 * later counts.
 */
export function createRouteTable(routes: Routes, options: RouteTableOptions = {}): RouteTable {
  const table = new Map<string, Route>();
  const add = (spec: MethodImplSpec, routeOptions: RouteOptions = {}): void => {
    const route = createRoute(spec, routeOptions, options);
    table.set(route.plan.path, route);
  };
  const router: ConnectRouter = {
    handlers: [],
    service(service, implementation, routeOptions) {
      for (const spec of Object.values(createServiceImplSpec(service, implementation).methods)) add(spec, routeOptions);
      return router as typeof this;
    },
    rpc(method, implementation, routeOptions) {
      add(createMethodImplSpec(method, implementation), routeOptions);
      return router as typeof this;
    },
  };
  routes(router);
  return table;
}

function createRoute(spec: MethodImplSpec, options: RouteOptions, table: RouteTableOptions): Route {
  const codecs = table.codecs ?? generalCodec;
  const isLimited = options.readMaxBytes !== undefined || options.writeMaxBytes !== undefined;
  const plan = planMethod(spec.method, isLimited ? limitCodecs(codecs, options) : codecs);
  return {
    plan,
    spec,
    interceptors: options.interceptors ?? table.interceptors ?? [],
    options,
    isAwaitedByDrain: !(spec.kind === "server_streaming" && plan.isEffectless),
  };
}
