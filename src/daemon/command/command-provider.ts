import { create } from "@bufbuild/protobuf";
import {
  type Provider,
  ProviderAvailability,
  ProviderCapability,
  ProviderSchema,
} from "../../../gen/moorline/agent/v1/provider_pb.ts";
import type { AgentProvider, AgentRun, RunListener, RunRefusal, RunRequest } from "../provider.ts";
import { COMMAND_PROVIDER_ID, checkCommand, parseArguments } from "./command-check.ts";
import { type CommandOptions, defaultCommandOptions } from "./command-options.ts";
import { CommandRun } from "./command-run.ts";

/**
 * The provider `command`: an agent is one command, run as a process without a shell. A prompt is a line on its standard
 * input, what it writes are items of its timeline. Where the daemon exits without `close`, its commands get SIGTERM; where
 * it is killed they lose their standard streams: reading ends, and writing fails with EPIPE. Spec: AGENT.
 */
export class CommandProvider implements AgentProvider {
  readonly id = COMMAND_PROVIDER_ID;
  readonly lifecycle = { promptsWhileRunning: true, restarts: false };
  readonly #options: CommandOptions;
  readonly #runs = new Set<AgentRun>();
  #closed: Promise<void> | undefined;

  /** @param options Each default holds where an option is absent. */
  constructor(options: Partial<CommandOptions> = {}) {
    this.#options = { ...defaultCommandOptions, ...options };
  }

  describe(): Provider {
    return create(ProviderSchema, {
      id: this.id,
      name: "Command",
      capabilities: [
        ProviderCapability.PROMPTS,
        ProviderCapability.CANCEL,
        ProviderCapability.PERMISSIONS,
        ProviderCapability.CLOSE_INPUT,
      ],
      availability: ProviderAvailability.AVAILABLE,
    });
  }

  check(request: RunRequest): Promise<RunRefusal | undefined> {
    return checkCommand(request, this.#options);
  }

  /** @throws RangeError where `check` would have called the request invalid. */
  start(request: RunRequest, listener: RunListener): AgentRun {
    if (this.#closed !== undefined) throw new Error("the provider `command` is closed");
    const argv = parseArguments(request);
    if (typeof argv === "string") throw new RangeError(argv);
    const closeInput = request.task.case === "command" && request.task.value.closeInput;
    const run = new CommandRun({ ...request, argv, closeInput }, listener, this.#options);
    this.#runs.add(run);
    void run.closed.then(() => this.#runs.delete(run));
    return run;
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    for (const run of this.#runs) run.cancel();
    await Promise.all([...this.#runs].map(({ closed }) => closed));
  }
}
