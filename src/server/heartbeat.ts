import type { Link } from "../channel/link.ts";
import type { Clock } from "../core/clock.ts";
import type { DeadlineQueue } from "../rpc/deadline-queue.ts";
import type { ServerLivenessLimits } from "./server-limits.ts";
import { ServerTimer } from "./server-timer.ts";

/** What passes through the socket of a connection. */
export interface SocketMeter {
  /** Bytes that were given to the socket so far. */
  readonly sentBytes: number;
  /** Bytes of them that have not left for the network. */
  readonly bufferedBytes: number;
}

/** How a heartbeat is made. */
export interface HeartbeatOptions {
  readonly clock: Clock;
  readonly deadlines: DeadlineQueue;
  readonly limits: ServerLivenessLimits;
  /** The packets of the connection. */
  readonly link: Link;
  /** Its socket. */
  readonly socket: SocketMeter;
  /** Nothing has come for too long. The heartbeat has stopped. */
  readonly onMissing: () => void;
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
export class Heartbeat {
  private readonly options: HeartbeatOptions;
  private readonly timer: ServerTimer;
  private lastPingId = 0;
  private ping: OutstandingPing | undefined = undefined;

  /** Starts at once. */
  constructor(options: HeartbeatOptions) {
    this.options = options;
    this.timer = new ServerTimer(options.deadlines, (atMs) => this.look(atMs));
    this.timer.start(this.quietAtMs);
  }

  /** Ends it for good. */
  stop(): void {
    this.ping = undefined;
    this.timer.cancel();
  }

  /** The socket's buffer has shrunk. */
  drained(): void {
    const { ping } = this;
    if (ping !== undefined && this.isUnanswered(ping)) this.timer.start(this.missingAtMs(ping));
  }

  private get quietAtMs(): number {
    const { link, limits } = this.options;
    return Math.min(link.lastReceivedAtMs, link.lastSentAtMs) + limits.pingAfterMs;
  }

  private look(dueAtMs: number): void {
    const nowMs = this.options.clock.now();
    if (this.ping !== undefined && this.isUnanswered(this.ping)) {
      this.lookAtPing(this.ping, nowMs, nowMs - dueAtMs);
      return;
    }
    this.ping = undefined;
    const quietAtMs = this.quietAtMs;
    if (quietAtMs > nowMs) this.timer.start(quietAtMs);
    else this.sendPing(nowMs);
  }

  private sendPing(nowMs: number): void {
    const { link, socket } = this.options;
    this.lastPingId += 1;
    link.sendPing(this.lastPingId);
    const leftBytes = socket.sentBytes - socket.bufferedBytes;
    this.ping = { queuedAtMs: nowMs, sentBytes: socket.sentBytes, leftBytes, leftSinceMs: nowMs };
    this.timer.start(this.missingAtMs(this.ping));
  }

  private lookAtPing(ping: OutstandingPing, nowMs: number, latenessMs: number): void {
    const missingAtMs = this.missingAtMs(ping);
    if (missingAtMs > nowMs) this.timer.start(missingAtMs);
    else if (latenessMs > MAX_LATENESS_MS) this.timer.start(nowMs + this.options.limits.pongTimeoutMs);
    else this.options.onMissing();
  }

  /** When the client is given up if nothing comes. What has left the socket is counted anew. */
  private missingAtMs(ping: OutstandingPing): number {
    const { socket, clock, limits } = this.options;
    const leftBytes = socket.sentBytes - socket.bufferedBytes;
    if (leftBytes > ping.leftBytes && ping.leftBytes < ping.sentBytes) {
      ping.leftBytes = leftBytes;
      ping.leftSinceMs = clock.now();
    }
    return ping.leftSinceMs + (this.hasLeft(ping) ? limits.pongTimeoutMs : limits.stalledTimeoutMs);
  }

  /** Any packet is an answer. */
  private isUnanswered({ queuedAtMs }: OutstandingPing): boolean {
    return this.options.link.lastReceivedAtMs < queuedAtMs;
  }

  private hasLeft(ping: OutstandingPing): boolean {
    const { socket } = this.options;
    return socket.sentBytes - socket.bufferedBytes >= ping.sentBytes;
  }
}
