import { create } from "@bufbuild/protobuf";
import { Code, ConnectError, createContextValues } from "@connectrpc/connect";
import type { Agent } from "../../../gen/moorline/agent/v1/agent_pb.ts";
import { type NotifyRequest, NotifyRequestSchema } from "../../../gen/moorline/agent/v1/notification_service_pb.ts";
import type { Clock } from "../../core/clock.ts";
import { waitForReady } from "../../rpc/context-keys.ts";
import { chooseReceiver, type Receiver } from "./choose-receiver.ts";
import type { PresenceBook } from "./presence-book.ts";
import type { PushSender } from "./push-sender.ts";
import type { PushToken } from "./push-token-store.ts";
import type { PushTokens } from "./push-tokens.ts";

/** How long a client, or what pushes, may take, in milliseconds. Spec: PRESENCE-7. */
const DEADLINE_MS = 10_000;
/** The most channels that are asked of one attention. Spec: PRESENCE-7. */
const MAX_ASKED = 16;
/** A client without a connection is not waited for: the next one may be there. */
const CONTEXT_VALUES = createContextValues().set(waitForReady, false);

/** Who tells, and whom. */
export interface TellingContext {
  /** Time. */
  readonly clock: Clock;
  /** Where people are. */
  readonly book: PresenceBook;
  /** Where to push. */
  readonly tokens: PushTokens;
  /** What pushes. Default: nothing is pushed. */
  readonly push?: PushSender | undefined;
  /**
   * Whether an agent concerns a principal: nobody else is told of it, or counts as looking at it. Where it throws, the answer
   * is no. Default: it concerns everybody. Spec: PRESENCE-11.
   */
  readonly concerns?: ((agent: Agent, principal: string) => boolean) | undefined;
}

/** What became of one attention: who has taken it, or why nobody was told. */
export type TellingEnd = Receiver["case"];

/**
 * Tells one receiver that an agent wants attention. Where one fails it chooses anew, among those that have not failed, by
 * what is known of presences then. Spec: PRESENCE-7.
 */
export class Telling {
  private readonly context: TellingContext;
  private readonly agent: Agent;
  private readonly notification: NotifyRequest;
  /** The channels that have failed. */
  private readonly failed = new Set<string>();
  private hasPushFailed = false;

  /** @param context Who tells, and whom. @param agent The agent, with its attention. */
  constructor(context: TellingContext, agent: Agent) {
    this.context = context;
    this.agent = agent;
    this.notification = agentToNotification(agent);
  }

  /** Does it. Never rejects. */
  async run(): Promise<TellingEnd> {
    for (;;) {
      const receiver = this.choose();
      if (await this.tell(receiver)) return receiver.case;
      // What has become of the channel, and of others with it, is told to the book at the end of this turn.
      await new Promise<void>((resolve) => this.context.clock.defer(resolve));
    }
  }

  private choose(): Receiver {
    const presences = this.context.book
      .list()
      .filter(({ principal }) => this.isConcerned(principal))
      .map((presence) => (this.mayAsk(presence.channel) ? presence : { ...presence, canBeTold: false }));
    return chooseReceiver(presences, this.agent.id, this.canPush());
  }

  /** Whether nothing is left to do: somebody was told, or nobody has to be. */
  private async tell(receiver: Receiver): Promise<boolean> {
    switch (receiver.case) {
      case "channel":
        return this.notify(receiver.channel);
      case "push":
        return this.push();
      default:
        return true;
    }
  }

  private mayAsk(channel: string): boolean {
    return this.failed.size < MAX_ASKED && !this.failed.has(channel);
  }

  private async notify(channel: string): Promise<boolean> {
    const { book } = this.context;
    try {
      await book.clientOf(channel).notify(this.notification, { timeoutMs: DEADLINE_MS, contextValues: CONTEXT_VALUES });
      return true;
    } catch (error) {
      this.failed.add(channel);
      if (ConnectError.from(error).code === Code.Unimplemented) book.markUnable(channel);
      return false;
    }
  }

  private async push(): Promise<boolean> {
    const controller = new AbortController();
    const { signal } = controller;
    const timer = this.context.clock.setTimer(DEADLINE_MS, () => controller.abort());
    try {
      const late = new Promise<never>((_, reject) => signal.addEventListener("abort", reject));
      await Promise.race([
        this.context.push?.send({ tokens: this.tokens(), notification: this.notification }, signal),
        late,
      ]);
      return true;
    } catch {
      this.hasPushFailed = true;
      return false;
    } finally {
      timer.cancel();
    }
  }

  private canPush(): boolean {
    return this.context.push !== undefined && !this.hasPushFailed && this.tokens().length > 0;
  }

  private tokens(): PushToken[] {
    return this.context.tokens.list().filter(({ principal }) => this.isConcerned(principal));
  }

  private isConcerned(principal: string): boolean {
    try {
      return this.context.concerns?.(this.agent, principal) ?? true;
    } catch {
      return false;
    }
  }
}

function agentToNotification({ id, title, attention, attentionAt, status }: Agent): NotifyRequest {
  return create(NotifyRequestSchema, {
    agentId: id,
    title,
    attention,
    status,
    ...(attentionAt === undefined ? {} : { attentionAt }),
  });
}
