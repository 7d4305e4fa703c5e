import type { DescService } from "@bufbuild/protobuf";
import type { ConnectRouter, ServiceImpl } from "@connectrpc/connect";
import { Health } from "../../../gen/grpc/health/v1/health_pb.ts";
import { ServerReflection } from "../../../gen/grpc/reflection/v1/reflection_pb.ts";
import { SessionService } from "../../../gen/moorline/session/v1/service_pb.ts";
import type { Routes } from "../../rpc/route-table.ts";
import type { ServerCore } from "../server-core.ts";
import { type AcceptConnection, createAttachRoutes } from "./attach-stream.ts";
import { createHealthService } from "./health.ts";
import type { PlainServerOptions } from "./plain-server.ts";
import { createReflectionService } from "./reflection.ts";

/** What the routes of the server itself are made of. */
export interface OwnRoutesOptions {
  readonly core: ServerCore;
  /** What the application serves. */
  readonly routes: Routes;
  readonly sessionService: ServiceImpl<typeof SessionService>;
  /** Takes the connections of Attach. */
  readonly accept: AcceptConnection;
}

/** What a server serves beside the services of its application. Spec: HTTP-4, HTTP-10 to HTTP-12, SESSION-6. */
export function createOwnRoutes(
  options: OwnRoutesOptions,
): Pick<PlainServerOptions, "ownRoutes" | "openRoutes" | "connectionRoutes"> {
  const { core, routes, sessionService, accept } = options;
  const services = listServices(routes);
  const alone = { interceptors: [] };
  const { describe, end } = SessionService.method;
  return {
    ownRoutes: (router) => {
      router.rpc(end, sessionService.end, alone);
    },
    openRoutes: (router) => {
      router.rpc(describe, sessionService.describe, alone);
      router.service(Health, createHealthService(services, core), alone);
      router.service(ServerReflection, createReflectionService(services), alone);
    },
    connectionRoutes: createAttachRoutes(accept),
  };
}

/** Every service that is served, by its full name. */
function listServices(routes: Routes): ReadonlyMap<string, DescService> {
  const services = new Map<string, DescService>();
  const add = (service: DescService): void => void services.set(service.typeName, service);
  const lister: ConnectRouter = {
    handlers: [],
    service(service) {
      add(service);
      return lister as typeof this;
    },
    rpc(method) {
      add(method.parent);
      return lister as typeof this;
    },
  };
  routes(lister);
  for (const service of [SessionService, Health, ServerReflection]) add(service);
  return services;
}
