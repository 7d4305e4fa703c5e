#!/usr/bin/env node
import { Command } from "commander";
import { addAgentCommands } from "./agent-commands.ts";
import { addAgents } from "./agents.ts";
import { addCall } from "./call.ts";
import { addDaemon } from "./daemon.ts";
import { addDemo } from "./demo/demo.ts";
import { exitCodes } from "./failure.ts";
import { Output } from "./output.ts";
import { addPing } from "./ping.ts";
import { addRun } from "./run.ts";
import { addTail } from "./tail.ts";

const SEE_HELP = "See `moorline --help`.";

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

const isJson = process.argv.includes("--json");
const output = new Output(isJson);

// Commands inherit both, so they come before them.
program.exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : exitCodes.usage));
program.configureOutput({
  outputError(text, write) {
    const message = text.replace(/^error: /, "").trim();
    if (isJson) output.failure({ code: "USAGE", reason: "", message, action: SEE_HELP, exitCode: exitCodes.usage });
    else write(text);
  },
});
for (const add of [addRun, addAgents, addTail, addAgentCommands, addCall, addDaemon, addDemo, addPing]) add(program);
await program.parseAsync();
