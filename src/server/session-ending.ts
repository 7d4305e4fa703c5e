import type { ServerChannel } from "./server-channel.ts";
import type { ServerContext } from "./server-context.ts";
import { ServerTimer } from "./server-timer.ts";
import { END_METHOD } from "./session-service.ts";

const LOOK_EVERY_MS = 10;

/**
 * Ends the session of a channel once its client has acknowledged the answer to the call that asked for it, or cannot any
 * more because the channel is lost; at the latest after `limits.drain.flushMs`. Spec: SESSION-5.
 */
export function endAfterAnswer({ clock, deadlines, limits }: ServerContext, channel: ServerChannel): void {
  const giveUpAtMs = clock.now() + limits.drain.flushMs;
  /** How many frames there were when the answer was among them. */
  let answeredAt: number | undefined;
  const look = (): void => {
    if (answeredAt === undefined && !isEnding(channel)) answeredAt = channel.channel.sent;
    const isKnown = answeredAt !== undefined && channel.channel.acknowledged >= answeredAt;
    if (isKnown || channel.phase === "lost" || clock.now() >= giveUpAtMs) channel.endSession();
    else timer.start(clock.now() + LOOK_EVERY_MS);
  };
  const timer = new ServerTimer(deadlines, look);
  timer.start(clock.now());
}

/** Whether the answer to a call that ends the session has no number yet. */
function isEnding({ channel }: ServerChannel): boolean {
  for (const { role, method } of channel.calls) if (role === "callee" && method === END_METHOD) return true;
  return false;
}
