import { readFileSync } from "node:fs";
import { loadOrCreateSessionKey } from "moorline";
import { createFileHostRegistry, createFileStorage, createSqliteMirrorStorage } from "moorline/node";
import { createHostFleet, type HostFleet } from "moorline/runtime";

/** Where the token of a daemon is kept. */
export const tokenFile = (home: string, serverId: string): string => `${home}/token-${serverId}`;

/** The daemons that are known in a directory. Nothing is opened before the fleet is started. */
export function openFleet(home: string): HostFleet {
  const mirrorStorage = createSqliteMirrorStorage(`${home}/mirrors.db`);
  return createHostFleet({
    registry: createFileHostRegistry(`${home}/hosts.json`),
    createOptions: ({ serverId }) => ({
      client: { name: "cli-example", version: "1.0.0" },
      sessionKey: () => loadOrCreateSessionKey(createFileStorage(`${home}/client`), serverId),
      credential: () => ({ bearerToken: readFileSync(tokenFile(home, serverId), "utf8") }),
      mirrorStorage,
    }),
    onError: (error) => console.error(String(error)),
  });
}
