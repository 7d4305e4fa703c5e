import type { SessionName } from "./events.ts";
import type { Session } from "./session.ts";
import type { SessionRegistry } from "./session-registry.ts";

/** A session, for people and tools. */
export interface SessionInfo extends SessionName {
  readonly phase: "active" | "idle" | "expired";
  /** When it began. */
  readonly createdAt: Date;
  readonly channels: readonly ChannelInfo[];
}

/** A channel, for people and tools. */
export interface ChannelInfo {
  readonly channelId: string;
  readonly phase: "attached" | "detached" | "lost";
  /** Calls that are open, those of the client and those of the server. */
  readonly calls: number;
  /** What it holds, in bytes. */
  readonly heldBytes: number;
}

/** The sessions of a server. */
export interface ServerSessions {
  /** Every session. */
  list(): SessionInfo[];
  /** Ends the sessions of a session ref: their channels are lost, their connections closed. @returns Whether there was one. */
  end(ref: string): boolean;
}

/** Makes the view of a registry. */
export function createServerSessions(registry: SessionRegistry): ServerSessions {
  return {
    list: () => [...registry.all].map(describeSession),
    end(ref) {
      const sessions = [...registry.all].filter((session) => session.ref === ref);
      for (const session of sessions) session.end();
      return sessions.length > 0;
    },
  };
}

function describeSession({ ref, principal, phase, createdAtMs, channels }: Session): SessionInfo {
  const infos = [...channels.values()].map(({ key, phase: channelPhase, channel, heldBytes }) => ({
    channelId: key,
    phase: channelPhase,
    calls: channel.calls.size,
    heldBytes,
  }));
  return { ref, principal, phase, createdAt: new Date(createdAtMs), channels: infos };
}
