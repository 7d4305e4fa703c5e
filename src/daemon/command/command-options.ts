import type { Clock } from "../../core/clock.ts";
import { systemClock } from "../../transport/system-clock.ts";
import { defaultEnvironmentPolicy, type EnvironmentPolicy } from "./command-environment.ts";
import { allowAllCommands, type CommandPolicy } from "./command-policy.ts";
import type { OutputPumpOptions } from "./output-pump.ts";

/** What the owner of a daemon may choose for the provider `command`. Times are in milliseconds. */
export interface CommandOptions extends OutputPumpOptions {
  /** Which commands run, and which have to be allowed first. Default: all run, nobody is asked. */
  readonly policy: CommandPolicy;
  /** Which variables a command gets. Default: {@link defaultEnvironmentPolicy}. */
  readonly environment: EnvironmentPolicy;
  /** The daemon's own variables, of which commands inherit some. Default: those of its process, as they are then. */
  readonly ownEnvironment: Readonly<Record<string, string | undefined>>;
  /** How long a command has between SIGTERM and SIGKILL. Default 5 s. */
  readonly graceMs: number;
  /** How long a line without its end is held at most. Default 50 ms. */
  readonly lineMs: number;
  /** How long the output is waited for after the command has exited, in all. Default 250 ms. */
  readonly drainMs: number;
  /** The time. Default: the clock of the machine. */
  readonly clock: Clock;
}

/** The options where none are given. */
export const defaultCommandOptions: CommandOptions = {
  policy: allowAllCommands,
  environment: defaultEnvironmentPolicy,
  ownEnvironment: process.env,
  graceMs: 5_000,
  lineMs: 50,
  drainMs: 250,
  clock: systemClock,
};
