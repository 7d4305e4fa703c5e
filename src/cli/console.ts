import { type Command, InvalidArgumentError } from "commander";
import { openPageServer } from "../server/pages/page-server.ts";
import { runReported } from "./command.ts";
import type { GlobalOptions } from "./connect.ts";
import { loadConsole } from "./console-page.ts";
import { untilSignal } from "./until-signal.ts";

const MAX_PORT = 65_535;
const DEFAULT_PORT = 7421;

interface ConsoleOptions extends GlobalOptions {
  readonly port: number;
}

/** Adds `moorline console`: serves the console's page on this machine, without a daemon. */
export function addConsole(program: Command): void {
  const command = program
    .command("console")
    .description("serve the console, a web page, on this machine, until SIGTERM or Ctrl-C")
    .option("--port <n>", "where it listens on 127.0.0.1; 0 takes a free one", toPort, DEFAULT_PORT);
  runReported<ConsoleOptions>(command, async (output, _args, { port }) => {
    const server = await openPageServer(await loadConsole(), { port });
    const { origin } = new URL(server.url);
    output.object(
      { ready: true, console: server.url, pid: process.pid },
      `console at ${server.url}\ndaemons let it in that are started with --allow-origin ${origin}`,
    );
    await untilSignal();
    await server.close();
    return 0;
  });
}

function toPort(text: string): number {
  if (!/^\d{1,5}$/.test(text) || Number(text) > MAX_PORT) throw new InvalidArgumentError(`from 0 to ${MAX_PORT}`);
  return Number(text);
}
