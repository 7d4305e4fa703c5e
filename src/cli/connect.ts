import { readFile } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { createDaemonClient, type DaemonClient } from "../client/daemon-client.ts";
import { createSessionKey } from "../client/session-key.ts";
import { createFileStorage } from "../node/file-storage.ts";
import { createWsTransport } from "../transport/ws-client.ts";
import { parseSessionKey, type SessionKey } from "../wire/session-key.ts";

/** The options that every command has. */
export interface GlobalOptions {
  /** `--endpoint`. */
  readonly endpoint?: string;
  /** `--session-key-file`. */
  readonly sessionKeyFile?: string;
  /** `--token-file`. */
  readonly tokenFile?: string;
  /** `--json`. */
  readonly json: boolean;
}

const DEFAULT_ENDPOINT = "ws://127.0.0.1:7420";

/**
 * Makes the client of a command. Opens nothing.
 * @param redial Whether it dials again by itself after it has been connected once.
 */
export async function createCommandClient(options: GlobalOptions, redial: boolean): Promise<DaemonClient> {
  const { endpoint = DEFAULT_ENDPOINT, tokenFile } = options;
  const token = tokenFile === undefined ? undefined : (await readFile(tokenFile, "utf8")).trim();
  return createDaemonClient({
    endpoint,
    sessionKey: await readSessionKey(options.sessionKeyFile),
    client: { name: "moorline-cli", version: "0.1.0" },
    transport: createWsTransport(),
    redial,
    ...(token === undefined ? {} : { credential: { bearerToken: token } }),
  });
}

/** The key of the file, which is made with mode 0600 where it is missing; without a file, one for this run alone. */
async function readSessionKey(path: string | undefined): Promise<SessionKey> {
  if (path === undefined) return createSessionKey();
  const stored = await createFileStorage(dirname(path)).putIfAbsent(basename(path), createSessionKey());
  return parseSessionKey(stored.trim());
}
