import { CallOutcome } from "../../gen/moorline/session/v1/error_pb.ts";
import type { CallOpen } from "../../gen/moorline/session/v1/packet_moorline.ts";
import { createCallOpen, sizeFrame } from "../../gen/moorline/session/v1/packet_moorline.ts";
import { IdMap } from "../core/id-map.ts";
import { Queue } from "../core/queue.ts";
import { Roster } from "../core/roster.ts";
import type { LocalChannelLimits } from "../wire/limits.ts";
import type { Call, CallListener, CallRequest, OpenOptions } from "./call.ts";
import { LimitError } from "./call.ts";
import { type CallHost, ChannelCall } from "./channel-call.ts";
import { CreditBudget } from "./credit-window.ts";
import { frameOf } from "./frames.ts";
import { limitResult } from "./limit-result.ts";
import { Scheduler } from "./scheduler.ts";

/** What the peer of a channel has offered. Known from the hello or Welcome that creates the channel. */
export interface PeerLimits {
  /** Credit that each call starts with, towards the peer, in bytes. */
  readonly initialCreditBytes: number;
  /** The largest message that the peer takes, in bytes. */
  readonly maxMessageBytes: number;
  /** Calls of this side that the peer takes. */
  readonly maxCalls: number;
}

/** Who is told that there is something to send. */
interface Worker {
  readonly onWork: (() => void) | undefined;
  /** Who is told that this is a whole packet. */
  readonly onFullPacket: (() => void) | undefined;
}

/** Room for the call id, the length of the message and the rest of the deadline, none of which are known yet. */
const OPEN_SLACK_BYTES = 32;

/** After so many bytes of packets, unread messages are copied out of them. */
const OWN_AFTER_BYTES = 1024 * 1024;

/** Hears nothing: what a call of the peer has until somebody serves it. */
const deaf: CallListener = { readable() {}, writable() {}, headers() {}, closed() {} };

/** The calls of a channel: their ids, how many there are, whose turn it is, and who has to hear something. */
export class CallBook implements CallHost {
  readonly limits: LocalChannelLimits;
  readonly creditBudget: CreditBudget;
  /** Whose turn it is to send. */
  readonly scheduler = new Scheduler<ChannelCall>();
  /** Every call that counts. */
  readonly all = new Roster<ChannelCall>();
  private readonly byId = new IdMap<ChannelCall>();
  /** Calls whose listener has to hear something, and calls of the peer that nobody has seen yet. */
  private readonly due = { notices: new Queue<ChannelCall>(), opened: new Queue<ChannelCall>() };
  /** The highest ids so far, and how many of each side's calls count. */
  private readonly counts: { ourId: number; theirId: number; ours: number; theirs: number };
  /** Calls with an unfinished message, the oldest first. Undefined where no message has ever begun as parts. */
  private unfinished: Set<ChannelCall> | undefined = undefined;
  /** The one of them whose parts are paid back before its message is whole. */
  private payee: ChannelCall | undefined = undefined;
  /** Bytes of packets since unread messages were copied out of them. */
  private bytesBorrowed = 0;
  private peer: PeerLimits;
  private readonly channel: Worker;

  /** @param channel Whose calls they are. */
  constructor(role: "client" | "server", limits: LocalChannelLimits, peer: PeerLimits, channel: Worker) {
    this.limits = limits;
    this.creditBudget = new CreditBudget(limits.maxCreditGrowthBytes);
    this.peer = peer;
    this.channel = channel;
    this.counts = { ourId: role === "client" ? -1 : 0, theirId: role === "client" ? 0 : -1, ours: 0, theirs: 0 };
  }

  get peerMaxMessageBytes(): number {
    return this.peer.maxMessageBytes;
  }

  /** The id of the next call of this side. */
  get nextId(): number {
    return this.counts.ourId + 2;
  }

  /** The call of an id, if it is open here. */
  find(id: number): ChannelCall | undefined {
    return this.byId.get(id);
  }

  /** `ours` and `theirs`: an id of that side that was given out already. `new`: the next one of the peer, or above it. */
  classify(id: number): "ours" | "theirs" | "new" | "impossible" {
    const { ourId, theirId } = this.counts;
    if (id === 0) return "impossible";
    if (id % 2 === Math.abs(ourId) % 2) return id <= ourId ? "ours" : "impossible";
    return id <= theirId ? "theirs" : "new";
  }

  /** Takes what the peer has offered. Of the calls that wait already, those are ended that it would not take. */
  setPeerLimits(peer: PeerLimits): void {
    const correction = peer.initialCreditBytes - this.peer.initialCreditBytes;
    this.peer = peer;
    let taken = 0;
    for (const call of this.all) {
      taken += 1;
      if (taken <= peer.maxCalls) {
        call.acceptCredit(correction);
      } else {
        const error = new LimitError("CALLS", peer.maxCalls, taken);
        call.acceptClose({ kind: "ended", result: limitResult(error, CallOutcome.NOT_SENT) });
      }
    }
  }

