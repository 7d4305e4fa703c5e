import type { DescService, MessageInitShape } from "@bufbuild/protobuf";
import type { Client, Interceptor } from "@connectrpc/connect";
import type { Agent } from "../../gen/moorline/agent/v1/agent_pb.ts";
import type { CreateAgentRequestSchema } from "../../gen/moorline/agent/v1/agent_service_pb.ts";
import type { ConnectionState } from "../../gen/moorline/machine/v1/connection_moorline.ts";
import type { HostState } from "../../gen/moorline/machine/v1/host_moorline.ts";
import type { ProbeState } from "../../gen/moorline/machine/v1/probe_moorline.ts";
import type { HostProfile } from "../../gen/moorline/state/v1/host_profile_pb.ts";
import type { ClientEventMap } from "../client/client-events.ts";
import type { ClientProgram } from "../client/client-hello.ts";
import type { ClientLimits } from "../client/client-options.ts";
import type { Credential, CredentialCallback } from "../client/credential.ts";
import type { LifecycleSource } from "../client/lifecycle.ts";
import type { Clock } from "../core/clock.ts";
import type { Random } from "../core/random.ts";
import type { TransitionSink } from "../machine/transition-log.ts";
import type { CodecSource } from "../rpc/message-format.ts";
import type { ServedRoutes } from "../rpc/served-routes.ts";
import type { Transport } from "../transport/connection.ts";
import type { ServerId } from "../wire/server-id.ts";
import type { SessionKey } from "../wire/session-key.ts";
import type { OptimisticCreations } from "./creation/optimistic-creations.ts";
import type { AgentDirectory } from "./mirror/agent-directory.ts";
import type { AgentTimeline } from "./mirror/agent-timeline.ts";
import type { Source } from "./source.ts";
import type { MirrorStorage } from "./storage/mirror-storage.ts";

/** How a {@link HostRuntime} is made. */
export interface HostRuntimeOptions {
  /** The daemon, and where it may be found. From createHostProfile, or as a newer version has stored it. */
  readonly profile: HostProfile;
  /** The client's identity towards the daemon, or what gives it: `() => loadOrCreateSessionKey(storage, serverId)`. */
  readonly sessionKey: SessionKey | (() => SessionKey | Promise<SessionKey>);
  /** The program that the client is part of. */
  readonly client: ClientProgram;
  /** Whom the client stands for, or a callback that gives it, again whenever it was refused. Default: nobody. */
  readonly credential?: Credential | CredentialCallback;
  /** What direct candidates are dialled with. Default: the platform's WebSocket. */
  readonly transport?: Transport;
  /** Services that the daemon may call on this client, from `serveRoutes` of `moorline/serve`. Default none. */
  readonly routes?: ServedRoutes;
  /** The codecs of messages, from createGeneratedCodecs. Default: generated ones for what mirrors follow, general ones for the rest. */
  readonly codecs?: CodecSource;
  /** Wrap each call that is made, the first one outermost. Default none. */
  readonly interceptors?: readonly Interceptor[];
  /** The deadline of unary calls that name none, in milliseconds; 0 for none. Default 60 s. Streams have none. */
  readonly defaultTimeoutMs?: number;
  /** Tells when the program is hidden, shown, online. Default: never; pages give createBrowserLifecycle(). */
  readonly lifecycle?: LifecycleSource;
  /** Where mirrors keep what they have, so that a restarted program shows it at once. Default: nowhere. */
  readonly mirrorStorage?: MirrorStorage;
  /** Time. Default: the system's. */
  readonly clock?: Clock;
  /** Chance. Default: the system's. */
  readonly random?: Random;
  /** Takes the transition log of the host, its connections and its probes. */
  readonly onTransition?: TransitionSink;
  /** Hears what listeners, callbacks and the transport have thrown. Default: nobody does, and the runtime goes on. */
  readonly onError?: (error: unknown) => void;
  /** Limits other than the defaults. */
  readonly limits?: Partial<HostLimits>;
}

