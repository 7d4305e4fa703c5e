import { readFileSync } from "node:fs";
import { Code, ConnectError } from "@connectrpc/connect";
import { createDaemonClient, type DaemonClient, loadOrCreateSessionKey } from "moorline";
import { createFileStorage } from "moorline/node";
import { serveRoutes } from "moorline/serve";
import { JobGuardService } from "./gen/jobs/v1/jobs_pb.ts";

const MAX_FILES = 1000;

/** A client of the daemon of this directory. It also serves: the daemon asks it whether a large job may be. */
export async function openClient(home: string): Promise<DaemonClient> {
  const { endpoint, serverId } = JSON.parse(readFileSync(`${home}/daemon.json`, "utf8"));
  return createDaemonClient({
    endpoint,
    expectedServerId: serverId,
    sessionKey: await loadOrCreateSessionKey(createFileStorage(`${home}/client`), serverId),
    credential: { bearerToken: readFileSync(`${home}/token`, "utf8") },
    client: { name: "jobs-client", version: "1.0.0" },
    routes: serveRoutes((router) =>
      router.service(JobGuardService, { allowJob: ({ files }) => ({ allowed: files <= MAX_FILES }) }),
    ),
  });
}

/** Follows something until it says that it is done. A stream that was cut is begun again, where it stood. */
export async function followOverCuts(client: DaemonClient, followOnce: () => Promise<boolean>): Promise<void> {
  for (let isDone = false; !isDone; ) {
    try {
      isDone = await followOnce();
    } catch (thrown) {
      if (ConnectError.from(thrown).code !== Code.Unavailable) throw thrown;
      await client.ensureConnected();
    }
  }
}
