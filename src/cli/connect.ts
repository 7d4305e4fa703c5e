import { readFile } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { createDaemonClient, type DaemonClient } from "../client/daemon-client.ts";
import { createSessionKey } from "../client/session-key.ts";
import { createFileStorage } from "../node/file-storage.ts";
import { createWsTransport } from "../transport/ws-client.ts";
import { MoorlineError } from "../wire/moorline-error.ts";
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

/** Makes the client of a command. Opens nothing. */
export async function createCommandClient(options: GlobalOptions): Promise<DaemonClient> {
  const { endpoint = DEFAULT_ENDPOINT, tokenFile } = options;
  const token = tokenFile === undefined ? undefined : (await readFile(tokenFile, "utf8")).trim();
  return createDaemonClient({
    endpoint,
    sessionKey: await readSessionKey(options.sessionKeyFile),
    client: { name: "moorline-cli", version: "0.1.0" },
    transport: createWsTransport(),
    redial: false,
    ...(token === undefined ? {} : { credential: { bearerToken: token } }),
  });
}

/** The key of the file, which is made with mode 0600 where it is missing; without a file, one for this run alone. */
async function readSessionKey(path: string | undefined): Promise<SessionKey> {
  if (path === undefined) return createSessionKey();
  const stored = await createFileStorage(dirname(path)).putIfAbsent(basename(path), createSessionKey());
  return parseSessionKey(stored.trim());
}

/** What is wrong with how a command was called. */
const USAGE_CODES: ReadonlySet<string> = new Set([
  "ENDPOINT_MALFORMED",
  "INSECURE_ENDPOINT",
  "SESSION_KEY_MALFORMED",
  "SESSION_KEY_MISSING",
]);

/**
 * Prints a failure the way `--json` and people want it.
 * @returns The exit code: 2 where the command was called wrongly, 121 where the daemon has rejected it, else 120.
 */
export function reportFailure(thrown: unknown, isJson: boolean): number {
  const error = forCommandLine(MoorlineError.from(thrown));
  const { code, message, action } = error;
  if (isJson) process.stdout.write(`${JSON.stringify({ error: { code, message, action } })}\n`);
  else process.stderr.write(`${message}\n`);
  if (USAGE_CODES.has(code)) return 2;
  return error.closeCode === undefined ? 120 : 121;
}

/** The same error with what a user of the command line can do about it. */
function forCommandLine(error: MoorlineError): MoorlineError {
  if (error.code !== "NOT_CONNECTED") return error;
  const action = "Start the daemon, or give its address by --endpoint.";
  return new MoorlineError(error.code, error.text, { action, cause: error });
}
