import { emitMany, openSocketIo, serveSocketIo } from "../ends/socket-io.ts";
import type { Scene } from "../scene.ts";
import { createDelta, timelineMessage } from "./delta.ts";
import { Receiver } from "./receiver.ts";

/** The events of socket.io, checked with zod. */
export const jsonSocketIoDeltas: Scene = {
  async serve() {
    const { port } = await serveSocketIo((socket) => {
      socket.on("watch", (count: number) =>
        emitMany(count, (index) => socket.emit("message", { type: "textAppended", ...createDelta(index) })),
      );
    });
    return { port, acts: {} };
  },
  async dial(port) {
    const socket = await openSocketIo(port);
    const receiver = new Receiver();
    socket.on("message", (data: unknown) => {
      const message = timelineMessage.parse(data);
      if (message.type === "textAppended") receiver.came(message.offset);
    });
    return { receive: (parameters) => receiver.receive(parameters, (count) => socket.emit("watch", count)) };
  },
};
