import type { Call, OpenOptions } from "../../src/channel/call.ts";
import { Channel } from "../../src/channel/channel.ts";
import { channelLimits, type LocalChannelLimits } from "../../src/wire/limits.ts";
import { decodePacket } from "./channel-frames.ts";
import { CallRecorder } from "./channel-recorder.ts";

/** The two ends of a channel, joined by nothing at all: each packet is accepted as soon as it is made. */
export class JoinedPair {
  readonly client: Channel;
  readonly server: Channel;
  /** What either end found wrong with the other: must stay empty. */
  readonly violations: string[] = [];
  /** The most that one end has held. */
  peakHeldBytes = 0;

  /** @param limits The limits of both ends, where they are not the default. */
  constructor(limits: Partial<LocalChannelLimits> = {}) {
    const all = { ...channelLimits, ...limits };
    this.client = new Channel({ role: "client", limits: all, peerLimits: all });
    this.server = new Channel({ role: "server", limits: all, peerLimits: all });
    this.client.attach(0);
    this.server.attach(0);
  }

  /** Opens a call of the client. */
  open(options: Partial<OpenOptions> = {}): Call {
    return this.client.open({ method: "test.Service/Method", listener: new CallRecorder(), ...options });
  }

  /** Moves packets and acknowledgements both ways until nothing moves any more. */
  run(): void {
    while (this.move(this.client, this.server) || this.move(this.server, this.client)) {}
  }

  private move(from: Channel, to: Channel): boolean {
    const packet = from.take(0);
    if (packet === undefined) return false;
    const { received, body } = decodePacket(packet);
    const wrong =
      to.acknowledge(received) ?? (body.case === "frames" ? to.accept(body.value, packet.length, 0) : undefined);
    if (wrong !== undefined) this.violations.push(wrong.message);
    from.acknowledge(to.tellReceived());
    this.peakHeldBytes = Math.max(this.peakHeldBytes, to.heldBytes, from.heldBytes);
    return true;
  }
}
