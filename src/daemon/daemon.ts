import { AgentService } from "../../gen/moorline/agent/v1/agent_service_pb.ts";
import { AgentDirectoryService } from "../../gen/moorline/agent/v1/directory_service_pb.ts";
import { TimelineService } from "../../gen/moorline/agent/v1/timeline_service_pb.ts";
import { agentMachine } from "../machine/agent.ts";
import { createTransition } from "../machine/transition-log.ts";
import type { Authenticate } from "../server/authenticate.ts";
import type { ProgramInfo } from "../server/identity.ts";
import type { Listening, ListenOptions } from "../server/listen.ts";
import type { DaemonServerOptions } from "../server/options.ts";
import { createDaemonServer, type DaemonServer } from "../server/server.ts";
import { createSqliteJournalStore } from "../server/sqlite/sqlite-journal-store.ts";
import { createSqliteSessionStore } from "../server/sqlite/sqlite-session-store.ts";
import { createSqliteTimelineStore } from "../server/timeline/sqlite-timeline-store.ts";
import type { TimelineStore } from "../server/timeline/timeline-store.ts";
import { loadOrCreateTokenFile } from "../server/token-file.ts";
import { systemClock } from "../transport/system-clock.ts";
import { systemRandom } from "../transport/system-random.ts";
import { serverIdOf } from "../wire/server-id.ts";
import { AgentRegistry } from "./agent/agent-registry.ts";
import { createAgentService } from "./agent/agent-service.ts";
import { CommandProvider } from "./command/command-provider.ts";
import { type AgentCollection, createAgentCollection } from "./directory/agent-collection.ts";
import { createAgentDirectoryService } from "./directory/agent-directory-service.ts";
import { createDirectoryCodecs } from "./directory/watch-codec.ts";
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
  | "interceptors"
  | "allowedHosts"
  | "allowedOrigins"
  | "authenticate"
  | "insecureNoAuth"
  | "routes"
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
 * Opens a daemon on its state directory: what was kept is there again. Without `authenticate` and `insecureNoAuth` it writes a
 * token file and wants that token.
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

/** Only after the directory belongs to this process: the token of a daemon that runs is not replaced. */
async function resolveHook({
  authenticate,
  insecureNoAuth,
  stateDirectory,
}: DaemonOptions): Promise<Authenticate | undefined> {
  if (authenticate !== undefined || insecureNoAuth === true) return authenticate;
  return loadOrCreateTokenFile(statePathsOf(stateDirectory).token);
}

async function startDaemon({ identity, database }: DaemonState, options: DaemonOptions): Promise<Daemon> {
  const { clock = systemClock, random = systemRandom } = options;
  const store = createSqliteTimelineStore(database, { clock, random });
  const collection = createAgentCollection({ clock, random });
  const agents = createRegistry(options, { store, collection, serverId: serverIdOf(identity.publicKey) });
  await agents.recover();
  const server = createDaemonServer({
    ...options,
    identity,
    codecs: createDirectoryCodecs(collection),
    store: createSqliteSessionStore(database),
    journal: createSqliteJournalStore(database, { clock }),
    routes: (router) => {
      router.service(AgentService, createAgentService(agents, clock));
      router.service(AgentDirectoryService, createAgentDirectoryService(collection));
      router.service(
        TimelineService,
        createTimelineService((agentId) => agents.get(agentId).kept.log),
      );
      options.routes?.(router);
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
    serverId: server.serverId,
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
}

function createRegistry(options: DaemonOptions, { store, collection, serverId }: RegistryParts): AgentRegistry {
  const { clock = systemClock, random = systemRandom, onTransition, logger = console } = options;
  const { providers = [new CommandProvider({ clock })], maxAgents = MAX_AGENTS } = options;
  return new AgentRegistry({
    context: {
      clock,
      agents: collection,
      store,
      logged: (_, entry, sessionRef) => {
        const context = { serverId, sessionRef, wallMs: clock.wallNow() };
        onTransition?.(createTransition(agentMachine, entry, context));
      },
      attentionRaised: () => {},
      failed: (what, error) => logger.error(`moorline: ${what} has failed`, error),
    },
    providers,
    random,
    maxAgents,
    workingDirectory: options.workingDirectory ?? process.cwd(),
  });
}
