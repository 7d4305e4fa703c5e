import { type ContextKey, createContextKey, createContextValues } from "@connectrpc/connect";
import type { ChannelEffect, ChannelEvent, ChannelState } from "../../gen/moorline/machine/v1/channel_pb.ts";
import type { CloseCode } from "../../gen/moorline/session/v1/close_code_pb.ts";
import { CallOutcome, type ChannelLossReason } from "../../gen/moorline/session/v1/error_pb.ts";
import type { Call } from "../channel/call.ts";
import { Channel } from "../channel/channel.ts";
import { ChannelCall } from "../channel/channel-call.ts";
import type { LogEntry, Performer } from "../core/machine.ts";
import { Runner } from "../core/runner.ts";
import { type ChannelConfig, channelEvent, channelMachine, startChannel } from "../machine/channel.ts";
import { type ServedChannel, serveChannel } from "../rpc/serve-channel.ts";
import { type CallSession, ChannelCallSession, callSession, type SessionWithValues } from "./call-session.ts";
import type { LostCall, SessionName } from "./events.ts";
import type { AttachRequest } from "./handshake.ts";
import type { ByteHolder } from "./held-bytes.ts";
import { countChannel, countOne, logTransition, type ServerContext } from "./server-context.ts";
import { ServerTimer } from "./server-timer.ts";

/** A connection, as a channel sees it. */
export interface Carrier {
  /** Frames go to and from the channel from now on. */
  carry(channel: Channel): void;
  /** The connection ends, because of what has become of the channel. */
  end(code: CloseCode): void;
}

/** The session of a channel, as the channel sees it. */
export interface ChannelOwner extends SessionWithValues {
  /** The hash of the session key. */
  readonly hash: string;
  /** Ends the session. */
  end(): void;
  /** The channel is gone. */
  channelLost(channel: ServerChannel, reason: ChannelLossReason): void;
}

/** A connection, whose client may have the channel. */
export interface Boarding {
  readonly carrier: Carrier;
  /** What its credential can be revoked by. */
  readonly credentialId: string | undefined;
  /** Frames that the client has accepted. */
  readonly received: number;
}

type ChannelRunner = Runner<ChannelState, ChannelEvent, ChannelEffect, ChannelConfig>;

/** The channel that a call came on, for the services of the server itself. */
export const servingChannel: ContextKey<ServerChannel | undefined> = createContextKey<ServerChannel | undefined>(
  undefined,
  {
    description: "moorline channel",
  },
);

/** A channel on the server: performs what its machine decides. Spec: CHM. */
export class ServerChannel implements Performer<ChannelState, ChannelEvent, ChannelEffect>, ByteHolder {
  /** What the channel is looked up by, and called in events. */
  readonly key: string;
  /** Its frames and calls. */
  readonly channel: Channel;
  /** The calls of the client that run on it. */
  readonly served: ServedChannel;
  private readonly context: ServerContext;
  private readonly owner: ChannelOwner;
  private readonly runner: ChannelRunner;
  /** The connection that carries the channel. */
  private carrier: Carrier | undefined = undefined;
  /** The one that is about to. */
  private boarding: Boarding | undefined;
  /** What the credential of the last connection can be revoked by. */
  private credentialId: string | undefined = undefined;
  private timer: ServerTimer | undefined = undefined;
  private session: CallSession | undefined = undefined;

  /** A new channel, on the connection whose hello has asked for it. */
  constructor(context: ServerContext, owner: ChannelOwner, request: AttachRequest, boarding: Boarding) {
    const { clock, deadlines, limits, routes, journal, tally } = context;
    this.context = context;
    this.owner = owner;
    this.key = request.fresh.key;
    this.channel = new Channel({ role: "server", limits: limits.channel, peerLimits: request.peerLimits });
    const contextValues = () => createContextValues().set(callSession, this.callSession).set(servingChannel, this);
    const keyed = journal?.of(owner.hash);
    this.served = serveChannel(this.channel, routes, { clock, deadlines, contextValues, keyed, tally });
    const start = startChannel(request.attempt);
    this.boarding = boarding;
    this.runner = new Runner(channelMachine, limits.session, this, start.state);
    this.runner.start(start.effects);
    this.boarding = undefined;
  }

  /** Where the channel is. */
  get phase(): "attached" | "detached" | "lost" {
    return this.runner.getSnapshot().state.case ?? "lost";
  }

  /** The highest attempt that was accepted for it. */
  get attempt(): number {
    const { state } = this.runner.getSnapshot();
    return state.case === "attached" || state.case === "detached" ? state.value.attempt : Number.POSITIVE_INFINITY;
  }

  /** Why the channel was lost. Undefined while it is not. */
  get lossReason(): ChannelLossReason | undefined {
    const { state } = this.runner.getSnapshot();
    return state.case === "lost" ? state.value.reason : undefined;
  }

