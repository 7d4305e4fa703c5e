import { type ChildProcess, spawn } from "node:child_process";
import { EventEmitter, once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { CommandResult, ProcessMessage, ProcessOptions } from "./messages.ts";

/** A process of the demo. */
export interface DemoProcess {
  /** The process. */
  readonly child: ChildProcess;
  /** Everything it has said. */
  readonly messages: readonly ProcessMessage[];
  /** The next message of this type that is said from now on, or an error where the process fails or ends first. */
  next<T extends ProcessMessage["type"]>(type: T): Promise<Extract<ProcessMessage, { type: T }>>;
  /** The result of a command, which may have been said already. */
  result(command: number): Promise<CommandResult>;
  /** Resolves when the process has ended. */
  readonly ended: Promise<void>;
}

const running = new Set<ChildProcess>();

/** Ends every process that still runs. */
export function endProcesses(): void {
  for (const child of running) child.kill("SIGKILL");
}

/** Starts `demo/NAME.ts` as a process. */
export function startProcess(name: "server-process" | "client-process", options: ProcessOptions): DemoProcess {
  const path = fileURLToPath(new URL(`./${name}.ts`, import.meta.url));
  const child = spawn(process.execPath, [...process.execArgv, path, JSON.stringify(options)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  running.add(child);
  child.once("exit", () => running.delete(child));
  const messages: ProcessMessage[] = [];
  const said = new EventEmitter().setMaxListeners(0);
  createInterface({ input: child.stdout }).on("line", (line) => {
    const message = JSON.parse(line) as ProcessMessage;
    messages.push(message);
    said.emit("message", message);
  });
  const ended = once(child, "close").then(() => void said.emit("message", { type: "failed", message: "it has ended" }));
  const wait = <T extends ProcessMessage>(isWanted: (message: ProcessMessage) => message is T): Promise<T> =>
    new Promise((resolve, reject) => {
      const hear = (message: ProcessMessage): void => {
        if (isWanted(message)) resolve(message);
        else if (message.type === "failed") reject(new Error(`${name}: ${message.message}`));
        else return;
        said.off("message", hear);
      };
      said.on("message", hear);
    });
  return {
    child,
    messages,
    ended,
    next: <T extends ProcessMessage["type"]>(type: T) =>
      wait((message): message is Extract<ProcessMessage, { type: T }> => message.type === type),
    async result(command) {
      const isWanted = (message: ProcessMessage): message is Extract<ProcessMessage, { type: "ended" }> =>
        message.type === "ended" && message.command === command;
      const message = messages.find(isWanted) ?? (await wait(isWanted));
      return message.result;
    },
  };
}
