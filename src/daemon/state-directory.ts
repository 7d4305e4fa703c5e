import { access, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type Identity, loadOrCreateIdentity, type ProgramInfo } from "../server/identity.ts";
import { openSqliteDatabase, type SqliteDatabase } from "../server/sqlite/sqlite-database.ts";
import { nodeError } from "../wire/node-error.ts";
import { serverIdOf } from "../wire/server-id.ts";

/** The files of a state directory. */
export interface StatePaths {
  /** The identity key, PKCS #8 as PEM, mode 0600. */
  readonly identity: string;
  /** The token that clients of this machine give, mode 0600. */
  readonly token: string;
  /** Everything else. */
  readonly database: string;
}

/** What a daemon has of an earlier run, or has begun. */
export interface DaemonState {
  readonly identity: Identity;
  /** Belongs to this process until it is closed. */
  readonly database: SqliteDatabase;
}

const DIRECTORY_MODE = 0o700;
const FACTS = "CREATE TABLE daemon_fact (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;";
const SERVER_ID = "server_id";

/** Where the files of a state directory lie. */
export function statePathsOf(directory: string): StatePaths {
  return {
    identity: join(directory, "identity.pem"),
    token: join(directory, "token"),
    database: join(directory, "moorline.db"),
  };
}

/**
 * Opens a state directory for this process alone, or begins one.
 * @param maxBytes The most bytes of the database. Undefined: no limit.
 * @throws MoorlineError STATE_DIRECTORY_UNUSABLE; DATABASE_LOCKED where another daemon runs on it, DATABASE_NEWER,
 *   DATABASE_CORRUPT, DATABASE_UNUSABLE; IDENTITY_MISSING, IDENTITY_CHANGED, IDENTITY_MALFORMED, STORAGE_FAILED. Nothing is
 *   replaced. Spec: DAEMON-1 to DAEMON-3.
 */
export async function openStateDirectory(
  directory: string,
  program: ProgramInfo,
  maxBytes: number | undefined,
): Promise<DaemonState> {
  await makeDirectory(directory);
  const paths = statePathsOf(directory);
  const database = await openSqliteDatabase(paths.database, maxBytes === undefined ? {} : { maxBytes });
  try {
    return { identity: await openIdentity(database, paths.identity, program), database };
  } catch (error) {
    database.close();
    throw error;
  }
}

async function makeDirectory(directory: string): Promise<void> {
  try {
    await mkdir(directory, { recursive: true, mode: DIRECTORY_MODE });
  } catch (cause) {
    throw nodeError("STATE_DIRECTORY_UNUSABLE", `${directory} is no directory, or cannot be made.`, { cause });
  }
}

/** The identity has to be that which the rest of the state belongs to: clients know the daemon by it. */
async function openIdentity(database: SqliteDatabase, path: string, program: ProgramInfo): Promise<Identity> {
  database.migrate("daemon", [FACTS]);
  const known = database.prepare("SELECT value FROM daemon_fact WHERE name = ?").get(SERVER_ID)?.value;
  if (known !== undefined && !(await exists(path))) {
    throw nodeError("IDENTITY_MISSING", `There is state of the daemon ${known}, but no identity in ${path}.`);
  }
  const identity = await loadOrCreateIdentity(path, program);
  const serverId = serverIdOf(identity.publicKey);
  if (known === undefined) {
    database.run(() => database.prepare("INSERT INTO daemon_fact VALUES (?, ?)").run(SERVER_ID, serverId));
  } else if (known !== serverId) {
    throw nodeError("IDENTITY_CHANGED", `The state belongs to the daemon ${known}, and the identity to ${serverId}.`);
  }
  return identity;
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
