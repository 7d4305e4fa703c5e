import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { onTestFinished } from "vitest";
import { createDaemonClient, createSessionKey, type DaemonClient } from "../../src/client/index.ts";
import { createWsTransport } from "../../src/node/index.ts";

const MAIN = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));

/** A process of `moorline daemon` that listens. */
export interface RunningDaemon {
  readonly pid: number;
  readonly endpoint: string;
  readonly serverId: string;
  signal(signal: NodeJS.Signals): void;
  /** Settles when it has ended: with its exit code, or the signal that has ended it. */
  readonly ended: Promise<number | string>;
  /** What its process holds now, in bytes. */
  memory(): number;
  /** A client with a session of its own. */
  client(credential?: { readonly bearerToken: string }): DaemonClient;
}

/** Runs the command to its end. */
export async function runDaemonCommand(...args: string[]) {
  const { stdout, stderr, exitCode } = await execa(process.execPath, [MAIN, "daemon", ...args], { reject: false });
  return { stdout, stderr, exitCode };
}

/** Starts `moorline daemon --json` on a free port. It ends with the test. */
export async function startDaemonCommand(stateDirectory: string, ...args: string[]): Promise<RunningDaemon> {
  const all = [MAIN, "daemon", "--json", "--listen", "127.0.0.1:0", "--state-dir", stateDirectory, ...args];
  const child = execa(process.execPath, all, { reject: false, buffer: false, stdout: "pipe", stderr: "ignore" });
  const ended = child.then(({ exitCode, signal }) => signal ?? exitCode ?? -1);
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await ended;
  });
  const [line] = (await once(createInterface(child.stdout), "line")) as [string];
  const { endpoint, serverId, pid } = JSON.parse(line) as { endpoint: string; serverId: string; pid: number };
  return {
    ...{ endpoint, serverId, pid, ended },
    signal: (signal) => void child.kill(signal),
    memory: () => Number(execFileSync("ps", ["-o", "rss=", "-p", `${pid}`], { encoding: "utf8" })) * 1024,
    client(credential) {
      const client = createDaemonClient({
        endpoint,
        sessionKey: createSessionKey(),
        client: { name: "test", version: "1.0.0" },
        transport: createWsTransport(),
        ...(credential === undefined ? {} : { credential }),
      });
      onTestFinished(() => client.dispose());
      return client;
    },
  };
}
