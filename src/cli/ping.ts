import type { Command } from "commander";
import { serverOf } from "../client/selectors.ts";
import { runConnected } from "./command.ts";

/** Adds `moorline ping`: connects, measures one round trip, and says who answered. */
export function addPing(program: Command): void {
  const command = program
    .command("ping")
    .description("connect to a daemon, measure a round trip, and say who answered");
  runConnected(command, { connection: "once" }, async ({ client, output }) => {
    const roundTripMs = await client.ping();
    const { serverId = "", name = "", version = "" } = serverOf(client.state) ?? {};
    const text = `${name} ${version} (${serverId}) answered in ${roundTripMs.toFixed(1)} ms`;
    output.object({ serverId, name, version, roundTripMs }, text);
    return 0;
  });
}
