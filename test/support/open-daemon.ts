import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { createDaemonClient, createSessionKey, type DaemonClient } from "../../src/client/index.ts";
import { type Daemon, type DaemonOptions, openDaemon } from "../../src/daemon/daemon.ts";
import { createWsTransport } from "../../src/node/index.ts";

/** A daemon on real sockets, with a directory of its own. */
export interface OpenedDaemon {
  readonly daemon: Daemon;
  readonly stateDirectory: string;
  readonly endpoint: string;
  readonly port: number;
  /** A client with a session of its own. */
  client(): DaemonClient;
}

/** A directory that goes away with the test. */
export function createTestDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), "moorline-daemon-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** Opens a daemon for the length of a test. Everybody is let in. */
export async function openTestDaemon(options: Partial<DaemonOptions> = {}): Promise<OpenedDaemon> {
  const stateDirectory = options.stateDirectory ?? createTestDirectory();
  const daemon = await openDaemon({
    program: { name: "test", version: "1.0.0" },
    insecureNoAuth: true,
    logger: { warn() {}, error: console.error },
    ...options,
    stateDirectory,
  });
  onTestFinished(() => daemon.stop());
  const { endpoint, port } = await daemon.listen({ port: 0 });
  return {
    ...{ daemon, stateDirectory, endpoint, port },
    client() {
      const client = createDaemonClient({
        endpoint,
        sessionKey: createSessionKey(),
        client: { name: "test", version: "1.0.0" },
        transport: createWsTransport(),
      });
      onTestFinished(() => client.dispose());
      return client;
    },
  };
}
