import { AgentService } from "../../gen/moorline/agent/v1/agent_service_pb.ts";
import { AgentDirectoryService } from "../../gen/moorline/agent/v1/directory_service_pb.ts";
import { PresenceService } from "../../gen/moorline/agent/v1/presence_service_pb.ts";
import { TimelineService } from "../../gen/moorline/agent/v1/timeline_service_pb.ts";
import type { Authenticate } from "../server/authenticate.ts";
import type { ProgramInfo } from "../server/identity.ts";
import type { Listening, ListenOptions } from "../server/listen.ts";
import type { DaemonServerOptions } from "../server/options.ts";
import { createMetricRegistry } from "../server/prometheus/metric-registry.ts";
import type { MetricsOptions } from "../server/prometheus/metrics-endpoint.ts";
import { createCollectionMetrics, createTimelineMetrics } from "../server/prometheus/store-metrics.ts";
import { createDaemonServer, type DaemonServer } from "../server/server.ts";
import { createSqliteJournalStore } from "../server/sqlite/sqlite-journal-store.ts";
import { createSqliteSessionStore } from "../server/sqlite/sqlite-session-store.ts";
import { createSqliteTimelineStore } from "../server/timeline/sqlite-timeline-store.ts";
import type { TimelineStore } from "../server/timeline/timeline-store.ts";
import { loadOrCreateTokenFile } from "../server/token-file.ts";
import { systemClock } from "../transport/system-clock.ts";
import { systemRandom } from "../transport/system-random.ts";
import { serverIdOf } from "../wire/server-id.ts";
import { createAgentMetric } from "./agent/agent-metrics.ts";
import { AgentRegistry } from "./agent/agent-registry.ts";
import { createAgentService } from "./agent/agent-service.ts";
import { createAgentTransition } from "./agent/agent-transition.ts";
import { CommandProvider } from "./command/command-provider.ts";
import { type AgentCollection, createAgentCollection } from "./directory/agent-collection.ts";
import { createAgentDirectoryService } from "./directory/agent-directory-service.ts";
import { createDirectoryCodecs } from "./directory/watch-codec.ts";
import type { Notifier } from "./presence/notifier.ts";
import { openPresence } from "./presence/presence.ts";
import type { PushSender } from "./presence/push-sender.ts";
import type { AgentProvider } from "./provider.ts";
import { type DaemonState, openStateDirectory, statePathsOf } from "./state-directory.ts";
import { createTimelineService } from "./timeline/timeline-service.ts";

/** What of a server's options a daemon leaves to its owner. */
type ServerOptions = Pick<
  DaemonServerOptions,
  | "onEvent"
  | "onTransition"
  | "logger"
  | "limits"
  | "metrics"
  | "interceptors"
  | "allowedHosts"
  | "allowedOrigins"
  | "authenticate"
  | "insecureNoAuth"
  | "routes"
  | "pages"
  | "reconnectHint"
  | "clock"
  | "random"
>;

/** How a daemon is opened. */
export interface DaemonOptions extends ServerOptions {
  /** Where it keeps its identity, its token and its database. Made where it is missing. */
  readonly stateDirectory: string;
  /** What it says of itself. */
  readonly program: ProgramInfo;
  /** What runs agents, in the order in which they are shown. Default: the provider `command`. */
  readonly providers?: readonly AgentProvider[];
  /** Where agents work that are not told where, absolute. Default: the working directory of the process. */
  readonly workingDirectory?: string;
  /** The most agents, archived ones included. Default 10,000. */
  readonly maxAgents?: number;
  /** The most bytes of its database. Default: no limit. */
  readonly maxDatabaseBytes?: number;
  /** Pushes to clients that have no channel. Default: nobody does. */
  readonly push?: PushSender;
}

/** A daemon that is open. */
export interface Daemon {
  /** Its server: sessions, metrics, who may connect. */
  readonly server: DaemonServer;
  /** The fingerprint of its identity. */
  readonly serverId: string;
  /** Listens, as {@link DaemonServer.listen} says. */
  listen(options?: ListenOptions): Promise<Listening>;
  /** Lets calls come to their end, ends all agents and keeps how they ended, then closes. Spec: DAEMON-5. */
  stop(): Promise<void>;
}

const MAX_AGENTS = 10_000;

