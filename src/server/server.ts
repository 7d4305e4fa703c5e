import type { Server as HttpServer } from "node:http";
import type { ServiceImpl } from "@connectrpc/connect";
import { SessionService } from "../../gen/moorline/session/v1/service_pb.ts";
import { CallTally } from "../rpc/call-tally.ts";
import { DeadlineQueue } from "../rpc/deadline-queue.ts";
import { createRouteTable, type RouteTable } from "../rpc/route-table.ts";
import type { Connection, ConnectionListener } from "../transport/connection.ts";
import { systemClock } from "../transport/system-clock.ts";
import { systemRandom } from "../transport/system-random.ts";
import { nodeError } from "../wire/node-error.ts";
import { protocolRange } from "../wire/protocol.ts";
import { serverIdOf } from "../wire/server-id.ts";
import type { ConnectionInfo } from "./authenticate.ts";
import { idToKey } from "./hashes.ts";
import type { AcceptConnection } from "./http/attach-stream.ts";
import { createCors } from "./http/cors.ts";
import { createOwnRoutes } from "./http/own-routes.ts";
import { recordRoutes } from "./http/plain-routes.ts";
import { PlainServer } from "./http/plain-server.ts";
import { createHttpGuard } from "./http-guard.ts";
import { Journal, type JournalParts } from "./journal/journal.ts";
import { checkReach, type Listening, type ListenOptions } from "./listen.ts";
import { measureServer, type ServerMetrics } from "./metrics.ts";
import { type DaemonServerOptions, resolveAuthenticate, resolveHint } from "./options.ts";
import { MetricsEndpoint } from "./prometheus/metrics-endpoint.ts";
import { Reporter } from "./reporter.ts";
import { type ConnectionKind, createCounters, type ServerContext } from "./server-context.ts";
import { ServerCore } from "./server-core.ts";
import { resolveServerLimits } from "./server-limits.ts";
import { createServerSessions, type ServerSessions } from "./server-sessions.ts";
import { endAfterAnswer } from "./session-ending.ts";
import { SessionRegistry } from "./session-registry.ts";
import { createSessionService } from "./session-service.ts";
import { createMemorySessionStore } from "./store.ts";
import { type AttachOptions, Upgrades } from "./upgrades.ts";
import { createServerInfo, encodePieces } from "./welcome.ts";

/** The server of a daemon. Made by {@link createDaemonServer}. */
export interface DaemonServer {
  /** The fingerprint of the daemon's identity. */
  readonly serverId: string;
  /** The sessions that there are. */
  readonly sessions: ServerSessions;
  /** How it is doing. Counted anew each time. */
  readonly metrics: ServerMetrics;
  /**
   * Listens on one port for WebSocket connections, Connect, gRPC and gRPC-Web, over HTTP/1.1 and HTTP/2 alike; on loopback
   * unless the options say something else. More than once is fine.
   * @throws MoorlineError PORT_IN_USE, LISTEN_FAILED, INSECURE_LISTEN, CREDENTIALS_UNCONFIGURED, SERVER_CLOSED, or
   *   OPTION_INVALID where TLS cannot be spoken with the key and the certificate.
   */
  listen(options?: ListenOptions): Promise<Listening>;
  /**
   * Takes the upgrades of an HTTP server of the application, and requests for methods that are served; the server goes on
   * serving everything else by the listeners that it has by now. HTTP/1.1 only: WebSocket, Connect and gRPC-Web, but neither
   * gRPC nor streams both ways, which need HTTP/2; for these, listen.
   * @throws MoorlineError INSECURE_LISTEN, CREDENTIALS_UNCONFIGURED or SERVER_CLOSED.
   */
  attach(server: HttpServer, options?: AttachOptions): void;
  /**
   * Takes a connection that a transport of another kind has accepted, and gives back who listens to it. Who may reach that
   * transport is the caller's business; the hello is checked as always.
   * @throws MoorlineError CREDENTIALS_UNCONFIGURED.
   */
  accept(connection: Connection, info?: ConnectionInfo): ConnectionListener;
  /** Ends the connections and plain RPCs of a credential, by the `credentialId` of the hook, and channels. @returns How many. */
  revoke(credentialId: string): number;
  /** Lets running calls come to their end, then closes. Spec: DRAIN. */
  drain(): Promise<void>;
  /** Ends everything at once. Resolves when the sessions are stored and the sockets closed. */
  close(): Promise<void>;
}

/**
 * Makes the server of a daemon. It does nothing until it listens, or is given connections.
 * @throws MoorlineError OPTION_INVALID, IDENTITY_KEY_MALFORMED.
 */
