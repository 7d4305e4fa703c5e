import { isAbsolute } from "node:path";
import { create } from "@bufbuild/protobuf";
import {
  CapabilityMissingSchema,
  CommandRefusal,
  CommandRefusedSchema,
} from "../../../gen/moorline/agent/v1/error_pb.ts";
import { ProviderCapability } from "../../../gen/moorline/agent/v1/provider_pb.ts";
import type { RunRefusal, RunRequest } from "../provider.ts";
import { createEnvironment, isSettable } from "./command-environment.ts";
import type { CommandOptions } from "./command-options.ts";
import { judgeCommand } from "./command-policy.ts";
import { isDirectory, isProgram } from "./find-program.ts";

/** The id of the provider `command`. */
export const COMMAND_PROVIDER_ID = "command";

/** The most arguments of a command, its program included. */
export const MAX_ARGUMENTS = 1_024;

/** The most bytes of all arguments of a command together. */
export const MAX_ARGUMENT_BYTES = 131_072;

/** The most variables that a client may set for a command. */
export const MAX_VARIABLES = 64;

/** The command of a request that has a good one; else what is wrong with it, for people. Spec: AGENT-9. */
export function parseArguments({ task }: RunRequest): readonly [string, ...string[]] | string {
  if (task.case !== "command") return "the provider `command` needs a command to run";
  const [program, ...args] = task.value.argv;
  if (program === undefined || program === "") return "argv needs a program";
  if (args.length >= MAX_ARGUMENTS) return `argv has more than ${MAX_ARGUMENTS} arguments`;
  const all = [program, ...args].join("\0");
  if (Buffer.byteLength(all) - args.length > MAX_ARGUMENT_BYTES)
    return `argv has more than ${MAX_ARGUMENT_BYTES} bytes`;
  return all.split("\0").length === args.length + 1 ? [program, ...args] : "argv has a NUL character";
}

/** Says why a command would not be run. Undefined where nothing is known against it. Spec: AGENT-9. */
export async function checkCommand(request: RunRequest, options: CommandOptions): Promise<RunRefusal | undefined> {
  const argv = parseArguments(request);
  if (typeof argv === "string") return { case: "invalid", value: argv };
  const variables = Object.entries(request.environment);
  if (variables.length > MAX_VARIABLES) {
    return { case: "invalid", value: `environment has more than ${MAX_VARIABLES} variables` };
  }
  const missing = findMissingCapability(request);
  if (missing !== undefined) {
    const value = { providerId: COMMAND_PROVIDER_ID, capability: missing };
    return { case: "capabilityMissing", value: create(CapabilityMissingSchema, value) };
  }
  const reason = await findRefusal(argv, request, options);
  if (reason === undefined) return undefined;
  return { case: "commandRefused", value: create(CommandRefusedSchema, { reason, program: argv[0] }) };
}

function findMissingCapability({ settings }: RunRequest): ProviderCapability | undefined {
  if (settings === undefined) return undefined;
  if (settings.modeId !== "") return ProviderCapability.MODES;
  if (settings.modelId !== "") return ProviderCapability.MODELS;
  return settings.thinkingId === "" ? undefined : ProviderCapability.THINKING;
}

async function findRefusal(
  argv: readonly [string, ...string[]],
  { workingDirectory, environment }: RunRequest,
  options: CommandOptions,
): Promise<CommandRefusal | undefined> {
  const isRefused = ([name, value]: [string, string]): boolean => !isSettable(options.environment, name, value);
  if (Object.entries(environment).some(isRefused)) return CommandRefusal.VARIABLE_NOT_ALLOWED;
  if (judgeCommand(options.policy, { argv, workingDirectory }) === "deny") return CommandRefusal.NOT_ALLOWED;
  if (!isAbsolute(workingDirectory) || !(await isDirectory(workingDirectory))) return CommandRefusal.BAD_DIRECTORY;
  const { PATH = "" } = createEnvironment(options.environment, options.ownEnvironment, environment);
  return (await isProgram(argv[0], workingDirectory, PATH)) ? undefined : CommandRefusal.NOT_FOUND;
}