  /** Opens a call of this side. */
  open(options: OpenOptions): Call {
    if (this.counts.ours >= this.peer.maxCalls) {
      throw new LimitError("CALLS", this.peer.maxCalls, this.counts.ours + 1);
    }
    const { method, headers = [], deadlineMs, idempotencyKey, credit = 0, message, last = false, listener } = options;
    const open = createCallOpen({ method, headers, idempotencyKey, credit });
    const max = this.limits.maxFrameBytes;
    const size = sizeFrame(frameOf(0, last, { case: "open", value: open })) + OPEN_SLACK_BYTES;
    if (size > max) throw new LimitError("FRAME_BYTES", max, size);
    if (message !== undefined && message.length > this.peer.maxMessageBytes) {
      throw new LimitError("MESSAGE_BYTES", this.peer.maxMessageBytes, message.length);
    }
    const request: CallRequest = { headers, deadlineMs, idempotencyKey };
    const call = new ChannelCall(this, { id: 0, method, request, credit: this.peer.initialCreditBytes, listener });
    const fits = message === undefined || size + message.length <= max;
    call.outgoing.open(fits ? { ...open, message } : open, deadlineMs, fits && last);
    if (!fits) call.outgoing.send(message, last);
    if (last) call.endLocalHalf();
    call.incoming.widen(credit);
    this.all.add(call);
    this.counts.ours += 1;
    this.schedule(call);
    return call;
  }

  /** The opening of a call has its number. */
  number(call: ChannelCall): void {
    call.id = this.nextId;
    this.counts.ourId = call.id;
    this.byId.add(call);
    call.numbered();
  }

  /**
   * The peer opens a call. One above the limit is ended at once; nobody else hears of it.
   * @returns false where the peer goes on opening calls although it was told the limit.
   */
  accept(id: number, last: boolean, open: CallOpen, nowMs: number): boolean {
    const { method, headers, timeoutMs, idempotencyKey, credit, message } = open;
    if (this.counts.theirs >= 2 * this.limits.maxCalls) return false;
    const deadlineMs = timeoutMs === undefined ? undefined : nowMs + timeoutMs;
    const call = new ChannelCall(this, {
      id,
      method,
      request: { headers, deadlineMs, idempotencyKey },
      credit: this.peer.initialCreditBytes,
      listener: deaf,
    });
    call.outgoing.addCredit(credit);
    this.counts.theirId = id;
    this.counts.theirs += 1;
    this.all.add(call);
    this.byId.add(call);
    if (this.counts.theirs > this.limits.maxCalls) {
      call.refuse(new LimitError("CALLS", this.limits.maxCalls, this.counts.theirs));
      return true;
    }
    this.due.opened.push(call);
    if (message !== undefined) call.accept(message, "message", last);
    else if (last) call.acceptHalfClose();
    return true;
  }

  schedule(call: ChannelCall): void {
    this.scheduler.add(call);
    this.channel.onWork?.();
  }

  hasFullPacket(): void {
    this.channel.onFullPacket?.();
  }

  notify(call: ChannelCall): void {
    this.due.notices.push(call);
  }

  forget(call: ChannelCall): void {
    if (!this.all.delete(call)) return;
    this.scheduler.remove(call);
    if (call.id !== 0) this.byId.delete(call.id);
    if (call.role === "caller") this.counts.ours -= 1;
    else this.counts.theirs -= 1;
    this.payBack(call);
  }

  /**
   * Pays back the parts of one unfinished message at a time, until it is whole or given up: the oldest whose reader waits
   * for nothing else. This bounds what is put together at once. Spec: CREDIT.
   */
  payBack(changed: ChannelCall): void {
    if (changed.incoming.hasUnfinished && this.all.has(changed)) {
      this.unfinished ??= new Set();
      this.unfinished.add(changed);
    } else if (!this.unfinished?.delete(changed)) {
      return;
    }
    if (this.payee === undefined || !this.unfinished.has(this.payee)) {
      this.payee = [...this.unfinished].find((call) => call.incoming.isStarved);
    }
    this.payee?.incoming.prepay();
    if (this.payee?.isUrgent) this.schedule(this.payee);
  }

  /** A packet was accepted: now and then, what nobody has read is copied out of the packets that brought it. */
  borrow(packetBytes: number): void {
    this.bytesBorrowed += packetBytes;
    if (this.bytesBorrowed < OWN_AFTER_BYTES) return;
    this.bytesBorrowed = 0;
    for (const call of this.all) call.incoming.own();
  }

  /** Tells everybody what they have yet to hear, and shows the calls of the peer that were opened. */
  deliver(onCall?: ((call: Call) => void) | undefined): void {
    const { notices, opened } = this.due;
    for (let call = opened.shift(); call !== undefined; call = opened.shift()) {
      if (call.phase === "open") call.serve(onCall);
    }
    for (let call = notices.shift(); call !== undefined; call = notices.shift()) call.deliver();
  }
}
