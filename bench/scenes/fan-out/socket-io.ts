import { toJsonAgent } from "../directory/json-agent.ts";
import { createSampleAgent } from "../directory/sample-agents.ts";
import { openSocketIo, serveSocketIo } from "../ends/socket-io.ts";
import type { Scene } from "../scene.ts";
import { Arrivals, makeEvents } from "./arrivals.ts";
import { toJsonChange, toJsonItem } from "./json-events.ts";
import { WATCHERS } from "./watchers.ts";

/** socket.io: an event goes to a room, which encodes it once. */
export const socketIoFanOut: Scene = {
  async serve() {
    const { server, port } = await serveSocketIo((socket) => void socket.join("watchers"));
    const agent = toJsonAgent(createSampleAgent(0));
    const send = (event: unknown): void => void server.to("watchers").emit("message", event);
    return {
      port,
      acts: {
        append: (parameters) => makeEvents(parameters, (text) => send(toJsonItem(text))),
        change: (parameters) => makeEvents(parameters, (title) => send(toJsonChange(agent, title))),
      },
    };
  },
  async dial(port) {
    const arrivals = new Arrivals(WATCHERS);
    for (let i = 0; i < WATCHERS; i += 1) {
      const socket = await openSocketIo(port);
      socket.on("message", ({ title }: { readonly title: string }) => arrivals.came(title));
    }
    return { collect: arrivals.collect };
  },
};
