import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { type Client, type Code, ConnectError, createContextValues, type HandlerContext } from "@connectrpc/connect";
import { type Agent, AgentAttention, AgentSchema, AgentStatus } from "../../../../../gen/moorline/agent/v1/agent_pb.ts";
import {
  NotificationService,
  type NotifyRequest,
} from "../../../../../gen/moorline/agent/v1/notification_service_pb.ts";
import { PresenceService, PresenceState } from "../../../../../gen/moorline/agent/v1/presence_service_pb.ts";
import { Notifier, type NotifierOptions } from "../../../../../src/daemon/presence/notifier.ts";
import { type ChannelName, PresenceBook } from "../../../../../src/daemon/presence/presence-book.ts";
import { createPresenceService } from "../../../../../src/daemon/presence/presence-service.ts";
import {
  createMemoryPushTokenStore,
  type PushTokenStore,
} from "../../../../../src/daemon/presence/push-token-store.ts";
import { PushTokens } from "../../../../../src/daemon/presence/push-tokens.ts";
import { createChannelTransport } from "../../../../../src/rpc/channel-transport.ts";
import { serveChannel } from "../../../../../src/rpc/serve-channel.ts";
import { createServiceClient } from "../../../../../src/rpc/service-client.ts";
import { type CallSession, callSession } from "../../../../../src/server/call-session.ts";
import { SimulatedClock } from "../../../../../src/testing/simulated-clock.ts";
import { JoinedChannels } from "../../../rpc/support/joined-channels.ts";

/** When the simulated clock starts, in milliseconds since 1970. */
export const START_MS = Date.UTC(2030, 0, 1);

/** An id as agents have them, made from a short name. */
export function idOf(name: string): string {
  return name.padEnd(22, "_");
}

/** An agent that wants attention. */
export function createAgent(name: string, init: MessageInitShape<typeof AgentSchema> = {}): Agent {
  const attention = { attention: AgentAttention.FINISHED, attentionAt: timestampFromMs(START_MS) };
  return create(AgentSchema, {
    id: idOf(name),
    title: `agent ${name}`,
    status: AgentStatus.IDLE,
    ...attention,
    ...init,
  });
}

/** What a client does with a notification, until it is cancelled: it takes it where nothing is thrown. */
export type Take = (request: NotifyRequest, signal: AbortSignal) => void | Promise<void>;

/** A client on a channel of its own. */
export interface PresenceClient {
  readonly pair: JoinedChannels;
  readonly name: ChannelName;
  readonly presence: Client<typeof PresenceService>;
  /** The titles that it was told, those that it refused included. */
  readonly told: string[];
  /** What it does with a notification. */
  take: Take;
}

/** How a client is staged. */
export interface ClientInit {
  readonly ref?: string;
  readonly principal?: string;
  /** Whether it serves notifications. Default: yes. */
  readonly isServing?: boolean;
  /** Whether the call is a plain RPC, as far as the service can tell. Default: no. */
  readonly isPlain?: boolean;
}

/** Options of {@link stagePresence}. */
export interface PresenceStageOptions extends Partial<NotifierOptions> {
  readonly store?: PushTokenStore;
}

/** A daemon's presence, with as many clients as a test wants, in simulated time. */
export function stagePresence({ store = createMemoryPushTokenStore(), ...options }: PresenceStageOptions = {}) {
  const clock = new SimulatedClock();
  const book = new PresenceBook(clock);
  const written: unknown[][] = [];
  const log = (...args: unknown[]) => void written.push(args);
  const tokens = new PushTokens(store, { warn: log, error: log });
  const notifier = new Notifier({ clock, book, tokens, ...options });
  const service = createPresenceService(book, tokens);
  const join = (channelId: string, init: ClientInit = {}): PresenceClient => {
    const { ref = `ref of ${channelId}`, principal = "owner", isServing = true, isPlain = false } = init;
    const pair = new JoinedChannels(clock).attach();
    const session = sessionOf(pair, clock, { ref, principal, channelId: isPlain ? undefined : channelId });
    const contextValues = () => createContextValues().set(callSession, session);
    serveChannel(pair.server, (router) => void router.service(PresenceService, service), { clock, contextValues });
    const transport = createChannelTransport({ channel: pair.client, clock, random: { unit: () => 0.5 } });
    const client: PresenceClient = {
      pair,
      name: { session: { ref }, channelId },
      presence: createServiceClient(PresenceService, transport),
      told: [],
      take: () => {},
    };
    if (isServing) serveNotifications(client, clock);
    return client;
  };
  return { clock, book, tokens, notifier, written, join };
}

/** What {@link stagePresence} makes. */
export type PresenceStage = ReturnType<typeof stagePresence>;

/** Reports the presence of a client, and waits until it was taken. */
export async function report(
  { clock }: Pick<PresenceStage, "clock">,
  { presence }: Pick<PresenceClient, "presence">,
  state: "visible" | "hidden",
  init: { readonly shows?: string; readonly activeAtMs?: number } = {},
): Promise<void> {
  const answer = presence.reportPresence({
    state: state === "visible" ? PresenceState.VISIBLE : PresenceState.HIDDEN,
    agentId: init.shows === undefined ? "" : idOf(init.shows),
    ...(init.activeAtMs === undefined ? {} : { activeAt: timestampFromMs(init.activeAtMs) }),
  });
  await clock.settle();
  await answer;
}

/** A client that cannot take what it is told. */
export function refuse(code: Code): Take {
  return () => {
    throw new ConnectError("it cannot be shown", code);
  };
}

function serveNotifications(client: PresenceClient, clock: SimulatedClock): void {
  const notify = async (request: NotifyRequest, { signal }: HandlerContext) => {
    client.told.push(request.title);
    await client.take(request, signal);
    return {};
  };
  serveChannel(client.pair.client, (router) => void router.service(NotificationService, { notify }), { clock });
}

function sessionOf(
  { server }: JoinedChannels,
  clock: SimulatedClock,
  name: Pick<CallSession, "ref" | "principal" | "channelId">,
): CallSession {
  const transport = createChannelTransport({ channel: server, clock, random: { unit: () => 0.5 } });
  return { ...name, values: createContextValues(), client: (service) => createServiceClient(service, transport) };
}
