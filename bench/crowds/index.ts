import { Crowd } from "./crowd.ts";

/** A crowd of connections to a server of the peer. Loads nothing of the others. */
export async function loadCrowd(peer: string, port: number): Promise<Crowd> {
  switch (peer) {
    case "moorline": {
      const { MoorlineMember } = await import("./moorline.ts");
      return new Crowd(() => new MoorlineMember(port));
    }
    case "raw ws": {
      const { WebSocketMember } = await import("./web-socket.ts");
      return new Crowd(() => new WebSocketMember(`ws://127.0.0.1:${port}`));
    }
    case "socket.io": {
      const { SocketIoMember } = await import("./socket-io.ts");
      return new Crowd(() => new SocketIoMember(port));
    }
    default:
      throw new Error(`there is no crowd of ${peer}`);
  }
}
