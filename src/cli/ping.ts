import type { Command } from "commander";
import { serverOf } from "../client/selectors.ts";
import { createCommandClient, type GlobalOptions, reportFailure } from "./connect.ts";

/** Adds `moorline ping`: connects, measures one round trip, and says who answered. */
export function addPing(program: Command): void {
  program
    .command("ping")
    .description("connect to a daemon, measure a round trip, and say who answered")
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions>();
      process.exitCode = await ping(options).catch((error: unknown) => reportFailure(error, options.json));
    });
}

async function ping(options: GlobalOptions): Promise<number> {
  const client = await createCommandClient(options);
  try {
    await client.ensureConnected();
    const roundTripMs = await client.ping();
    const { serverId = "", name = "", version = "" } = serverOf(client.state) ?? {};
    const answer = { serverId, name, version, roundTripMs };
    const text = `${name} ${version} (${serverId}) answered in ${roundTripMs.toFixed(1)} ms`;
    process.stdout.write(`${options.json ? JSON.stringify(answer) : text}\n`);
    return 0;
  } finally {
    await client.close();
  }
}
