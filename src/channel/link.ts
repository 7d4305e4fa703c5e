import type { CloseCode } from "../../gen/moorline/session/v1/close_code_pb.ts";
import type {
  ClientPacket,
  Frames,
  Ping,
  ReconnectHint,
  ServerPacket,
} from "../../gen/moorline/session/v1/packet_moorline.ts";
import {
  decodeClientPacket,
  decodeServerPacket,
  encodeClientPacket,
  encodeServerPacket,
} from "../../gen/moorline/session/v1/packet_moorline.ts";
import type { Timer } from "../core/clock.ts";
import { countBuffer } from "../core/collector.ts";
import { CodecError } from "../wire/codec.ts";
import { channelLimits, type LocalChannelLimits } from "../wire/limits.ts";
import { closeCodeOf, type Violation } from "./accept.ts";
import type { Channel } from "./channel.ts";
import type { LinkOptions } from "./link-owner.ts";

export type { Farewell, LinkOptions, LinkOwner, PacketSink } from "./link-owner.ts";

/**
 * `greeting`: nothing but hellos may come. `open`: welcomed, no channel (a probe). `bound`: frames go to and from a channel.
 * `stopped`: nothing comes or goes any more.
 */
type LinkPhase =
  | { readonly name: "greeting" | "open" | "stopped" }
  | { readonly name: "bound"; readonly channel: Channel };

/**
 * The packets of one connection, at either end: it decodes what comes, moves frames between the connection and the channel,
 * acknowledges in time, answers pings, and keeps the socket's buffer short. Spec: PACKET, CHAN, LIVE.
 */
export class Link {
  /** When the last packet came, on the clock's `now`. */
  lastReceivedAtMs: number;
  /** When the last packet left, on the clock's `now`. */
  lastSentAtMs: number;
  /** Packets with a body that this version does not know. For logs and metrics. */
  unknownPackets = 0;
  private readonly options: LinkOptions;
  private readonly limits: LocalChannelLimits;
  private phase: LinkPhase = { name: "greeting" };
  /** What goes before frames: the answer to the last ping. */
  private pong: Ping | undefined = undefined;
  /** `deferred`: it flushes soon. `blocked`: there was no room when it last did, so `drained` has it flush. */
  private flushing: "idle" | "deferred" | "blocked" = "idle";
  private ackTimer: Timer | undefined = undefined;
  /** Hidden clients acknowledge with their pongs and by number only, without timers. */
  private acks: "prompt" | "lazy" = "prompt";

  constructor(options: LinkOptions) {
    this.options = options;
    this.limits = options.limits ?? channelLimits;
    this.lastReceivedAtMs = options.clock.now();
    this.lastSentAtMs = this.lastReceivedAtMs;
  }

  /** The channel that the connection carries. */
  get channel(): Channel | undefined {
    return this.phase.name === "bound" ? this.phase.channel : undefined;
  }

  /** The connection was welcomed, as a probe: pings may come and go, frames may not. */
  open(): void {
    if (this.phase.name === "greeting") this.phase = { name: "open" };
  }

  /** The connection carries the channel from now on, which is attached by the owner. */
  bind(channel: Channel): void {
    if (this.phase.name === "stopped") return;
    this.phase = { name: "bound", channel };
    channel.onWork = this.wake;
    channel.onFullPacket = this.sendPacket;
    this.wake();
  }

  /** Nothing that comes counts any more, and nothing more is sent. The channel, if any, is left as it is. */
  stop(): void {
    // The channel may be bound to a newer link already.
    const { channel } = this;
    if (channel?.onWork === this.wake) {
      channel.onWork = undefined;
      channel.onFullPacket = undefined;
    }
    this.phase = { name: "stopped" };
    this.ackTimer?.cancel();
    this.ackTimer = undefined;
    this.pong = undefined;
  }

  /** Chooses whether acknowledgements may wait for pings. Default `prompt`. */
  setAcks(acks: "prompt" | "lazy"): void {
    this.acks = acks;
    if (acks === "prompt") this.wake();
  }

