import { openSocket, sendCorked, sendEach, serveSockets } from "../ends/web-socket.ts";
import type { Scene } from "../scene.ts";
import { createJsonDelta, timelineMessage } from "./delta.ts";
import { Receiver } from "./receiver.ts";

/** One JSON message for each event over `ws`, checked with zod; corked: what one turn of the loop sends goes in one write. */
export function jsonWsDeltas(how: "each" | "corked"): Scene {
  const sendMany = how === "each" ? sendEach : sendCorked;
  return {
    async serve() {
      const port = await serveSockets((socket) => {
        socket.on("message", (count: Buffer) => void sendMany(socket, Number(count.toString()), createJsonDelta));
      });
      return { port, acts: {} };
    },
    async dial(port) {
      const socket = await openSocket(port);
      const receiver = new Receiver();
      socket.on("message", (data: Buffer) => {
        const message = timelineMessage.parse(JSON.parse(data.toString()));
        if (message.type === "textAppended") receiver.came(message.offset);
      });
      return { receive: (parameters) => receiver.receive(parameters, (count) => socket.send(`${count}`)) };
    },
  };
}
