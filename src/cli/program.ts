import { Command, Option } from "commander";
import { VERSION } from "./version.ts";

const DEFAULT_ENDPOINT = "ws://127.0.0.1:7420";
/** The names of commands, and what adds them; in the order of the help. */
const COMMANDS: ReadonlyArray<readonly [names: readonly string[], load: () => Promise<AddCommand>]> = [
  [["demo", "demo-client"], async () => (await import("./demo/demo.ts")).addDemo],
  [["daemon"], async () => (await import("./daemon.ts")).addDaemon],
  [["console"], async () => (await import("./console.ts")).addConsole],
  [["run"], async () => (await import("./run.ts")).addRun],
  [["agents"], async () => (await import("./agents.ts")).addAgents],
  [["tail"], async () => (await import("./tail.ts")).addTail],
  [["send", "cancel", "archive"], async () => (await import("./agent-commands.ts")).addAgentCommands],
  [["call"], async () => (await import("./call.ts")).addCall],
  [["ping"], async () => (await import("./ping.ts")).addPing],
  [["doctor"], async () => (await import("./doctor.ts")).addDoctor],
];

type AddCommand = (program: Command) => void;

/** How a program is made. */
export interface ProgramOptions {
  /** What it is called with: commands that are not named there are not loaded, unless none is. Default: all are loaded. */
  readonly args?: readonly string[];
  /** Sets up the program before it has commands, which inherit what is set up. */
  readonly prepare?: (program: Command) => void;
}

/** Makes the command line: `moorline COMMAND`, with every command and option. */
export async function createProgram({ args = [], prepare }: ProgramOptions = {}): Promise<Command> {
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
  prepare?.(program);
  // An argument may be the value of an option and look like a command: then one more is loaded.
  const named = COMMANDS.filter(([names]) => names.some((name) => args.includes(name)));
  for (const [, load] of named.length > 0 ? named : COMMANDS) (await load())(program);
  return program;
}