  /** Takes a message of the connection. */
  receive(message: Uint8Array | string): void {
    if (this.phase.name === "stopped") return;
    this.lastReceivedAtMs = this.options.clock.now();
    if (typeof message === "string") {
      this.violated("a text message");
      return;
    }
    countBuffer(message.length);
    const max = this.phase.name === "greeting" ? this.limits.maxFirstPacketBytes : this.limits.maxPacketBytes;
    if (message.length > max) {
      this.violated(`a packet of ${message.length} bytes is over ${max}`, "malformed");
      return;
    }
    const packet = this.decode(message);
    if (packet !== undefined) this.accept(packet, message.length);
  }

  /** The socket's buffer has shrunk. */
  drained(): void {
    if (this.flushing === "blocked") this.wake();
  }

  /** Sends a hello, encoded. */
  sendHello(hello: Uint8Array): void {
    this.send({ received: 0, body: { case: "hello", value: hello }, unknown: undefined });
  }

  /** Sends a ping. It goes before frames, and whatever lies in the socket's buffer. */
  sendPing(id: number, padding: Uint8Array = new Uint8Array(0)): void {
    this.send({ received: this.tellReceived(), body: { case: "ping", value: { id, padding, unknown: undefined } } });
  }

  /** Sends the last packet and stops. A server says when to dial again, and with CHANNEL_LOST why the channel was. */
  sendFarewell(code: CloseCode, message: string, hint?: ReconnectHint, channelLoss = 0): void {
    if (this.phase.name === "stopped") return;
    const received = this.tellReceived();
    const packet =
      this.options.role === "client"
        ? encodeClientPacket({ received, body: { case: "goodbye", value: { code, message } } })
        : encodeServerPacket({ received, body: { case: "goAway", value: { code, message, hint, channelLoss } } });
    this.options.sink.send(packet);
    this.stop();
  }

  /** Sends what may go, now. Called by itself at the end of a turn; of use where no turn will follow. */
  flush(): void {
    this.flushing = "idle";
    if (this.phase.name === "stopped") return;
    if (this.pong !== undefined && this.hasRoom) this.sendPong(this.pong);
    const { channel } = this;
    const nowMs = this.options.clock.now();
    let hasRoom = this.hasRoom;
    for (let packet = hasRoom ? channel?.take(nowMs) : undefined; packet !== undefined; ) {
      this.lastSentAtMs = nowMs;
      this.options.sink.send(packet);
      hasRoom = this.hasRoom;
      packet = hasRoom ? channel?.take(nowMs) : undefined;
    }
    // Without room nothing is due: the socket's buffer shrinks, or the connection dies.
    if (!hasRoom) this.flushing = "blocked";
    else if (channel !== undefined) this.tellReceipt(channel, nowMs);
  }

  /** Acknowledges, now or when it is due at the latest. */
  private tellReceipt(channel: Channel, nowMs: number): void {
    if (this.isAckDue(channel, nowMs)) this.sendAck();
    this.armAckTimer(channel, nowMs);
  }

  /** Whether the socket's buffer takes one more packet of any size. */
  private get hasRoom(): boolean {
    const { bufferedBytes } = this.options.sink;
    return bufferedBytes === 0 || bufferedBytes + this.limits.maxPacketBytes <= this.limits.maxBufferedBytes;
  }

  /** A packet that is full has nothing to wait for, but for a pong, which goes before it. */
  private readonly sendPacket = (): void => {
    if (this.pong !== undefined || !this.hasRoom) return;
    const nowMs = this.options.clock.now();
    const packet = this.channel?.take(nowMs);
    if (packet === undefined) return;
    this.lastSentAtMs = nowMs;
    this.options.sink.send(packet);
  };

  private readonly wake = (): void => {
    if (this.flushing === "deferred" || this.phase.name === "stopped") return;
    this.flushing = "deferred";
    this.options.clock.soon(() => this.flush());
  };

  private decode(message: Uint8Array): ClientPacket | ServerPacket | undefined {
    try {
      return this.options.role === "server" ? decodeClientPacket(message) : decodeServerPacket(message);
    } catch (error) {
      if (!(error instanceof CodecError)) throw error;
      this.violated(`a packet cannot be decoded: ${error.message}`, "malformed");
      return undefined;
    }
  }

