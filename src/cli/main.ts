#!/usr/bin/env node
import { constants } from "node:os";
import type { Command } from "commander";
import { exitCodes } from "./failure.ts";
import { Output } from "./output.ts";
import { createProgram } from "./program.ts";

const SEE_HELP = "See `moorline --help`.";
/** What shells make of a program that a signal ended. */
const BROKEN_PIPE = 128 + constants.signals.SIGPIPE;

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < 22 || (major === 22 && minor < 13)) {
  process.stderr.write(`moorline needs Node 22.13 or newer, and this is ${process.versions.node}.\n`);
  process.exit(exitCodes.usage);
}

const args = process.argv.slice(2);
// What comes after `--` is the command of somebody else.
const ownArgs = args.includes("--") ? args.slice(0, args.indexOf("--")) : args;
const isJson = ownArgs.includes("--json");
const output = new Output(isJson);

for (const stream of [process.stdout, process.stderr]) stream.on("error", endQuietly);

const program = await createProgram({ args: ownArgs, prepare });
await program.parseAsync();

function prepare(command: Command): void {
  command.exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : exitCodes.usage));
  command.configureOutput({
    outputError(text, write) {
      const message = text.replace(/^error: /, "").trim();
      if (isJson) output.failure({ code: "USAGE", reason: "", message, action: SEE_HELP, exitCode: exitCodes.usage });
      else write(text);
    },
  });
}

/** Nobody reads any more, as behind `| head -1`. Node ignores the signal that ends other programs then. */
function endQuietly(error: NodeJS.ErrnoException): void {
  if (error.code === "EPIPE") process.exit(BROKEN_PIPE);
  throw error;
}
