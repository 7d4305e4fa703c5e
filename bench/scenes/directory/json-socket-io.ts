import { openSocketIo, serveSocketIo } from "../ends/socket-io.ts";
import { NOTHING, type Scene } from "../scene.ts";
import { ChangingAgents } from "./changes.ts";
import { Follower } from "./follower.ts";
import { directoryMessage, type JsonEntry, toJsonAgent } from "./json-agent.ts";
import { createSampleAgent } from "./sample-agents.ts";

/** The events of socket.io, checked with zod, one for each change. */
export const jsonSocketIoDirectory: Scene = {
  async serve() {
    const { server, port } = await serveSocketIo((socket) => {
      socket.on("watch", async (done: () => void) => {
        await socket.join("watchers");
        done();
      });
    });
    let revision = 0;
    const { acts } = new ChangingAgents<JsonEntry["agent"]>({
      create: (index) => toJsonAgent(createSampleAgent(index)),
      retitle: (agent, title) => ({ ...agent, title }),
      show: (agent) => {
        revision += 1;
        server.to("watchers").emit("message", { type: "changed", agent, revision });
      },
    });
    return { port, acts };
  },
  async dial(port) {
    const socket = await openSocketIo(port);
    const follower = new Follower();
    socket.on("message", (data: unknown) => {
      const message = directoryMessage.parse(data);
      if (message.type === "changed") follower.came(message.agent.title);
    });
    const watch = async () => {
      await new Promise<void>((resolve) => socket.emit("watch", resolve));
      return NOTHING;
    };
    return { watch, follow: follower.follow };
  },
};