  private accept(packet: ClientPacket | ServerPacket, bytes: number): void {
    const { body } = packet;
    if (this.phase.name === "greeting" && body.case !== "hello" && body.case !== "goAway" && body.case !== "goodbye") {
      this.violated(`${body.case ?? "an empty packet"} came before the hello`);
      return;
    }
    const impossible = this.channel?.acknowledge(packet.received);
    if (impossible === undefined) this.acceptBody(packet, bytes);
    else this.fail(impossible);
    this.followUp();
  }

  /** An acknowledgement may have made room, and what came may have to be answered. Mostly there is nothing to do yet. */
  private followUp(): void {
    const { channel } = this;
    if (this.pong !== undefined || channel?.hasWork === true || channel?.isAckDue === true) this.wake();
    else if (channel !== undefined) this.armAckTimer(channel, this.lastReceivedAtMs);
  }

  private acceptBody({ body, unknown }: ClientPacket | ServerPacket, bytes: number): void {
    const { owner } = this.options;
    switch (body.case) {
      case "frames":
        this.acceptFrames(body.value, bytes);
        break;
      case undefined:
        if (unknown !== undefined) this.unknownPackets += 1;
        break;
      case "hello":
        owner.hello(body.value);
        break;
      case "ping":
        this.acceptPing(body.value);
        break;
      case "pong":
        owner.pong(body.value.id);
        break;
      case "goodbye":
        owner.farewell({ code: body.value.code, message: body.value.message, hint: undefined, channelLoss: 0 });
        break;
      case "goAway":
        owner.farewell(body.value);
        break;
    }
  }

  private acceptFrames(frames: Frames, bytes: number): void {
    if (this.channel === undefined) {
      this.violated("frames came where no channel is attached");
      return;
    }
    const violation = this.channel.accept(frames, bytes, this.lastReceivedAtMs);
    if (violation !== undefined) this.fail(violation);
  }

  private acceptPing(ping: Ping): void {
    const { maxPingPaddingBytes } = this.limits;
    if (ping.padding.length <= maxPingPaddingBytes) this.pong = ping;
    else this.violated(`padding over ${maxPingPaddingBytes} bytes`, "malformed");
  }

  private violated(message: string, kind: "violation" | "malformed" = "violation"): void {
    this.fail({ kind, message });
  }

  private fail(violation: Violation): void {
    // A handler may have ended the connection while it heard of the frames before.
    if (this.phase.name === "stopped") return;
    this.options.owner.violated(closeCodeOf(violation.kind, this.options.role), violation);
  }

  private tellReceived(): number {
    return this.channel?.tellReceived() ?? 0;
  }

  private sendPong(pong: Ping): void {
    this.pong = undefined;
    const { id, padding } = pong;
    this.send({ received: this.tellReceived(), body: { case: "pong", value: { id, padding, unknown: undefined } } });
  }

  private sendAck(): void {
    this.send({ received: this.tellReceived(), body: { case: undefined, value: undefined } });
  }

  private send(packet: ClientPacket): void {
    if (this.phase.name === "stopped") return;
    this.lastSentAtMs = this.options.clock.now();
    // All that is sent here is the same on the wire in both directions.
    this.options.sink.send(encodeClientPacket(packet));
  }

  private isAckDue(channel: Channel, nowMs: number): boolean {
    if (channel.isAckDue) return true;
    const dueAtMs = channel.ackDueAtMs;
    return this.acks === "prompt" && dueAtMs !== undefined && dueAtMs <= nowMs;
  }

  private armAckTimer(channel: Channel, nowMs: number): void {
    const dueAtMs = channel.ackDueAtMs;
    if (dueAtMs === undefined || this.ackTimer !== undefined || this.acks === "lazy") return;
    this.ackTimer = this.options.clock.setTimer(dueAtMs - nowMs, () => {
      this.ackTimer = undefined;
      this.flush();
    });
  }
}
