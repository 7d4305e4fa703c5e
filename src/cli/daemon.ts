import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { resolve } from "node:path";
import { type Command, InvalidArgumentError } from "commander";
import { CommandProvider } from "../daemon/command/command-provider.ts";
import { parseCommandPolicy } from "../daemon/command/parse-command-policy.ts";
import { type Daemon, openDaemon } from "../daemon/daemon.ts";
import type { ListenOptions } from "../server/listen.ts";
import { MoorlineError } from "../wire/moorline-error.ts";
import { toFailure } from "./failure.ts";
import { Output } from "./output.ts";
import { defaultStateDir } from "./state-dir.ts";
import { createTransitionFile } from "./transition-file.ts";

/** What a daemon that could not be started ends with. */
const NOT_STARTED = 1;
const MAX_PORT = 65_535;

interface DaemonCommandOptions {
  readonly listen: ListenOptions;
  readonly stateDir: string;
  readonly insecureNoAuth?: boolean;
  readonly transitions?: string;
  readonly policy?: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly allowHost?: readonly string[];
  readonly allowOrigin?: readonly string[];
  readonly json: boolean;
}

/** Adds `moorline daemon`: runs a daemon until it is told to stop. */
export function addDaemon(program: Command): void {
  const command = program
    .command("daemon")
    .description("run a daemon on this machine, until SIGTERM or Ctrl-C")
    .option("--listen <host:port>", "where it listens; port 0 takes a free one", parseListen, {
      host: "127.0.0.1",
      port: 7420,
    })
    .option("--state-dir <path>", "where it keeps everything", defaultStateDir(process.env, homedir()))
    .option("--policy <path>", "JSON that says which commands run, are asked for, or are refused; default: all run")
    .option("--tls-cert <path>", "the certificate chain, as PEM; with it the daemon may listen beyond loopback")
    .option("--tls-key <path>", "the private key of the certificate, as PEM")
    .option("--allow-host <host...>", "further names that it may be called by, beside loopback and its own address")
    .option("--allow-origin <origin...>", "further origins whose web pages may connect")
    .option("--transitions <path>", "adds each transition of its machines to this file, as a line of JSON")
    .option("--insecure-no-auth", "let in everybody who reaches it on loopback");
  command.action(async () => {
    const options = command.optsWithGlobals<DaemonCommandOptions>();
    const output = new Output(options.json);
    try {
      const daemon = await start(options, output);
      await untilSignal();
      await daemon.stop();
      process.exit(0);
    } catch (thrown) {
      output.failure({ ...toFailure(thrown), exitCode: NOT_STARTED });
      process.exit(NOT_STARTED);
    }
  });
}

async function start(options: DaemonCommandOptions, output: Output): Promise<Daemon> {
  const { listen, stateDir, insecureNoAuth = false, allowHost = [], allowOrigin = [], transitions } = options;
  const policy = options.policy === undefined ? [] : parseCommandPolicy(await read(options.policy));
  const tls = await readTls(options);
  const daemon = await openDaemon({
    stateDirectory: resolve(stateDir),
    program: { name: "moorline", version: "0.1.0" },
    providers: [new CommandProvider({ policy })],
    insecureNoAuth,
    allowedHosts: allowHost,
    allowedOrigins: allowOrigin,
    ...(transitions === undefined ? {} : { onTransition: createTransitionFile(transitions, output) }),
    logger: {
      warn: (message) => output.note(message),
      error: (message, error) => output.note(`${message}: ${MoorlineError.from(error).message}`),
    },
  });
  try {
    const { endpoint } = await daemon.listen(tls === undefined ? listen : { ...listen, tls });
    const ready = { ready: true, serverId: daemon.serverId, endpoint, pid: process.pid };
    output.object(ready, `listening on ${endpoint}`);
    return daemon;
  } catch (error) {
    await daemon.stop();
    throw error;
  }
}

async function readTls({ tlsCert, tlsKey }: DaemonCommandOptions): Promise<ListenOptions["tls"]> {
  if (tlsCert === undefined && tlsKey === undefined) return undefined;
  if (tlsCert === undefined || tlsKey === undefined) {
    throw new MoorlineError("OPTION_INVALID", "--tls-cert and --tls-key belong together.", { action: "Give both." });
  }
  return { cert: await read(tlsCert), key: await read(tlsKey) };
}

async function read(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    throw new MoorlineError("OPTION_INVALID", `The file ${path} cannot be read.`, { cause });
  }
}

/** Settles at the first signal to stop. The next one ends the process at once. */
function untilSignal(): Promise<void> {
  return new Promise((done) => {
    const stop = (): void => {
      for (const signal of ["SIGTERM", "SIGINT"] as const) process.off(signal, stop);
      done();
    };
    for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, stop);
  });
}

/** `127.0.0.1:7420`, `[::1]:0`, `localhost:80`. */
function parseListen(text: string): ListenOptions {
  const { host, port } = /^(?<host>\[[0-9a-fA-F:.]+\]|[^:[\]]+):(?<port>\d{1,5})$/.exec(text)?.groups ?? {};
  if (host === undefined || Number(port) > MAX_PORT)
    throw new InvalidArgumentError("such as 127.0.0.1:7420 or [::1]:0");
  return { host: host.replace(/^\[|\]$/g, ""), port: Number(port) };
}