/**
 * Opens a daemon on its state directory: what was kept is there again. Without `authenticate` and `insecureNoAuth` it keeps a
 * token in a file and wants that token.
 * @throws MoorlineError as {@link openStateDirectory} says.
 */
export async function openDaemon(options: DaemonOptions): Promise<Daemon> {
  const state = await openStateDirectory(options.stateDirectory, options.program, options.maxDatabaseBytes);
  try {
    const authenticate = await resolveHook(options);
    return await startDaemon(state, { ...options, ...(authenticate === undefined ? {} : { authenticate }) });
  } catch (error) {
    state.database.close();
    throw error;
  }
}

/** Only after the directory belongs to this process: what cannot be opened is left as it is. */
async function resolveHook({
  authenticate,
  insecureNoAuth,
  stateDirectory,
}: DaemonOptions): Promise<Authenticate | undefined> {
  if (authenticate !== undefined || insecureNoAuth === true) return authenticate;
  return loadOrCreateTokenFile(statePathsOf(stateDirectory).token);
}

async function startDaemon({ identity, database }: DaemonState, options: DaemonOptions): Promise<Daemon> {
  const { clock = systemClock, random = systemRandom, logger = console, push } = options;
  const store = createSqliteTimelineStore(database, { clock, random });
  const collection = createAgentCollection({ clock, random });
  const sessions = createSqliteSessionStore(database);
  const presence = await openPresence({ clock, logger, database, sessions, push });
  const serverId = serverIdOf(identity.publicKey);
  const agents = createRegistry(options, { store, collection, serverId, notifier: presence.notifier });
  await agents.recover();
  const server = createDaemonServer({
    ...options,
    ...(options.metrics === undefined ? {} : { metrics: addMetrics(options.metrics, agents, collection, store) }),
    identity,
    codecs: createDirectoryCodecs(collection),
    store: sessions,
    journal: createSqliteJournalStore(database, { clock }),
    routes: (router) => {
      router.service(AgentService, createAgentService(agents, clock));
      router.service(AgentDirectoryService, createAgentDirectoryService(collection));
      router.service(
        TimelineService,
        createTimelineService((agentId) => agents.get(agentId).kept.log),
      );
      router.service(PresenceService, presence.service);
      options.routes?.(router);
    },
    onEvent: (event) => {
      presence.heard(event);
      options.onEvent?.(event);
    },
  });
  const stop = async (): Promise<void> => {
    await Promise.all([server.drain(), agents.close()]);
    store.close();
    database.close();
  };
  let stopped: Promise<void> | undefined;
  return {
    server,
    serverId,
    listen: (where) => server.listen(where),
    stop: () => {
      stopped ??= stop();
      return stopped;
    },
  };
}

interface RegistryParts {
  readonly store: TimelineStore;
  readonly collection: AgentCollection;
  readonly serverId: string;
  readonly notifier: Notifier;
}

function createRegistry(
  options: DaemonOptions,
  { store, collection, serverId, notifier }: RegistryParts,
): AgentRegistry {
  const { clock = systemClock, random = systemRandom, onTransition, logger = console } = options;
  const { providers = [new CommandProvider({ clock })], maxAgents = MAX_AGENTS } = options;
  return new AgentRegistry({
    context: {
      clock,
      agents: collection,
      store,
      logged: (record, sessionRef) =>
        onTransition?.(createAgentTransition(record, { serverId, sessionRef, wallMs: clock.wallNow() })),
      attentionRaised: (agent) => void notifier.attentionRaised(agent),
      failed: (what, error) => logger.error(`moorline: ${what} has failed`, error),
    },
    providers,
    random,
    maxAgents,
    workingDirectory: options.workingDirectory ?? process.cwd(),
  });
}

/** The daemon's own metrics, beside those of its server. Spec: OBS-5. */
function addMetrics(
  { registry = createMetricRegistry(), ...options }: MetricsOptions,
  agents: AgentRegistry,
  collection: AgentCollection,
  store: TimelineStore,
): MetricsOptions {
  const own = [
    createAgentMetric(() => agents.all()),
    ...createCollectionMetrics({ agents: collection }),
    ...createTimelineMetrics(store),
  ];
  for (const metric of own) registry.register(metric);
  return { ...options, registry };
}
