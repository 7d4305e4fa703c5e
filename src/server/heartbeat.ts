import type { Link } from "../channel/link.ts";
import type { Clock } from "../core/clock.ts";
import type { DeadlineEntry, DeadlineQueue } from "../rpc/deadline-queue.ts";
import type { ServerLivenessLimits } from "./server-limits.ts";

/** What passes through the socket of a connection. */
export interface SocketMeter {
  /** Bytes that were given to the socket so far. */
  readonly sentBytes: number;
  /** Bytes of them that have not left for the network. */
  readonly bufferedBytes: number;
}

/** What every heartbeat of a server works with. */
export interface HeartbeatContext {
  readonly clock: Clock;
  readonly deadlines: DeadlineQueue;
  readonly limits: { readonly liveness: ServerLivenessLimits };
}

/** The connection of a heartbeat. */
export interface HeartbeatOwner {
  /** Nothing has come for too long. The heartbeat has stopped. */
  pongMissing(): void;
}

/** A ping that nothing has come after. */
interface OutstandingPing {
  readonly queuedAtMs: number;
  /** What `sentBytes` was with the ping. */
  readonly sentBytes: number;
  /** How much had left the socket when it was last looked at, and since when it has been that much. */
  leftBytes: number;
  leftSinceMs: number;
}

/** How much later than it was due a timer may come before the process, and not the peer, counts as the one that stood still. */
const MAX_LATENESS_MS = 5_000;

/**
 * Notices that a client is gone: it pings when nothing was sent, or nothing has come, for a while, and gives the client up
 * when nothing comes after that. While the ping lies in the socket's buffer, and that shrinks, the link is slow and not
 * dead. Spec: LIVE-1, LIVE-4.
 */
export class Heartbeat implements DeadlineEntry {
  atMs = 0;
  queueIndex = -1;
  private readonly context: HeartbeatContext;
  private readonly link: Link;
  private readonly socket: SocketMeter;
  private readonly owner: HeartbeatOwner;
  private lastPingId = 0;
  private ping: OutstandingPing | undefined = undefined;

  /** Starts at once. @param link The packets of the connection. @param socket Its socket. */
  constructor(context: HeartbeatContext, link: Link, socket: SocketMeter, owner: HeartbeatOwner) {
    this.context = context;
    this.link = link;
    this.socket = socket;
    this.owner = owner;
    this.wait(this.quietAtMs);
  }

  /** Ends it for good. */
  stop(): void {
    this.ping = undefined;
    this.context.deadlines.remove(this);
  }

  /** The socket's buffer has shrunk. */
  drained(): void {
    const { ping } = this;
    if (ping === undefined) return;
    if (this.isUnanswered(ping)) {
      this.wait(this.missingAtMs(ping));
    } else {
      // It was answered before it had left: what was waited for was its leaving, which may have been long.
      this.ping = undefined;
      this.wait(this.quietAtMs);
    }
  }

  /** It is time to look whether the client is still there. */
  expire(): void {
    const nowMs = this.context.clock.now();
    if (this.ping !== undefined && this.isUnanswered(this.ping)) {
      this.lookAtPing(this.ping, nowMs, nowMs - this.atMs);
      return;
    }
    this.ping = undefined;
    const quietAtMs = this.quietAtMs;
    if (quietAtMs > nowMs) this.wait(quietAtMs);
    else this.sendPing(nowMs);
  }

  private get quietAtMs(): number {
    const { link, context } = this;
    return Math.min(link.lastReceivedAtMs, link.lastSentAtMs) + context.limits.liveness.pingAfterMs;
  }

  private sendPing(nowMs: number): void {
    const { link, socket } = this;
    this.lastPingId += 1;
    link.sendPing(this.lastPingId);
    const leftBytes = socket.sentBytes - socket.bufferedBytes;
    this.ping = { queuedAtMs: nowMs, sentBytes: socket.sentBytes, leftBytes, leftSinceMs: nowMs };
    this.wait(this.missingAtMs(this.ping));
  }

  private lookAtPing(ping: OutstandingPing, nowMs: number, latenessMs: number): void {
    const missingAtMs = this.missingAtMs(ping);
    if (missingAtMs > nowMs) this.wait(missingAtMs);
    else if (latenessMs > MAX_LATENESS_MS) this.wait(nowMs + this.context.limits.liveness.pongTimeoutMs);
    else this.owner.pongMissing();
  }

  /** When the client is given up if nothing comes. What has left the socket is counted anew. */
  private missingAtMs(ping: OutstandingPing): number {
    const { socket, context } = this;
    const { pongTimeoutMs, stalledTimeoutMs } = context.limits.liveness;
    const leftBytes = socket.sentBytes - socket.bufferedBytes;
    if (leftBytes > ping.leftBytes && ping.leftBytes < ping.sentBytes) {
      ping.leftBytes = leftBytes;
      ping.leftSinceMs = context.clock.now();
    }
    return ping.leftSinceMs + (this.hasLeft(ping) ? pongTimeoutMs : stalledTimeoutMs);
  }

  /** Any packet is an answer. */
  private isUnanswered({ queuedAtMs }: OutstandingPing): boolean {
    return this.link.lastReceivedAtMs < queuedAtMs;
  }

  private hasLeft(ping: OutstandingPing): boolean {
    const { socket } = this;
    return socket.sentBytes - socket.bufferedBytes >= ping.sentBytes;
  }

  private wait(untilMs: number): void {
    this.context.deadlines.remove(this);
    this.atMs = untilMs;
    this.context.deadlines.add(this);
  }
}
