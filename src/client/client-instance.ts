import type { ChannelLossReason } from "../../gen/moorline/session/v1/error_pb.ts";
import type { PeerLimits } from "../channel/call-book.ts";
import { Channel } from "../channel/channel.ts";
import type { ChannelCounters } from "../channel/counters.ts";
import type { Random } from "../core/random.ts";
import { systemRandom } from "../transport/system-random.ts";
import { bytesToBase64url } from "../wire/base64url.ts";
import { channelLimits, type LocalChannelLimits } from "../wire/limits.ts";
import { areBytesEqual } from "./bytes.ts";
import { addCounters } from "./client-metrics.ts";

/** How a {@link ClientInstance} is made. */
export interface ClientInstanceOptions {
  /** Chance, for the ids. Default: the system's. */
  readonly random?: Random;
  /** What its channels keep to. Default: `channelLimits`. */
  readonly limits?: LocalChannelLimits;
}

/** The connection that carries the channel of an instance. */
export interface Carrier {
  /** The attempt of its hello. */
  readonly attempt: number;
  /** A newer connection carries the channel from now on. */
  superseded(): void;
}

/** What a hello says of the channel that the client has. */
export interface ResumeOffer {
  /** The channel. */
  readonly channelId: Uint8Array;
  /** The epoch of the daemon process that has it. */
  readonly epoch: Uint8Array;
  /** Frames accepted on it. */
  readonly received: number;
}

/** What a Welcome says of the channel that it attaches. */
export interface AttachedChannel {
  /** Which of the two that were offered. */
  readonly named: NamedChannel;
  /** The daemon. */
  readonly serverId: string;
  /** The epoch of the daemon process. */
  readonly epoch: Uint8Array;
  /** Frames that the daemon has accepted on it. */
  readonly received: number;
  /** What the daemon can take. Counts for a channel that was not attached before. */
  readonly peerLimits: PeerLimits;
  /** Why the channel before is lost, where another one is named. */
  readonly lossReason: ChannelLossReason;
}

/** `held`: the channel of the resume offer. `fresh`: the channel of the fresh id. */
export type NamedChannel = "held" | "fresh";

/** A channel that a daemon knew is lost. */
export interface LostChannel {
  /** Why. */
  readonly reason: ChannelLossReason;
  /** How many calls ended with it, those of both sides. */
  readonly calls: number;
}

/** The present channel. It has a name as soon as a Welcome has named it. */
interface HeldChannel {
  readonly channel: Channel;
  readonly name: { readonly id: Uint8Array; readonly epoch: Uint8Array } | undefined;
}

const ID_BYTES = 16;

/**
 * One running owner of a channel: instance id, attempt counter, channel. A DaemonClient that is used alone makes its own;
 * clients that are given the same one after the other go on with the same channel. Spec: ATTEMPT-1, RESUME-1, RESUME-2.
 */
export class ClientInstance {
  /** 22 random characters, the same for the life of the instance. */
  readonly id: string;
  /** What its channels keep to. */
  readonly limits: LocalChannelLimits;
  private readonly random: Random;
  private daemon = "";
  private attempts = 0;
  private freshId: Uint8Array;
  private held: HeldChannel;
  private carrier: Carrier | undefined = undefined;
  /** What the channels before the present one have counted. */
  private counted: ChannelCounters = { unknownFrames: 0, lateFrames: 0, duplicateFrames: 0 };

  /** @param options Chance and limits. */
  constructor(options: ClientInstanceOptions = {}) {
    this.random = options.random ?? systemRandom;
    this.limits = options.limits ?? channelLimits;
    this.id = bytesToBase64url(this.random.bytes(ID_BYTES));
    this.freshId = this.random.bytes(ID_BYTES);
    this.held = this.createHeld();
  }

  /** The channel that calls are made on now: attached, waiting for a connection, or waiting for its first one. */
  get channel(): Channel {
    return this.held.channel;
  }

