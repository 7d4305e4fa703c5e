/** A process of the rig: does what it is asked to by messages of its parent. */
import { clientMeasures } from "./measures/client-measures.ts";
import type { PeerClient } from "./peers/peer.ts";
import { loadPeer } from "./peers/index.ts";
import type { RigRequest, Usage } from "./rig.ts";

let client: PeerClient | undefined;

async function answer(request: RigRequest): Promise<number | Usage> {
  switch (request.do) {
    case "serve":
      return (await loadPeer(request.peer)).serve();
    case "dial":
      client = await (await loadPeer(request.peer)).dial(request.port);
      return 0;
    case "measure": {
      const measure = clientMeasures[request.measure];
      if (measure === undefined || client === undefined) throw new Error(`cannot measure ${request.measure}`);
      return measure(client, request.parameters);
    }
    case "usage":
      return usage();
  }
}

function usage(): Usage {
  globalThis.gc?.();
  const { user, system } = process.cpuUsage();
  const { rss, heapUsed, arrayBuffers } = process.memoryUsage();
  return { cpuMicros: user + system, rssBytes: rss, heapBytes: heapUsed + arrayBuffers };
}

process.on("message", (request: RigRequest) => {
  answer(request).then(
    (value) => process.send?.({ value }),
    (error: unknown) => process.send?.({ error: error instanceof Error ? error.stack : String(error) }),
  );
});
