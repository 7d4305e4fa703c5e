import type { WebSocket } from "ws";
import { corked, openSocket, serveSockets } from "../ends/web-socket.ts";
import type { Acts, Figures, Scene } from "../scene.ts";
import { ChangingAgents } from "./changes.ts";
import { Follower } from "./follower.ts";
import { directoryMessage, type JsonEntry, toJsonAgent } from "./json-agent.ts";
import { createSampleAgent } from "./sample-agents.ts";

/** Messages as JSON over `ws`, checked with zod: all agents in one, then one for each change. */
export function jsonWsDirectory(how: "each" | "corked"): Scene {
  return {
    async serve() {
      const sockets = new Set<WebSocket>();
      const outbox = new Outbox(sockets, how);
      let revision = 0;
      const changing = new ChangingAgents<JsonEntry>({
        create: (index) => ({ agent: toJsonAgent(createSampleAgent(index)), revision: 0 }),
        retitle: ({ agent }, title) => ({ agent: { ...agent, title }, revision: 0 }),
        show: ({ agent }) => {
          revision += 1;
          outbox.send({ type: "changed", agent, revision });
        },
      });
      const port = await serveSockets((socket) => {
        socket.on("message", (command: Buffer) => {
          socket.send(JSON.stringify({ type: "snapshot", agents: changing.all }));
          if (command.toString() === "watch") sockets.add(socket);
        });
      });
      return { port, acts: changing.acts };
    },
    dial: dialDirectory,
  };
}

async function dialDirectory(port: number): Promise<Acts> {
  const socket = await openSocket(port);
  const follower = new Follower();
  const agents = new Map<string, JsonEntry>();
  let bytes = 0;
  let loaded = (): void => {};
  socket.on("message", (data: Buffer) => {
    bytes += data.length;
    const message = directoryMessage.parse(JSON.parse(data.toString()));
    if (message.type === "snapshot") {
      agents.clear();
      for (const entry of message.agents) agents.set(entry.agent.id, entry);
      loaded();
    } else {
      agents.set(message.agent.id, message);
      follower.came(message.agent.title);
    }
  });
  const ask = async (command: string): Promise<Figures> => {
    const startBytes = bytes;
    const startMs = performance.now();
    await new Promise<void>((resolve) => {
      loaded = resolve;
      socket.send(command);
    });
    const ms = performance.now() - startMs;
    return { ms, firstMs: ms, bytes: bytes - startBytes, agents: agents.size };
  };
  return { load: () => ask("load"), watch: () => ask("watch"), follow: follower.follow };
}

/** What goes to every watcher: at once, or what one turn of the event loop brings in one write. */
class Outbox {
  private readonly sockets: ReadonlySet<WebSocket>;
  private readonly how: "each" | "corked";
  private waiting: string[] = [];

  constructor(sockets: ReadonlySet<WebSocket>, how: "each" | "corked") {
    this.sockets = sockets;
    this.how = how;
  }

  send(message: unknown): void {
    if (this.sockets.size === 0) return;
    const text = JSON.stringify(message);
    if (this.how === "each") {
      for (const socket of this.sockets) socket.send(text);
      return;
    }
    if (this.waiting.length === 0) setImmediate(() => this.flush());
    this.waiting.push(text);
  }

  private flush(): void {
    const { waiting } = this;
    this.waiting = [];
    for (const socket of this.sockets) corked(socket, () => waiting.forEach((text) => void socket.send(text)));
  }
}
