#!/usr/bin/env node
import { Command } from "commander";
import { addPing } from "./ping.ts";

/** The command line: `moorline COMMAND`. */
const program = new Command("moorline")
  .description("Talks to Moorline daemons.")
  .configureHelp({ showGlobalOptions: true })
  .option("--endpoint <url>", "where the daemon is (env MOORLINE_ENDPOINT)", process.env.MOORLINE_ENDPOINT)
  .option(
    "--session-key-file <path>",
    "holds the session key; made where it is missing (env MOORLINE_SESSION_KEY_FILE)",
    process.env.MOORLINE_SESSION_KEY_FILE,
  )
  .option("--token-file <path>", "holds the bearer token of the daemon")
  .option("--json", "one JSON object a line on stdout, and nothing else", false);

// Commands inherit it, so it comes before them.
program.exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2));
addPing(program);
await program.parseAsync();
