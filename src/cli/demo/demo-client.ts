import { EventEmitter } from "node:events";
import type { DemoProcess, DemoProcesses } from "./demo-process.ts";
import type { ClientMessage, ClientOptions, ClientOrder, CommandResult, ItemMark } from "./messages.ts";
import type { ProgressWatch } from "./progress-watch.ts";

type MessageOf<Type extends ClientMessage["type"]> = Extract<ClientMessage, { type: Type }>;

/** The command that runs the client of the demo; nobody else needs it. */
export const CLIENT_COMMAND = "demo-client";

/** What it says however little comes of it. */
const ATTEMPTS: ReadonlySet<ClientMessage["type"]> = new Set(["transition", "welcomed"]);

/** The client of the demo, as the demo sees it: a process that is told what to do. */
export class DemoClient {
  /** The process. */
  readonly process: DemoProcess;
  private readonly progress: ProgressWatch;
  private readonly said: ClientMessage[] = [];
  private readonly heard = new EventEmitter<{ message: [message: ClientMessage] }>();

  /** @param options What it is started with. */
  constructor(processes: DemoProcesses, options: ClientOptions) {
    this.heard.setMaxListeners(0);
    this.progress = processes.progress;
    this.process = processes.start([CLIENT_COMMAND, JSON.stringify(options)]);
    this.process.events.on("line", (line) => this.hear(JSON.parse(line) as ClientMessage));
    this.process.events.on("ended", () => this.hear({ type: "failed", message: "it has ended" }));
  }

  /** Everything of a kind that it has said. */
  all<Type extends ClientMessage["type"]>(type: Type): MessageOf<Type>[] {
    return this.said.filter((message): message is MessageOf<Type> => message.type === type);
  }

  /** The items of a command that it has shown, in the order in which they came. @param until Those before this message. */
  shownOf(command: number, until?: ClientMessage): ItemMark[] {
    const said = until === undefined ? this.said : this.said.slice(0, this.said.indexOf(until));
    return said.flatMap((message) => (message.type === "shown" && message.command === command ? [message.item] : []));
  }

  /** Tells it what to do. */
  order(order: ClientOrder): void {
    this.process.child.stdin?.write(`${JSON.stringify(order)}\n`);
  }

  /** The next message of this type that is said from now on. Rejects where the client fails or ends first. */
  next<Type extends ClientMessage["type"]>(
    type: Type,
    isWanted: (message: MessageOf<Type>) => boolean = () => true,
  ): Promise<MessageOf<Type>> {
    return new Promise((resolve, reject) => {
      const failed = this.all("failed")[0];
      if (failed !== undefined) return reject(new Error(`the client: ${failed.message}`));
      const listen = (message: ClientMessage): void => {
        if (message.type === type && isWanted(message as MessageOf<Type>)) resolve(message as MessageOf<Type>);
        else if (message.type === "failed") reject(new Error(`the client: ${message.message}`));
        else return;
        this.heard.off("message", listen);
      };
      this.heard.on("message", listen);
    });
  }

  /** How a command ended, which may have been said already. */
  async result(command: number): Promise<CommandResult> {
    const known = this.all("ended").find((message) => message.command === command);
    return (known ?? (await this.next("ended", (message) => message.command === command))).result;
  }

  /** Resolves when so many items of a command were shown. */
  async untilShown(command: number, count: number): Promise<void> {
    let shown = this.shownOf(command).length;
    if (shown < count) await this.next("shown", (message) => message.command === command && ++shown >= count);
  }

  /** Ends it in good order. */
  async close(): Promise<void> {
    this.process.child.stdin?.end();
    await this.process.ended;
  }

  private hear(message: ClientMessage): void {
    if (!ATTEMPTS.has(message.type)) this.progress.note();
    this.said.push(message);
    this.heard.emit("message", message);
  }
}
