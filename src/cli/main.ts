#!/usr/bin/env node
import { constants } from "node:os";
import { exitCodes } from "./failure.ts";
import { Output } from "./output.ts";
import { createProgram } from "./program.ts";

const SEE_HELP = "See `moorline --help`.";
/** What shells make of a program that a signal ended. */
const BROKEN_PIPE = 128 + constants.signals.SIGPIPE;

const args = process.argv.slice(2);
// What comes after `--` is the command of somebody else.
const isJson = args.slice(0, args.includes("--") ? args.indexOf("--") : undefined).includes("--json");
const output = new Output(isJson);

for (const stream of [process.stdout, process.stderr]) stream.on("error", endQuietly);

await createProgram((program) => {
  program.exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : exitCodes.usage));
  program.configureOutput({
    outputError(text, write) {
      const message = text.replace(/^error: /, "").trim();
      if (isJson) output.failure({ code: "USAGE", reason: "", message, action: SEE_HELP, exitCode: exitCodes.usage });
      else write(text);
    },
  });
}).parseAsync();

/** Nobody reads any more, as behind `| head -1`. Node ignores the signal that ends other programs then. */
function endQuietly(error: NodeJS.ErrnoException): void {
  if (error.code === "EPIPE") process.exit(BROKEN_PIPE);
  throw error;
}
