import { createContextValues } from "@connectrpc/connect";
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
import type { LostCall } from "./events.ts";
import type { AttachRequest } from "./handshake.ts";
import type { ByteHolder } from "./held-bytes.ts";
import { logTransition, type ServerContext } from "./server-context.ts";
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
  /** The channel is gone. */
  channelLost(channel: ServerChannel, reason: ChannelLossReason): void;
}

/** A connection, and how far its client has got. */
interface Boarding {
  readonly carrier: Carrier;
  /** Frames that the client has accepted. */
  readonly received: number;
}

type ChannelRunner = Runner<ChannelState, ChannelEvent, ChannelEffect, ChannelConfig>;

/** A channel on the server: performs what its machine decides. Spec: CHM. */
export class ServerChannel implements Performer<ChannelState, ChannelEvent, ChannelEffect>, ByteHolder {
  /** What the channel is looked up by, and called in events. */
  readonly key: string;
  /** Its id, as the client has chosen it. */
  readonly id: Uint8Array;
  /** Its frames and calls. */
  readonly channel: Channel;
  /** The calls of the client that run on it. */
  readonly served: ServedChannel;
  private readonly context: ServerContext;
  private readonly owner: ChannelOwner;
  private readonly runner: ChannelRunner;
  /** The connection that carries the channel, or is about to. */
  private boarding: Boarding | undefined;
  private timer: ServerTimer | undefined = undefined;
  private session: CallSession | undefined = undefined;

  /** A new channel, on the connection whose hello has asked for it. */
  constructor(context: ServerContext, owner: ChannelOwner, request: AttachRequest, carrier: Carrier) {
    const { clock, deadlines, limits, routes } = context;
    this.context = context;
    this.owner = owner;
    this.key = request.fresh.key;
    this.id = request.fresh.id;
    this.channel = new Channel({ role: "server", limits: limits.channel, peerLimits: request.peerLimits });
    const contextValues = () => createContextValues().set(callSession, this.callSession);
    this.served = serveChannel(this.channel, routes, { clock, deadlines, contextValues });
    const start = startChannel(request.attempt);
    this.boarding = { carrier, received: 0 };
    this.runner = new Runner(channelMachine, { replayMs: limits.session.replayMs }, this, start.state);
    this.runner.start(start.effects);
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
  resume(attempt: number, received: number, carrier: Carrier): void {
    const older = this.boarding;
    this.boarding = { carrier, received };
    this.older = older;
    this.runner.dispatch(channelEvent({ case: "resumed", value: { attempt } }));
  }

  /** The connection of an attempt is gone. */
  connectionLost(attempt: number): void {
    this.runner.dispatch(channelEvent({ case: "connectionLost", value: { attempt, nowMs: this.context.clock.now() } }));
  }

  /** The client has ended the channel, on the connection of an attempt. */
  done(attempt: number): void {
    this.runner.dispatch(channelEvent({ case: "channelDone", value: { attempt } }));
  }
}
