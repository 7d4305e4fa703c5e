import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { resolve } from "node:path";
import type { Interceptor } from "@connectrpc/connect";
import { type Command, InvalidArgumentError, Option } from "commander";
import { CommandProvider } from "../daemon/command/command-provider.ts";
import { parseCommandPolicy } from "../daemon/command/parse-command-policy.ts";
import { type Daemon, openDaemon } from "../daemon/daemon.ts";
import { statePathsOf } from "../daemon/state-directory.ts";
import { createJsonLog, type LogLevel } from "../observe/json-log.ts";
import type { ListenOptions } from "../server/listen.ts";
import { MoorlineError } from "../wire/moorline-error.ts";
import { CONSOLE_MISSING, consoleUrlOf, hasConsole, loadConsole } from "./console-page.ts";
import { toFailure } from "./failure.ts";
import { Output } from "./output.ts";
import { defaultStateDir } from "./state-dir.ts";
import { readTokenFile } from "./token-file.ts";
import { untilSignal } from "./until-signal.ts";
import { VERSION } from "./version.ts";

/** What a daemon that could not be started ends with. */
const NOT_STARTED = 1;
const MAX_PORT = 65_535;
/** Less has no room for what a daemon needs to begin. */
const MIN_DATABASE_BYTES = 1_048_576;

interface DaemonCommandOptions {
  readonly listen: ListenOptions;
  readonly stateDir: string;
  readonly insecureNoAuth?: boolean;
  readonly policy?: string;
  readonly maxDatabaseBytes?: number;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly allowHost?: readonly string[];
  readonly allowOrigin?: readonly string[];
  readonly logLevel: LogLevel;
  readonly console: boolean;
  readonly metrics?: boolean;
  readonly tracing?: boolean;
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
    .option("--max-database-bytes <n>", "the most bytes of its database; default: no limit", toBytes)
    .option("--tls-cert <path>", "the certificate chain, as PEM; with it the daemon may listen beyond loopback")
    .option("--tls-key <path>", "the private key of the certificate, as PEM")
    .option("--allow-host <host...>", "further names that it may be called by, beside loopback and its own address")
    .option("--allow-origin <origin...>", "further origins whose web pages may connect")
    .addOption(
      new Option("--log-level <level>", "which lines of JSON it writes to stderr; info has every transition")
        .choices(["debug", "info", "warn", "error", "silent"] satisfies LogLevel[])
        .default("warn" satisfies LogLevel),
    )
    .option("--no-console", "do not serve the console, a web page, at /")
    .option("--metrics", "show metrics to Prometheus at /metrics, to those who have the token")
    .option("--tracing", "trace calls by OpenTelemetry; needs @opentelemetry/api, and an SDK loaded by `node --import`")
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
  const { listen, stateDir, maxDatabaseBytes, insecureNoAuth = false, allowHost = [], allowOrigin = [] } = options;
  const policy = options.policy === undefined ? [] : parseCommandPolicy(await read(options.policy));
  const tls = await readTls(options);
  const { logger, onTransition } = createJsonLog({ name: "moorline", level: options.logLevel });
  const daemon = await openDaemon({
    stateDirectory: resolve(stateDir),
    program: { name: "moorline", version: VERSION },
    providers: [new CommandProvider({ policy })],
    ...(maxDatabaseBytes === undefined ? {} : { maxDatabaseBytes }),
    insecureNoAuth,
    allowedHosts: allowHost,
    allowedOrigins: allowOrigin,
    logger,
    ...(options.logLevel === "info" || options.logLevel === "debug" ? { onTransition } : {}),
    ...(options.console && hasConsole() ? { pages: await loadConsole() } : {}),
    ...(options.metrics === true ? { metrics: {} } : {}),
    ...(options.tracing === true ? { interceptors: [await loadTracing()] } : {}),
  });
  try {
    const { endpoint } = await daemon.listen(tls === undefined ? listen : { ...listen, tls });
    await sayReady(options, output, { endpoint, serverId: daemon.serverId });
    return daemon;
  } catch (error) {
    await daemon.stop();
    throw error;
  }
}

/** Programs find the token in its file; people get it in the address of the console. Spec: CONSOLE-5. */
async function sayReady(
  options: DaemonCommandOptions,
  output: Output,
  daemon: { readonly endpoint: string; readonly serverId: string },
): Promise<void> {
  const { endpoint, serverId } = daemon;
  const hasPage = options.console && hasConsole();
  const ready = { ready: true, serverId, endpoint, pid: process.pid };
  const lines = [`listening on ${endpoint}`];
  if (hasPage) lines.push(`console at ${consoleUrlOf(endpoint, await tokenOf(options))}`);
  else if (options.console) lines.push(CONSOLE_MISSING);
  output.object(hasPage ? { ...ready, console: consoleUrlOf(endpoint) } : ready, lines.join("\n"));
}

async function tokenOf({ stateDir, insecureNoAuth }: DaemonCommandOptions): Promise<string | undefined> {
  return insecureNoAuth === true ? undefined : readTokenFile(statePathsOf(resolve(stateDir)).token);
}

/** Only here: without the option nothing of OpenTelemetry is needed. */
async function loadTracing(): Promise<Interceptor> {
  try {
    const { createServerTracing } = await import("../otel/index.ts");
    return createServerTracing();
  } catch (cause) {
    const action = "Install @opentelemetry/api beside moorline, or leave --tracing out.";
    throw new MoorlineError("OPTION_INVALID", "OpenTelemetry cannot be loaded.", { action, cause });
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

function toBytes(text: string): number {
  const bytes = Number(text);
  if (!/^\d+$/.test(text) || bytes < MIN_DATABASE_BYTES) {
    throw new InvalidArgumentError(`a whole number, ${MIN_DATABASE_BYTES} or more`);
  }
  return bytes;
}

/** `127.0.0.1:7420`, `[::1]:0`, `localhost:80`. */
function parseListen(text: string): ListenOptions {
  const { host, port } = /^(?<host>\[[0-9a-fA-F:.]+\]|[^:[\]]+):(?<port>\d{1,5})$/.exec(text)?.groups ?? {};
  if (host === undefined || Number(port) > MAX_PORT)
    throw new InvalidArgumentError("such as 127.0.0.1:7420 or [::1]:0");
  return { host: host.replace(/^\[|\]$/g, ""), port: Number(port) };
}
