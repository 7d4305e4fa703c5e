import { Command, Option } from "commander";
import { addAgentCommands } from "./agent-commands.ts";
import { addAgents } from "./agents.ts";
import { addCall } from "./call.ts";
import { addDaemon } from "./daemon.ts";
import { addDemo } from "./demo/demo.ts";
import { addDoctor } from "./doctor.ts";
import { addPing } from "./ping.ts";
import { addRun } from "./run.ts";
import { addTail } from "./tail.ts";
import { VERSION } from "./version.ts";

const DEFAULT_ENDPOINT = "ws://127.0.0.1:7420";
/** In the order of the help. */
const COMMANDS = [addDemo, addDaemon, addRun, addAgents, addTail, addAgentCommands, addCall, addPing, addDoctor];

/**
 * Makes the command line: `moorline COMMAND`, with every command and option.
 * @param prepare Sets up the program before it has commands, which inherit what is set up.
 */
export function createProgram(prepare: (program: Command) => void = () => {}): Command {
  const program = new Command("moorline")
    .description("Talks to Moorline daemons.")
    .version(VERSION, "--version", "print the version")
    .configureHelp({ showGlobalOptions: true })
    .addOption(new Option("--endpoint <url>", "where the daemon is").env("MOORLINE_ENDPOINT").default(DEFAULT_ENDPOINT))
    .addOption(
      new Option("--session-key-file <path>", "holds the session key; made where it is missing").env(
        "MOORLINE_SESSION_KEY_FILE",
      ),
    )
    .option("--token-file <path>", "holds the bearer token; default: that of this user's daemon on this machine")
    .option("--json", "one JSON object a line on stdout, and nothing else", false);
  prepare(program);
  for (const add of COMMANDS) add(program);
  return program;
}
