import { createDaemonClient, type DaemonClient } from "../client/daemon-client.ts";
import { parseEndpoint } from "../client/endpoint.ts";
import { createSessionKey } from "../client/session-key.ts";
import { createWsTransport } from "../transport/ws-client.ts";
import { loadOrCreateKeyFile } from "./session-key-file.ts";
import { findTokenFile, readTokenFile } from "./token-file.ts";
import { VERSION } from "./version.ts";

/** The options that every command has. */
export interface GlobalOptions {
  /** `--endpoint`. */
  readonly endpoint: string;
  /** `--session-key-file`. */
  readonly sessionKeyFile?: string;
  /** `--token-file`. */
  readonly tokenFile?: string;
  /** `--json`. */
  readonly json: boolean;
}

/** How this program calls itself towards daemons. */
export const cliProgram = {
  name: "moorline-cli",
  version: VERSION,
  platform: `node ${process.versions.node}`,
} as const;

/**
 * Makes the client of a command. Opens nothing.
 * @param redial Whether it dials again by itself after it has been connected once.
 */
export async function createCommandClient(options: GlobalOptions, redial: boolean): Promise<DaemonClient> {
  const endpoint = parseEndpoint(options.endpoint);
  const { sessionKeyFile } = options;
  const tokenFile = findTokenFile(options.tokenFile, endpoint);
  return createDaemonClient({
    endpoint: endpoint.url,
    // Without a file, a key for this run alone.
    sessionKey: sessionKeyFile === undefined ? createSessionKey() : await loadOrCreateKeyFile(sessionKeyFile),
    client: cliProgram,
    transport: createWsTransport(),
    redial,
    ...(tokenFile === undefined ? {} : { credential: { bearerToken: await readTokenFile(tokenFile) } }),
  });
}
