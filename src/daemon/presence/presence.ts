import type { ServiceImpl } from "@connectrpc/connect";
import type { PresenceService } from "../../../gen/moorline/agent/v1/presence_service_pb.ts";
import type { Clock } from "../../core/clock.ts";
import type { ServerEvent } from "../../server/events.ts";
import type { ServerLogger } from "../../server/reporter.ts";
import type { SqliteDatabase } from "../../server/sqlite/sqlite-database.ts";
import type { SessionStore } from "../../server/store.ts";
import { Notifier } from "./notifier.ts";
import { PresenceBook } from "./presence-book.ts";
import { createPresenceListener } from "./presence-listener.ts";
import { createPresenceService } from "./presence-service.ts";
import type { PushSender } from "./push-sender.ts";
import { PushTokens } from "./push-tokens.ts";
import { createSqlitePushTokenStore } from "./sqlite-push-token-store.ts";

/** Where the people of a daemon are, and who is told of its agents. */
export interface Presence {
  /** Tells one client that an agent wants attention. */
  readonly notifier: Notifier;
  readonly service: ServiceImpl<typeof PresenceService>;
  /** Takes the events of the server. */
  heard(event: ServerEvent): void;
}

/** What a {@link Presence} is made of. */
export interface PresenceParts {
  readonly clock: Clock;
  readonly logger: ServerLogger;
  /** Where push tokens are kept. */
  readonly database: SqliteDatabase;
  /** The sessions that there are: tokens of others are forgotten. */
  readonly sessions: SessionStore;
  /** Pushes to clients without a channel. Undefined: nobody does. */
  readonly push: PushSender | undefined;
}

/** Opens the presence of a daemon. @throws MoorlineError what the database says. */
export async function openPresence({ clock, logger, database, sessions, push }: PresenceParts): Promise<Presence> {
  const book = new PresenceBook(clock);
  const tokens = new PushTokens(createSqlitePushTokenStore(database), logger);
  tokens.retainSessions((await sessions.list()).map(({ sessionRef }) => sessionRef));
  return {
    notifier: new Notifier({ clock, book, tokens, push }),
    service: createPresenceService(book, tokens),
    heard: createPresenceListener(book, tokens),
  };
}
