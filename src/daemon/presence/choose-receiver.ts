/** A channel whose client has reported its presence, as it counts now. */
export interface Presence {
  /** What names the channel, among those of all sessions. */
  readonly channel: string;
  /** Whom its session belongs to. */
  readonly principal: string;
  /** Whether somebody sees the client. `detached`: its channel has no connection, so that nobody knows. */
  readonly sight: "visible" | "hidden" | "detached";
  /** The agent that it shows. Undefined: none. */
  readonly shownAgentId: string | undefined;
  /** When somebody last did something there, in milliseconds since 1970. Undefined: not known. */
  readonly activeAtMs: number | undefined;
  /** Whether it may be chosen. False where its client takes no notifications, or could not take this one. */
  readonly canBeTold: boolean;
}

/** Who is told that an agent wants attention. */
export type Receiver =
  /** Nobody needs to be: somebody looks at that very agent. */
  | { readonly case: "shown" }
  /** The client of this channel, and no other one. */
  | { readonly case: "channel"; readonly channel: string }
  /** Whoever holds a push token. */
  | { readonly case: "push" }
  /** Nobody is there. */
  | { readonly case: "nobody" };

/**
 * Decides who is told that an agent wants attention. Pure; this is the only place where it is decided. Spec: PRESENCE-3 to
 * PRESENCE-6.
 * @param presences Of every channel that has reported one, the latest report last.
 * @param agentId The agent.
 * @param canPush Whether there is a push token, and something that pushes.
 */
export function chooseReceiver(presences: readonly Presence[], agentId: string, canPush: boolean): Receiver {
  const visible = presences.filter(({ sight }) => sight === "visible");
  if (visible.some(({ shownAgentId }) => shownAgentId === agentId)) return { case: "shown" };
  const seen = findLatest(visible);
  if (seen !== undefined) return { case: "channel", channel: seen.channel };
  if (canPush) return { case: "push" };
  const hidden = findLatest(presences.filter(({ sight }) => sight === "hidden"));
  return hidden === undefined ? { case: "nobody" } : { case: "channel", channel: hidden.channel };
}

/** Of those that can be told the one that was active last; of several the one that has reported last. */
function findLatest(presences: readonly Presence[]): Presence | undefined {
  let latest: Presence | undefined;
  for (const presence of presences) {
    if (presence.canBeTold && activityOf(presence) >= activityOf(latest)) latest = presence;
  }
  return latest;
}

function activityOf(presence: Presence | undefined): number {
  return presence?.activeAtMs ?? Number.NEGATIVE_INFINITY;
}
