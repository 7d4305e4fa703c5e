import type { SqliteDatabase } from "../../server/sqlite/sqlite-database.ts";
import type { PushToken, PushTokenStore } from "./push-token-store.ts";

const PUSH_TOKENS = `
  CREATE TABLE push_token (
    session_ref TEXT NOT NULL,
    service TEXT NOT NULL,
    principal TEXT NOT NULL,
    token TEXT NOT NULL,
    PRIMARY KEY (session_ref, service)
  ) STRICT, WITHOUT ROWID;
`;

/** The steps of the tables of presence. A step is never changed once it was released. */
const STEPS: readonly string[] = [PUSH_TOKENS];

/**
 * Keeps the push tokens of a daemon in a database. What a call came back from is on disk.
 * @param database Where; it is closed by whoever opened it.
 * @throws MoorlineError As the database does. Spec: PRESENCE-9.
 */
export function createSqlitePushTokenStore(database: SqliteDatabase): PushTokenStore {
  database.migrate("presence", STEPS);
  const list = database.prepare("SELECT * FROM push_token");
  const put = database.prepare(
    "INSERT OR REPLACE INTO push_token (session_ref, service, principal, token) VALUES (?, ?, ?, ?)",
  );
  const remove = database.prepare("DELETE FROM push_token WHERE session_ref = ? AND service = ?");
  const removeSession = database.prepare("DELETE FROM push_token WHERE session_ref = ?");
  return {
    list: () => database.run(() => list.all().map(rowToToken)),
    put({ sessionRef, service, principal, token }) {
      database.run(() => put.run(sessionRef, service, principal, token));
    },
    delete(sessionRef, service) {
      database.run(() => remove.run(sessionRef, service));
    },
    deleteSession(sessionRef) {
      database.run(() => removeSession.run(sessionRef));
    },
  };
}

function rowToToken(row: Readonly<Record<string, unknown>>): PushToken {
  return {
    sessionRef: String(row.session_ref),
    principal: String(row.principal),
    service: String(row.service),
    token: String(row.token),
  };
}
