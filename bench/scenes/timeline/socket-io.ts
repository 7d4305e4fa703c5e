import { openSocketIo, serveSocketIo } from "../ends/socket-io.ts";
import { type Figures, figureOf, type Scene } from "../scene.ts";
import { readLines } from "./print-lines.ts";

/** socket.io: one event for each line of the process. Nothing is kept, and what a client misses is lost. */
export const socketIoTimeline: Scene = {
  async serve() {
    const { port } = await serveSocketIo((socket) => {
      socket.on("run", async (lines: number) => {
        for await (const line of readLines(lines)) socket.emit("line", line);
      });
    });
    return { port, acts: {} };
  },
  async dial(port) {
    const socket = await openSocketIo(port);
    const run = (parameters: Figures): Promise<Figures> =>
      new Promise((resolve) => {
        const lines = figureOf(parameters, "lines");
        const startMs = performance.now();
        let left = lines;
        socket.on("line", function take() {
          left -= 1;
          if (left > 0) return;
          socket.off("line", take);
          resolve({ perSecond: (lines * 1000) / (performance.now() - startMs) });
        });
        socket.emit("run", lines);
      });
    return { run };
  },
};
