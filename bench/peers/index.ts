import type { Peer } from "./peer.ts";

/** Loads a peer by its name, and nothing of the others. */
export async function loadPeer(name: string): Promise<Peer> {
  switch (name) {
    case "moorline":
      return (await import("./moorline.ts")).moorline;
    case "raw ws":
      return (await import("./raw-ws.ts")).rawWs;
    case "socket.io":
      return (await import("./socket-io.ts")).socketIo;
    case "grpc-js":
      return (await import("./grpc-js.ts")).grpcJs;
    case "connect-node":
      return (await import("./connect-node.ts")).connectNode;
    default:
      throw new Error(`there is no peer ${name}`);
  }
}