export function createDaemonServer(options: DaemonServerOptions): DaemonServer {
  const { identity, insecureNoAuth, authenticate } = options;
  if (authenticate !== undefined && insecureNoAuth === true) resolveAuthenticate(options);
  const isOpenMode = insecureNoAuth === true;
  const routes = recordRoutes(options.routes ?? (() => {}));
  const { core, sessionService } = createCore({ ...options, routes });
  const { reporter, serverId, limits } = core.context;
  const { allowedHosts = [], allowedOrigins = [], interceptors = [] } = options;
  const guard = createHttpGuard({ isOpenMode, allowedHosts, allowedOrigins });
  const acceptor =
    (kind: ConnectionKind): AcceptConnection =>
    (connection, info) =>
      core.accept(connection, info, kind);
  const plain = new PlainServer({
    core,
    guard,
    cors: createCors(allowedOrigins),
    routes,
    interceptors,
    pages: options.pages,
    metrics: options.metrics && new MetricsEndpoint({ core, isOpenMode, options: options.metrics }),
    ...createOwnRoutes({ core, routes, sessionService, accept: acceptor("grpc") }),
  });
  const upgrades = new Upgrades({
    guard,
    isOpenMode,
    plain,
    limits: limits.http,
    accept: acceptor("websocket"),
    failed: (error) => reporter.failed("the HTTP server", error),
  });
  const checkStart = (): void => {
    resolveAuthenticate(options);
    if (core.isStopping) throw nodeError("SERVER_CLOSED", "The server is being stopped, or closed.");
    if (isOpenMode) reporter.warn(`${identity.name} lets in everybody who reaches it on this machine (insecureNoAuth)`);
  };
  const close = async (): Promise<void> => {
    await core.close();
    plain.close();
    await upgrades.close();
  };
  return {
    serverId,
    sessions: createServerSessions(core.registry),
    get metrics() {
      return measureServer(core);
    },
    async listen(where = {}) {
      checkStart();
      checkReach(where.host ?? "127.0.0.1", where.tls !== undefined, isOpenMode);
      return upgrades.listen(where);
    },
    attach(server, where = {}) {
      checkStart();
      upgrades.attach(server, where);
    },
    accept(connection, info = {}) {
      resolveAuthenticate(options);
      return core.accept(connection, info);
    },
    revoke: (credentialId) => core.revoke(credentialId) + plain.revoke(credentialId),
    async drain() {
      await Promise.all([core.drain(plain.quiet()), plain.drain()]);
      await close();
    },
    close,
  };
}

interface CreatedCore {
  readonly core: ServerCore;
  readonly sessionService: ServiceImpl<typeof SessionService>;
}

function createCore(options: DaemonServerOptions): CreatedCore {
  const { identity, clock = systemClock, random = systemRandom, store = createMemorySessionStore() } = options;
  const serverId = serverIdOf(identity.publicKey);
  const epoch = random.bytes(16);
  const limits = resolveServerLimits(options.limits);
  const hint = resolveHint(options);
  const reporter = new Reporter(clock, options);
  const failed = (error: unknown): void => reporter.failed("the journal", error);
  const server = createServerInfo(serverId, identity, epoch);
  const sessionService = createSessionService({
    server,
    identityKey: identity.publicKey,
    protocol: protocolRange,
    endAfterAnswer: (channel) => endAfterAnswer(context, channel),
  });
  const routes = createRoutes(options, sessionService);
  const deadlines = new DeadlineQueue(clock);
  const counters = createCounters();
  const tally = new CallTally();
  const journal = createJournal(options, { limits: limits.journal, clock, epoch: idToKey(epoch), failed });
  const context: ServerContext = {
    journal,
    clock,
    random,
    limits,
    deadlines,
    reporter,
    routes,
    serverId,
    epoch: idToKey(epoch),
    counters,
    tally,
  };
  const registry = new SessionRegistry(context, store);
  const core = new ServerCore({
    context,
    registry,
    answer: { protocol: protocolRange, pieces: encodePieces(server, limits, hint) },
    hint,
    greeting: {
      facts: { serverId, protocol: protocolRange, capabilities: [] },
      judgement: {
        clock,
        authenticate: (request) => resolveAuthenticate(options)(request),
        judgeTimeoutMs: limits.handshake.judgeTimeoutMs,
        ready: () => registry.ready(),
        failed: reporter.failed,
      },
    },
  });
  return { core, sessionService };
}

function createJournal(
  { journal: store }: DaemonServerOptions,
  parts: Omit<JournalParts, "store">,
): Journal | undefined {
  return store === undefined ? undefined : new Journal({ store, ...parts });
}

/** The session service comes last: nobody else's implementation takes its place, and nobody's interceptors wrap it. */
function createRoutes(
  { routes, interceptors, codecs }: DaemonServerOptions,
  service: CreatedCore["sessionService"],
): RouteTable {
  const table = {
    ...(interceptors === undefined ? {} : { interceptors }),
    ...(codecs === undefined ? {} : { codecs }),
  };
  return createRouteTable((router) => {
    routes?.(router);
    router.service(SessionService, service, { interceptors: [] });
  }, table);
}
