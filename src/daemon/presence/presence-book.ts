import { type Client, Code, ConnectError } from "@connectrpc/connect";
import { NotificationService } from "../../../gen/moorline/agent/v1/notification_service_pb.ts";
import type { Clock } from "../../core/clock.ts";
import type { CallSession } from "../../server/call-session.ts";
import type { SessionName } from "../../server/events.ts";
import type { Presence } from "./choose-receiver.ts";
import type { PresenceReport } from "./presence-requests.ts";

/** The session of a call that came on a channel. */
export type ChannelSession = CallSession & { readonly channelId: string };

/** Which channel it is, as the events of a server say it. Clients choose channel ids: two sessions may have the same. */
export interface ChannelName {
  readonly session: Pick<SessionName, "ref">;
  readonly channelId: string;
}

/** What the book has of a channel. */
interface Entry extends PresenceReport {
  readonly principal: string;
  readonly client: Client<typeof NotificationService>;
  readonly isAttached: boolean;
  readonly isAble: boolean;
}

/**
 * Where people are: what the client of each channel has reported last. It has one entry for a channel and keeps it until
 * the channel is lost, so that the limits of the server are its limits. The daemon tells it what becomes of channels, by
 * `createPresenceListener`. Spec: PRESENCE-1, PRESENCE-5.
 */
export class PresenceBook {
  private readonly clock: Clock;
  /** By the name of the channel, the latest report last. */
  private readonly entries = new Map<string, Entry>();

  /** @param clock Time; its `wallNow` is what a time in the future is held against. */
  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** Takes a report, in place of the one before. A time in the future counts as now. Spec: PRESENCE-2. */
  report(session: ChannelSession, report: PresenceReport): void {
    const { channelId, principal } = session;
    const channel = toText({ session, channelId });
    const before = this.entries.get(channel);
    const activeAtMs = report.activeAtMs === undefined ? undefined : Math.min(report.activeAtMs, this.clock.wallNow());
    this.entries.delete(channel);
    this.entries.set(channel, {
      ...report,
      activeAtMs,
      principal,
      client: before?.client ?? session.client(NotificationService),
      isAttached: before?.isAttached ?? true,
      isAble: before?.isAble ?? true,
    });
  }

  /** Every presence as it counts now, the latest report last. */
  list(): Presence[] {
    return [...this.entries].map(([channel, entry]) => entryToPresence(channel, entry));
  }

  /**
   * What the client of a channel is told by.
   * @param channel The channel of one of the presences. @throws ConnectError UNAVAILABLE where it has none any more.
   */
  clientOf(channel: string): Client<typeof NotificationService> {
    const entry = this.entries.get(channel);
    if (entry === undefined) throw new ConnectError("the channel is lost", Code.Unavailable);
    return entry.client;
  }

  /** The client of a channel takes no notifications: it is never chosen again. Spec: PRESENCE-7. */
  markUnable(channel: string): void {
    this.change(channel, { isAble: false });
  }

  /** A channel has no connection any more. Spec: PRESENCE-5. */
  channelDetached(name: ChannelName): void {
    this.change(toText(name), { isAttached: false });
  }

  /** A channel has a connection again: what it has reported holds as before. Spec: PRESENCE-5. */
  channelResumed(name: ChannelName): void {
    this.change(toText(name), { isAttached: true });
  }

  /** A channel is gone, and its presence with it. Spec: PRESENCE-1. */
  channelLost(name: ChannelName): void {
    this.entries.delete(toText(name));
  }

  private change(channel: string, change: Partial<Entry>): void {
    const entry = this.entries.get(channel);
    if (entry !== undefined) this.entries.set(channel, { ...entry, ...change });
  }
}

function toText({ session, channelId }: ChannelName): string {
  return `${session.ref}/${channelId}`;
}

function entryToPresence(channel: string, entry: Entry): Presence {
  const { principal, shownAgentId, activeAtMs, isAble } = entry;
  return { channel, principal, sight: sightOf(entry), shownAgentId, activeAtMs, canBeTold: isAble };
}

function sightOf({ isAttached, isVisible }: Entry): Presence["sight"] {
  if (!isAttached) return "detached";
  return isVisible ? "visible" : "hidden";
}
