import { createContextValues } from "@connectrpc/connect";
import { AgentService } from "../../../gen/moorline/agent/v1/agent_service_pb.ts";
import type { ConnectionState } from "../../../gen/moorline/machine/v1/connection_pb.ts";
import { ConnectionLossReasonSchema } from "../../../gen/moorline/state/v1/reason_pb.ts";
import { createDaemonClient, type DaemonClient } from "../../client/daemon-client.ts";
import { createBrowserLifecycle } from "../../client/lifecycle.ts";
import { isConnected, lossOf, retryAtOf, serverOf } from "../../client/selectors.ts";
import { idempotencyKey } from "../../rpc/context-keys.ts";
import { systemClock } from "../../transport/system-clock.ts";
import { createWebSocketTransport } from "../../transport/web-socket.ts";
import type { SessionKey } from "../../wire/session-key.ts";
import { sessionRefOf } from "../../wire/session-ref.ts";
import { createFaultTransport } from "../faults/fault-transport.ts";
import { createPacketLog } from "../log/packet-log.ts";
import { createTransitionJournal } from "../log/transition-journal.ts";
import type { ConsoleHost, HostIntents, HostStatus, PathEntry } from "../model/console-model.ts";
import { nameOf } from "../model/names.ts";
import { createState, type State } from "../model/source.ts";
import type { KnownHost } from "./host-book.ts";
import { LiveDirectory } from "./live-directory.ts";
import { LiveTimeline } from "./live-timeline.ts";

/** What a host is made of. */
export interface LiveHostOptions {
  readonly known: KnownHost;
  readonly sessionKey: SessionKey;
  readonly token: string | undefined;
  /** The version of the console. */
  readonly version: string;
}

/** A host with its client. */
export interface LiveHost extends ConsoleHost {
  readonly stop: () => void;
}

const PING_MS = 2_000;
const MAX_SAMPLES = 60;

/** Makes a host, and connects. */
export function createLiveHost({ known, sessionKey, token, version }: LiveHostOptions): LiveHost {
  const journal = createTransitionJournal();
  const packets = createPacketLog(() => systemClock.wallNow());
  const faults = createFaultTransport({
    inner: createWebSocketTransport(),
    clock: systemClock,
    onPacket: packets.tap,
  });
  const client = createDaemonClient({
    endpoint: known.endpoint,
    expectedServerId: known.serverId,
    sessionKey,
    client: { name: "moorline-console", version, platform: "browser" },
    transport: faults.transport,
    lifecycle: createBrowserLifecycle(),
    onTransition: journal.record,
    ...(token === undefined ? {} : { credential: { bearerToken: token } }),
  });
  const sessionRef = sessionRefOf(sessionKey);
  const directory = new LiveDirectory(client);
  const status = createState(statusOf(client.state, sessionRef));
  const paths = createState<readonly PathEntry[]>([pathOf(known, [], false)]);
  const connect = (): void => void client.ensureConnected().catch(() => {});
  const stopWatching = client.subscribe((state) => {
    status.set(statusOf(state, sessionRef));
    directory.connectionChanged();
  });
  const stopMeasuring = measure(client, known, paths);
  connect();
  directory.start();
  const timelines = new Map<string, LiveTimeline>();
  const timelineOf = (agentId: string): LiveTimeline => {
    const timeline = timelines.get(agentId) ?? new LiveTimeline(client, agentId);
    timelines.set(agentId, timeline);
    return timeline;
  };
  return {
    ...{ serverId: known.serverId, label: known.label, status, journal, packets, paths },
    faults: faults.controls,
    directory: directory.view,
    agent: (agentId) => ({
      subscribe: directory.view.subscribe,
      getSnapshot: () => directory.view.getSnapshot().agents.find(({ id }) => id === agentId),
    }),
    timeline: (agentId) => timelineOf(agentId).source,
    intents: createIntents(client, { connect, directory, timelineOf }),
    stop() {
      stopWatching();
      stopMeasuring();
      directory.stop();
      void client.close();
    },
  };
}

interface IntentParts {
  readonly connect: () => void;
  readonly directory: LiveDirectory;
  readonly timelineOf: (agentId: string) => LiveTimeline;
}

function createIntents(client: DaemonClient, { connect, directory, timelineOf }: IntentParts): HostIntents {
  const agents = client.service(AgentService);
  return {
    retry: connect,
    refresh() {
      connect();
      directory.start();
    },
    chooseCandidate: () => {},
    showArchived: (isShown) => directory.showArchived(isShown),
    async runCommand({ argv, title, workingDirectory, closeInput }) {
      const task = { case: "command" as const, value: { argv: [...argv], closeInput } };
      const contextValues = createContextValues().set(idempotencyKey, crypto.randomUUID());
      const { agent } = await agents.createAgent(
        { providerId: "command", title, workingDirectory, task },
        { contextValues },
      );
      return agent?.id ?? "";
    },
    dismissCreation: () => {},
    async sendPrompt(agentId, text) {
      await agents.sendPrompt({ agentId, text });
    },
    async cancelTurn(agentId) {
      await agents.cancelTurn({ agentId });
    },
    async archive(agentId) {
      await agents.archiveAgent({ agentId });
    },
    async resolvePermission(agentId, permissionId, optionId) {
      await agents.resolvePermission({ agentId, permissionId, optionId });
    },
    loadEarlier: (agentId) => timelineOf(agentId).loadEarlier(),
  };
}

function statusOf(state: ConnectionState, sessionRef: string): HostStatus {
  const phase = state.state.case ?? "unknown";
  const server = serverOf(state);
  const loss = lossOf(state);
  const isOnItsWay = phase === "connecting" || retryAtOf(state) !== undefined;
  return {
    standing: isConnected(state) ? "online" : isOnItsWay ? "working" : phase === "idle" ? "idle" : "failed",
    phase,
    program: server === undefined ? "" : `${server.name} ${server.version}`,
    path: isConnected(state) ? "direct" : "",
    generation: state.state.case === "connected" ? state.state.value.generation : 0,
    sessionRef,
    ...(loss === undefined || isOnItsWay
      ? {}
      : {
          problem: {
            code: nameOf(ConnectionLossReasonSchema, loss.reason).toUpperCase().replaceAll(" ", "_"),
            text: loss.message,
            action: "Retry, or look at the log.",
          },
        }),
  };
}

function pathOf({ endpoint }: KnownHost, roundTripsMs: readonly number[], isActive: boolean): PathEntry {
  return {
    candidateId: endpoint,
    address: endpoint,
    kind: "direct",
    use: isActive ? "active" : "standby",
    roundTripsMs,
    note: "",
  };
}

/** Measures round trips on the connection, while there is one. @returns What ends it. */
function measure(client: DaemonClient, known: KnownHost, paths: State<readonly PathEntry[]>): () => void {
  let samples: readonly number[] = [];
  const timer = setInterval(async () => {
    try {
      samples = [...samples, await client.ping()].slice(-MAX_SAMPLES);
    } catch {
      // There is no connection, or it was lost meanwhile.
    }
    paths.set([pathOf(known, samples, isConnected(client.state))]);
  }, PING_MS);
  return () => clearInterval(timer);
}