  /** What the channels of the instance have counted, all of them. */
  get counters(): Readonly<ChannelCounters> {
    return addCounters(this.counted, this.channel.counters);
  }

  /** The server id of the daemon that it has met first, and stays with; empty before. Spec: WELCOME-2. */
  get serverId(): string {
    return this.daemon;
  }

  /** Whether a connection carries the channel. */
  get isCarried(): boolean {
    return this.carrier !== undefined;
  }

  /** The highest attempt so far; 0 before the first hello. */
  get highestAttempt(): number {
    return this.attempts;
  }

  /** The id of the channel to be created: the same until a Welcome has named it. */
  get freshChannelId(): Uint8Array {
    return this.freshId;
  }

  /** What a hello offers to resume. Undefined where no Welcome has named a channel. */
  get resumeOffer(): ResumeOffer | undefined {
    const { channel, name } = this.held;
    return name === undefined ? undefined : { channelId: name.id, epoch: name.epoch, received: channel.received };
  }

  /** The number of the next hello. */
  takeAttempt(): number {
    this.attempts += 1;
    return this.attempts;
  }

  /** Takes another fresh channel id: the daemon will never create the present one. Spec: ATTEMPT-4. */
  takeFreshChannelId(): void {
    this.freshId = this.random.bytes(ID_BYTES);
  }

  /** Which channel an id means. Undefined for one that was not offered. */
  find(channelId: Uint8Array): NamedChannel | undefined {
    if (this.held.name !== undefined && areBytesEqual(channelId, this.held.name.id)) return "held";
    return areBytesEqual(channelId, this.freshId) ? "fresh" : undefined;
  }

  /** Whether a daemon can have accepted that many frames of a channel. Spec: WELCOME-3. */
  isPossible(named: NamedChannel, received: number): boolean {
    if (named === "fresh") return received === 0;
    const { channel } = this.held;
    return received >= channel.acknowledged && received <= channel.sent;
  }

  /**
   * A connection carries a channel from now on; the one that carried it before is told. A `fresh` one takes the place of
   * the channel before, which is lost.
   * @returns The lost channel, if there was one that a daemon knew.
   */
  attach(attached: AttachedChannel, carrier: Carrier): LostChannel | undefined {
    this.carrier?.superseded();
    this.daemon = attached.serverId;
    const lost = attached.named === "fresh" ? this.establish(attached) : undefined;
    this.carrier = carrier;
    this.channel.attach(attached.received);
    return lost;
  }

  /** The connection carries the channel no more. Does nothing where another one carries it by now. */
  detach(attempt: number): void {
    if (this.carrier?.attempt !== attempt) return;
    this.carrier = undefined;
    this.channel.detach();
  }

  /**
   * Ends the channel and its calls, and takes a new one with an id that was never used.
   * @returns The lost channel, if a daemon knew it.
   */
  lose(reason: ChannelLossReason): LostChannel | undefined {
    const { held } = this;
    this.carrier = undefined;
    this.takeFreshChannelId();
    this.held = this.createHeld();
    return this.end(held, reason);
  }

  /** The fresh channel gets its name. What waits on a channel that had none yet waits on. */
  private establish({ epoch, peerLimits, lossReason }: AttachedChannel): LostChannel | undefined {
    const before = this.held;
    const { channel } = before.name === undefined ? before : this.createHeld();
    channel.setPeerLimits(peerLimits);
    this.held = { channel, name: { id: this.freshId, epoch } };
    this.takeFreshChannelId();
    return before.name === undefined ? undefined : this.end(before, lossReason);
  }

  private end({ channel, name }: HeldChannel, reason: ChannelLossReason): LostChannel | undefined {
    const calls = channel.calls.size;
    this.counted = addCounters(this.counted, channel.counters);
    channel.lose(reason);
    return name === undefined ? undefined : { reason, calls };
  }

  private createHeld(): HeldChannel {
    return { channel: new Channel({ role: "client", limits: this.limits }), name: undefined };
  }
}