/** What a runtime keeps to, where it may differ. */
export interface HostLimits extends ClientLimits {
  /** How long an interruption is shown like online, in milliseconds. Default 1,500. */
  readonly interruptionMs: number;
  /** How often paths are measured, in milliseconds, in the foreground. Default 10,000. */
  readonly probeIntervalMs: number;
}

/** What a {@link HostRuntime} shows. The same object until something changes; so are its parts. */
export interface HostSnapshot {
  /** The daemon. */
  readonly serverId: ServerId;
  /** What stands for the session key in logs. Empty until the key is there. */
  readonly sessionRef: string;
  /** The state of the host's machine. What it means, selectors say. */
  readonly host: HostState;
  /** The connection of the active client. Undefined where there is none. */
  readonly connection: ConnectionState | undefined;
  /** The probes that are under way. */
  readonly probes: readonly HostProbe[];
}

/** A probe that is under way. */
export interface HostProbe {
  /** Which candidate it measures. */
  readonly candidateId: string;
  /** The state of its machine. */
  readonly state: ProbeState;
}

/** What an agent is made from. */
export type CreateAgentInit = MessageInitShape<typeof CreateAgentRequestSchema>;

/**
 * One daemon over all its paths: what an app holds. It owns the active client, the probes, the choice of the path and the
 * mirrors. An app reads snapshots and gives intents. No intent throws: what has no meaning now changes nothing and is
 * logged as ignored; what is malformed changes nothing and is told to `onError`. Spec: HOST.
 */
export interface HostRuntime extends Source<HostSnapshot> {
  /** The daemon. */
  readonly serverId: ServerId;
  /** What `getSnapshot()` gives. */
  readonly snapshot: HostSnapshot;
  /**
   * A client of a service of the daemon: the same object for the same service, valid over every switch and reconnect.
   * @throws MoorlineError OPTION_INVALID for what is no service.
   */
  service<T extends DescService>(service: T): Client<T>;
  /** Calls `listener` at each such event, until the function that comes back is called. */
  on<Name extends keyof ClientEventMap>(name: Name, listener: (event: ClientEventMap[Name]) => void): () => void;
  /** The agents of the daemon. */
  readonly agents: AgentDirectory;
  /**
   * The timeline of an agent: the same object for the same id while somebody listens to it.
   * @throws MoorlineError OPTION_INVALID for what is no text.
   */
  timeline(agentId: string): AgentTimeline;
  /** The creations under way. */
  readonly creations: OptimisticCreations;
  /** Loads the session key and connects. Does nothing where it was started, except after a failed start. */
  start(): void;
  /**
   * Ends everything for good; every call and promise is settled.
   * @returns Resolves when the storage of mirrors has what is shown, or has failed: then a program may end. Never rejects.
   */
  stop(): Promise<void>;
  /** Tries now where there is no connection, and tries again what was refused. */
  retry(): void;
  /** Looks at everything anew: the mirrors, and the connection where there is none. */
  refresh(): void;
  /** Wants a candidate of the profile before all others; undefined leaves the choice to the runtime. */
  useCandidate(candidateId: string | undefined): void;
  /** The daemon may be found elsewhere from now on. The server id must be the same, else nothing changes. */
  setProfile(profile: HostProfile): void;
  /** The credential is another one: the next hello asks for it, and what was refused is tried again. For a callback. */
  credentialChanged(): void;
  /**
   * Starts where nobody has, and waits for a connection. Views need it not: they show what there is.
   * @returns What resolves when the host is online. Rejects with a MoorlineError where nothing will lead to that without
   *   somebody asking: failed, no_connections, error without a retry; DISPOSED where the runtime is stopped.
   */
  ensureOnline(): Promise<void>;
  /**
   * Creates an agent, which is shown at once: in `agents`, and in `creations` until the directory has it.
   * @returns What the daemon has made of it. Rejects with a ConnectError where it cannot be created; then it is in
   *   `creations` only, until it is dismissed there.
   */
  createAgent(request: CreateAgentInit): Promise<Agent>;
}
