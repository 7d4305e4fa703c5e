import type { ServerEvent } from "../../server/events.ts";
import type { PresenceBook } from "./presence-book.ts";
import type { PushTokens } from "./push-tokens.ts";

/**
 * Makes what tells the book and the tokens of the events of a server: for its `onEvent`. Spec: PRESENCE-1, PRESENCE-5,
 * PRESENCE-9.
 */
export function createPresenceListener(book: PresenceBook, tokens: PushTokens): (event: ServerEvent) => void {
  return (event) => {
    switch (event.kind) {
      case "detached":
        return book.channelDetached(event);
      case "resumed":
        return book.channelResumed(event);
      case "channel_lost":
        return book.channelLost(event);
      case "expired":
        return tokens.sessionExpired(event.session.ref);
    }
  };
}