  get deadlineAtMs(): number | undefined {
    const { state } = this.runner.getSnapshot();
    return state.case === "detached" ? state.value.deadlineAtMs : undefined;
  }

  get heldBytes(): number {
    return this.channel.heldBytes;
  }

  /** The channel as its handlers see it. */
  get callSession(): CallSession {
    this.session ??= new ChannelCallSession(this.context, this.owner, this.channel, this.key);
    return this.session;
  }

  /** A hello with a higher attempt was accepted: its connection carries the channel, an older one is superseded. */
  resume(attempt: number, boarding: Boarding): void {
    this.boarding = boarding;
    this.dispatch({ case: "resumed", value: { attempt } });
    this.boarding = undefined;
  }

  /** The connection of an attempt is gone. */
  connectionLost(attempt: number): void {
    this.dispatch({ case: "connectionLost", value: { attempt, nowMs: this.context.clock.now() } });
  }

  /** The client has ended the channel, on the connection of an attempt. */
  done(attempt: number): void {
    this.dispatch({ case: "channelDone", value: { attempt } });
  }

  /** A credential was revoked: the channel ends, if it waits for the client that had it. */
  revoke(credentialId: string): void {
    if (this.phase === "detached" && this.credentialId === credentialId) this.done(this.attempt);
  }

  /** The client says that it has more than was ever sent, or comes from another epoch. */
  disagree(): void {
    this.dispatch({ case: "positionImpossible", value: {} });
  }

  /** The session was ended. */
  end(): void {
    this.dispatch({ case: "sessionEnded", value: {} });
  }

  /** Ends the session that the channel belongs to. */
  endSession(): void {
    this.owner.end();
  }

  /** The server is being stopped. */
  drain(): void {
    this.dispatch({ case: "drained", value: {} });
  }

  evict(): void {
    this.dispatch({ case: "evicted", value: {} });
  }

  /** Loses the channel if its time is up, also where its timer has not fired yet. */
  expireIfDue(nowMs: number): void {
    const { deadlineAtMs } = this;
    if (deadlineAtMs !== undefined && deadlineAtMs <= nowMs) this.replayExpired(deadlineAtMs);
  }

  perform({ effect }: ChannelEffect): void {
    switch (effect.case) {
      case "attachConnection":
        this.attach();
        break;
      case "detachConnection":
        this.channel.detach();
        break;
      case "closeConnection":
        this.carrier?.end(effect.value.code);
        break;
      case "loseChannel":
        this.lose(effect.value.reason);
        break;
      case "startTimer":
        this.carrier = undefined;
        this.timer = new ServerTimer(this.context.deadlines, (atMs) => this.replayExpired(atMs));
        this.timer.start(effect.value.atMs);
        this.tell("detached");
        break;
      case "cancelTimer":
        this.timer?.cancel();
        this.timer = undefined;
        break;
    }
  }

  logged(entry: LogEntry<ChannelState, ChannelEvent>): void {
    logTransition(this.context, channelMachine, entry, { sessionRef: this.owner.ref });
  }

  failed(error: unknown): void {
    this.context.reporter.failed("a channel", error);
  }

  private dispatch(event: Parameters<typeof channelEvent>[0]): void {
    this.runner.dispatch(channelEvent(event));
  }

  private replayExpired(deadlineAtMs: number): void {
    this.dispatch({ case: "replayExpired", value: { deadlineAtMs } });
  }

  private attach(): void {
    const { boarding } = this;
    if (boarding === undefined) return;
    this.carrier = boarding.carrier;
    this.credentialId = boarding.credentialId;
    this.channel.attach(boarding.received);
    boarding.carrier.carry(this.channel);
  }

  private lose(reason: ChannelLossReason): void {
    const calls = [...this.channel.calls].map(describeCall);
    this.carrier = undefined;
    this.channel.lose(reason);
    countOne(this.context.counters.lost, reason);
    countChannel(this.context.counters, this.channel);
    const { key: channelId, owner } = this;
    this.context.reporter.event({ kind: "channel_lost", session: nameOf(owner), channelId, reason, calls });
    owner.channelLost(this, reason);
  }

  private tell(kind: "detached"): void {
    this.context.reporter.event({ kind, session: nameOf(this.owner), channelId: this.key });
  }
}

/** A session, as events name it. */
export function nameOf({ ref, principal }: SessionName): SessionName {
  return { ref, principal };
}

function describeCall(call: Call): LostCall {
  const isUnsent = call instanceof ChannelCall && call.phase === "waiting";
  const outcome = isUnsent ? CallOutcome.NOT_SENT : CallOutcome.UNKNOWN;
  return { method: call.method, role: call.role, outcome };
}
