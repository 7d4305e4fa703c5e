import { Purpose } from "../../../gen/moorline/session/v1/packet_pb.ts";
import type { DaemonServer } from "../../../src/server/server.ts";
import type { ConnectionListener } from "../../../src/transport/connection.ts";
import { readHello } from "./hello-book.ts";
import type { Scene } from "./scene.ts";

/** Watches what a connection does to the sessions of a server as long as it is a probe: nothing. */
export function watchProbe(
  scene: Pick<Scene, "judge">,
  server: DaemonServer,
  listener: ConnectionListener,
): ConnectionListener {
  let phase: "unknown" | "probe" | "session" = "unknown";
  const received = (message: Uint8Array | string): void => {
    if (phase !== "session") {
      const purpose = readHello(message)?.purpose;
      if (purpose !== undefined) phase = purpose === Purpose.PROBE ? "probe" : "session";
    }
    if (phase === "probe") unchanged(scene, server, () => listener.received(message));
    else listener.received(message);
  };
  return {
    opened: () => listener.opened(),
    received,
    drained: () => listener.drained(),
    closed: (close) => {
      if (phase === "probe") unchanged(scene, server, () => listener.closed(close));
      else listener.closed(close);
    },
  };
}

function unchanged({ judge }: Pick<Scene, "judge">, server: DaemonServer, work: () => void): void {
  const before = printSessions(server);
  work();
  const after = printSessions(server);
  judge.claim(before === after, () => `a probe has changed the sessions from ${before} to ${after}`);
}

/** Those without a channel are left out: the first hello of all has them loaded. */
function printSessions({ sessions }: DaemonServer): string {
  return JSON.stringify(sessions.list().filter(({ channels }) => channels.length > 0));
}
