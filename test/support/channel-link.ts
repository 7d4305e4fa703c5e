import type { CloseCode } from "../../gen/moorline/session/v1/close_code_pb.ts";
import type { Frame, ServerPacket } from "../../gen/moorline/session/v1/packet_moorline.ts";
import { type ClientPacket, encodeClientPacket } from "../../gen/moorline/session/v1/packet_moorline.ts";
import type { Violation } from "../../src/channel/accept.ts";
import { Channel } from "../../src/channel/channel.ts";
import { type Farewell, Link, type LinkOwner, type PacketSink } from "../../src/channel/link.ts";
import { SimulatedClock } from "../../src/testing/simulated-clock.ts";
import { channelLimits, type LocalChannelLimits } from "../../src/wire/limits.ts";
import { decodePacket, encodeFrames } from "./channel-frames.ts";

/** One link over a socket that a test fills and empties by hand. */
export class LinkBench implements LinkOwner, PacketSink {
  readonly clock = new SimulatedClock();
  readonly channel: Channel;
  readonly link: Link;
  /** Hellos, pongs, farewells and violations that the owner has heard of, in order. */
  readonly heard: string[] = [];
  /** Bytes that lie in the socket's buffer. */
  bufferedBytes = 0;
  /** Whether what is sent stays in the socket's buffer. */
  isStalled = false;
  /** Frames sent to the link so far. */
  private sent = 0;
  private readonly packets: Uint8Array[] = [];

  constructor(role: "client" | "server" = "server", limits: Partial<LocalChannelLimits> = {}) {
    const all = { ...channelLimits, ...limits };
    this.channel = new Channel({ role, limits: all });
    this.link = new Link({ role, sink: this, clock: this.clock, owner: this, limits: all });
  }

  /** Welcomes the connection and lets it carry the channel. */
  bind(): this {
    this.channel.attach(0);
    this.link.bind(this.channel);
    this.clock.advance(0);
    return this;
  }

  send(packet: Uint8Array): void {
    this.packets.push(packet);
    if (this.isStalled) this.bufferedBytes += packet.length;
  }

  hello(hello: Uint8Array): void {
    this.heard.push(`hello ${hello.length}`);
  }

  farewell({ code, message, hint }: Farewell): void {
    this.heard.push(`farewell ${code} ${message}${hint === undefined ? "" : ` after ${hint.afterMs}`}`);
  }

  pong(id: number): void {
    this.heard.push(`pong ${id}`);
  }

  violated(code: CloseCode, { kind }: Violation): void {
    this.heard.push(`${code} ${kind}`);
    this.link.stop();
  }

  /** Lets the link receive a packet. */
  receive(body: ClientPacket["body"], received = 0): void {
    this.link.receive(encodeClientPacket({ received, body }));
  }

  /** Lets the link receive the next frames in one packet. */
  receiveFrames(...frames: Frame[]): void {
    this.link.receive(encodeFrames(this.sent + 1, frames));
    this.sent += frames.length;
  }

  /** The packets that were sent since the last time. */
  left(): ServerPacket[] {
    return this.packets.splice(0).map(decodePacket);
  }

  /** Runs the present turn to its end. @returns the packets that were sent since the last time. */
  turn(): ServerPacket[] {
    this.clock.advance(0);
    return this.left();
  }

  /** Lets time pass. @returns the packets that were sent since the last time. */
  pass(ms: number): ServerPacket[] {
    this.clock.advance(ms);
    return this.turn();
  }

  /** The socket's buffer shrinks to `bytes`. */
  drainTo(bytes: number): void {
    this.bufferedBytes = bytes;
    this.link.drained();
  }
}

/** Packets in a word or two each: `ack 3`, `frames 2`, `pong 7`. */
export function summary(packets: readonly ServerPacket[]): string[] {
  return packets.map(({ received, body }) => {
    if (body.case === undefined) return `ack ${received}`;
    if (body.case === "frames") return `frames ${body.value.frames.length}`;
    return body.case === "ping" || body.case === "pong" ? `${body.case} ${body.value.id}` : body.case;
  });
}
