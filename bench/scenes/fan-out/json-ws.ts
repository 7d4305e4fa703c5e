import type { WebSocket } from "ws";
import { toJsonAgent } from "../directory/json-agent.ts";
import { createSampleAgent } from "../directory/sample-agents.ts";
import { openSocket, serveSockets } from "../ends/web-socket.ts";
import type { Scene } from "../scene.ts";
import { Arrivals, makeEvents } from "./arrivals.ts";
import { toJsonChange, toJsonItem } from "./json-events.ts";
import { WATCHERS } from "./watchers.ts";

/** JSON over `ws`: an event becomes a text once, and that is sent to everybody. */
export const jsonWsFanOut: Scene = {
  async serve() {
    const sockets = new Set<WebSocket>();
    const port = await serveSockets((socket) => sockets.add(socket));
    const agent = toJsonAgent(createSampleAgent(0));
    const send = (event: unknown): void => {
      const data = Buffer.from(JSON.stringify(event));
      for (const socket of sockets) socket.send(data, { binary: false });
    };
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
      const socket = await openSocket(port);
      socket.on("message", (data: Buffer) => arrivals.came(JSON.parse(data.toString()).title));
    }
    return { collect: arrivals.collect };
  },
};
