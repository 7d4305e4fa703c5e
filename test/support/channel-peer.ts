import type { Frame, ServerPacket } from "../../gen/moorline/session/v1/packet_moorline.ts";
import type { Violation } from "../../src/channel/accept.ts";
import type { Call, OpenOptions } from "../../src/channel/call.ts";
import type { PeerLimits } from "../../src/channel/call-book.ts";
import { Channel } from "../../src/channel/channel.ts";
import { channelLimits, type LocalChannelLimits } from "../../src/wire/limits.ts";
import { decodePacket, encodeFrames, outline } from "./channel-frames.ts";
import { CallRecorder } from "./channel-recorder.ts";

/** What differs from the default. */
export interface ScriptedPeerOptions {
  /** The end that the channel under test is. Default: `server`. */
  readonly role?: "client" | "server";
  /** Limits of the channel under test. */
  readonly limits?: Partial<LocalChannelLimits>;
  /** What the script, as the peer, has offered. */
  readonly peerLimits?: Partial<PeerLimits>;
}

/** The other end of one channel, driven by hand: frames in, frames out, a frame at a time. */
export class ScriptedPeer {
  /** The channel under test. */
  readonly channel: Channel;
  /** Calls that the channel has shown, in order. */
  readonly served: Call[] = [];
  /** The time, handed to the channel. */
  nowMs = 0;
  /** Frames sent to the channel so far. */
  sent = 0;
  /** Frames taken from the channel so far. */
  received = 0;

  constructor(options: ScriptedPeerOptions = {}) {
    const limits = { ...channelLimits, ...options.limits };
    const peerLimits = { ...channelLimits, ...options.peerLimits };
    this.channel = new Channel({ role: options.role ?? "server", limits, peerLimits });
    this.channel.onCall = (call) => {
      call.listener = new CallRecorder();
      this.served.push(call);
    };
    this.channel.attach(0);
  }

  /** Sends the next frames, in one packet. */
  send(...frames: Frame[]): Violation | undefined {
    const first = this.sent + 1;
    this.sent += frames.length;
    return this.sendAs(first, ...frames);
  }

  /** Sends frames from any number on. */
  sendAs(first: number, ...frames: Frame[]): Violation | undefined {
    return this.deliver(encodeFrames(first, frames));
  }

  /** Sends a packet of frames. */
  deliver(packet: Uint8Array): Violation | undefined {
    const { body } = decodePacket(packet);
    if (body.case !== "frames") throw new Error("no packet of frames");
    return this.channel.accept(body.value, packet.length, this.nowMs);
  }

  /** Takes the next packet. */
  takePacket():
    | { readonly bytes: Uint8Array; readonly packet: ServerPacket; readonly frames: readonly Frame[] }
    | undefined {
    const bytes = this.channel.take(this.nowMs);
    if (bytes === undefined) return undefined;
    const packet = decodePacket(bytes);
    if (packet.body.case !== "frames") throw new Error("no packet of frames");
    const { first, frames } = packet.body.value;
    this.received = Math.max(this.received, first + frames.length - 1);
    return { bytes, packet, frames };
  }

  /** Takes all frames that may go, and acknowledges nothing. */
  take(): Frame[] {
    const all: Frame[] = [];
    for (let next = this.takePacket(); next !== undefined; next = this.takePacket()) all.push(...next.frames);
    return all;
  }

  /** Takes all frames that may go, in a few words each. */
  outline(): string[] {
    return outline(this.take());
  }

  /** Acknowledges frames, all that were taken where it is not said how many. */
  acknowledge(received: number = this.received): Violation | undefined {
    return this.channel.acknowledge(received);
  }

  /** Opens a call on the channel under test. */
  open(options: Partial<OpenOptions> = {}): { readonly call: Call; readonly heard: CallRecorder } {
    const heard = new CallRecorder();
    return { call: this.channel.open({ method: "test.Service/Method", listener: heard, ...options }), heard };
  }

  /** The call that the channel has shown last. */
  get last(): Call {
    const call = this.served.at(-1);
    if (call === undefined) throw new Error("no call was shown");
    return call;
  }
}
