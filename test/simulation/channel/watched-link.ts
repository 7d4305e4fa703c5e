import type { CloseCode } from "../../../gen/moorline/session/v1/close_code_pb.ts";
import type { Violation } from "../../../src/channel/accept.ts";
import type { Channel } from "../../../src/channel/channel.ts";
import { type Farewell, Link, type LinkOwner, type PacketSink } from "../../../src/channel/link.ts";
import type { Clock } from "../../../src/core/clock.ts";
import type { Connection } from "../../../src/transport/connection.ts";
import { WireReader } from "../../../src/wire/codec.ts";
import type { LocalChannelLimits } from "../../../src/wire/limits.ts";
import { Broken } from "../world.ts";

/** What a watched link tells. */
export interface WatchedLinkOwner {
  hello(bytes: Uint8Array): void;
  farewell(farewell: Farewell): void;
}

/** Bytes of pings, pongs and farewells that may go beyond what a link lets lie in the socket's buffer. */
const SLACK_BYTES = 2 * 1024;
/** How late an acknowledgement may be, because nobody looks all the time. */
const ACK_SLACK_MS = 60;

/** A link over a simulated connection, and what must be true of it: nobody breaks a rule, and acknowledgements come in time. */
export class WatchedLink implements LinkOwner, PacketSink {
  readonly link: Link;
  private readonly name: string;
  private readonly connection: Connection;
  private readonly clock: Clock;
  private readonly limits: LocalChannelLimits;
  private readonly owner: WatchedLinkOwner;
  private acks: "prompt" | "lazy" = "prompt";
  /** The position that the peer was told last, and since when it has not been told a newer one. */
  private readonly told: { position: number; newerSinceMs: number | undefined } = {
    position: 0,
    newerSinceMs: undefined,
  };

  constructor(
    role: "client" | "server",
    connection: Connection,
    clock: Clock,
    limits: LocalChannelLimits,
    owner: WatchedLinkOwner,
  ) {
    this.name = `the ${role}'s link`;
    this.connection = connection;
    this.clock = clock;
    this.limits = limits;
    this.owner = owner;
    this.link = new Link({ role, sink: this, clock, owner: this, limits });
  }

  get bufferedBytes(): number {
    return this.connection.bufferedBytes;
  }

  send(packet: Uint8Array): void {
    if (packet.length > this.limits.maxPacketBytes)
      throw new Broken(`${this.name} sends ${packet.length} bytes at once`);
    const { channel } = this.link;
    if (channel !== undefined) {
      const received = readReceived(packet);
      if (received !== channel.received) throw new Broken(`${this.name} says ${received} but has ${channel.received}`);
      this.told.position = received;
      this.told.newerSinceMs = undefined;
    }
    this.connection.send(packet);
    this.checkBuffer();
  }

  /** Takes a message of the connection. */
  receive(message: Uint8Array | string): void {
    this.link.receive(message);
    const { channel } = this.link;
    if (channel === undefined || channel.received === this.told.position) return;
    this.told.newerSinceMs ??= this.clock.now();
  }

  /** The link carries the channel from now on, whose peer was told its position in the handshake. */
  bind(channel: Channel): void {
    this.told.position = channel.received;
    this.link.bind(channel);
  }

  /** Chooses whether acknowledgements may wait for pings. */
  setAcks(acks: "prompt" | "lazy"): void {
    this.acks = acks;
    this.told.newerSinceMs = undefined;
    this.link.setAcks(acks);
  }

  /** Fails, once everything of the present instant is done, where the peer should have been told what was accepted. */
  checkSoon(): void {
    this.clock.defer(() => {
      const atMs = this.clock.now();
      // A process that has slept meanwhile has yet to catch up.
      this.clock.setTimer(0, () => {
        if (this.clock.now() === atMs) this.check();
      });
    });
  }

  hello(bytes: Uint8Array): void {
    this.owner.hello(bytes);
  }

  farewell(farewell: Farewell): void {
    this.owner.farewell(farewell);
  }

  pong(): void {}

  violated(code: CloseCode, { kind, message }: Violation): void {
    throw new Broken(`${this.name} finds a ${kind} (${code}): ${message}`);
  }

  private check(): void {
    this.checkBuffer();
    const { channel } = this.link;
    if (channel === undefined || this.bufferedBytes > 0) return;
    const untold = channel.received - this.told.position;
    if (untold >= this.limits.ackAfterFrames) throw new Broken(`${this.name} has not acknowledged ${untold} frames`);
    const { newerSinceMs } = this.told;
    if (newerSinceMs === undefined || this.acks === "lazy") return;
    const lateMs = this.clock.now() - newerSinceMs - this.limits.ackAfterMs;
    if (lateMs > ACK_SLACK_MS) throw new Broken(`${this.name} acknowledges ${lateMs.toFixed(0)} ms late`);
  }

  private checkBuffer(): void {
    const bytes = this.connection.bufferedBytes;
    if (bytes > this.limits.maxBufferedBytes + SLACK_BYTES)
      throw new Broken(`${this.name} has ${bytes} bytes buffered`);
  }
}

/** The acknowledgement of a packet, which is its first field where it is not 0. */
function readReceived(packet: Uint8Array): number {
  const reader = new WireReader(packet);
  return packet[0] === 8 && reader.tag() === 8 ? reader.uint64() : 0;
}
