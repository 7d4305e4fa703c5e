import { create } from "@bufbuild/protobuf";
import type { AgentSettings } from "../../../../gen/moorline/agent/v1/agent_pb.ts";
import { type Provider, ProviderCapability, ProviderSchema } from "../../../../gen/moorline/agent/v1/provider_pb.ts";
import { CommandOutputSchema, OutputStream } from "../../../../gen/moorline/agent/v1/timeline_pb.ts";
import type {
  AgentProvider,
  AgentRun,
  PromptOutcome,
  RunEnd,
  RunItem,
  RunListener,
  RunPrompt,
  RunRefusal,
  RunRequest,
} from "../../../../src/daemon/provider.ts";

/** A provider whose runs do what a test says. */
export class ScriptedProvider implements AgentProvider {
  readonly id = "scripted";
  readonly lifecycle = { promptsWhileRunning: true, restarts: true };
  readonly runs: ScriptedRun[] = [];
  refusal: RunRefusal | undefined = undefined;
  capabilities: ProviderCapability[] = [
    ProviderCapability.PROMPTS,
    ProviderCapability.CANCEL,
    ProviderCapability.PERMISSIONS,
    ProviderCapability.MODES,
  ];
  /** What `start` throws. */
  thrown: Error | undefined = undefined;

  /** The last run. */
  get run(): ScriptedRun {
    return this.runs.at(-1) as ScriptedRun;
  }

  describe(): Provider {
    const modes = [{ id: "fast", name: "Fast" }];
    return create(ProviderSchema, { id: this.id, name: "Scripted", capabilities: this.capabilities, modes });
  }

  check(): Promise<RunRefusal | undefined> {
    return Promise.resolve(this.refusal);
  }

  start(request: RunRequest, listener: RunListener): AgentRun {
    if (this.thrown !== undefined) throw this.thrown;
    const run = new ScriptedRun(request, listener);
    this.runs.push(run);
    return run;
  }

  async close(): Promise<void> {
    for (const run of this.runs) run.end();
    await Promise.all(this.runs.map(({ closed }) => closed));
  }
}

/** A run that a test plays. */
export class ScriptedRun implements AgentRun {
  readonly request: RunRequest;
  readonly listener: RunListener;
  readonly prompts: RunPrompt[] = [];
  readonly answers: string[] = [];
  readonly configured: AgentSettings[] = [];
  readonly closed: Promise<void>;
  /** What prompts come to. */
  outcome: PromptOutcome = "taken";
  cancels = 0;
  /** Whether a cancellation ends it. */
  obeys = true;
  #close: () => void = () => {};
  #phase: "live" | "over" = "live";

  constructor(request: RunRequest, listener: RunListener) {
    this.request = request;
    this.listener = listener;
    this.closed = new Promise((resolve) => {
      this.#close = resolve;
    });
  }

  prompt(prompt: RunPrompt): PromptOutcome {
    if (this.outcome === "taken") this.prompts.push(prompt);
    return this.outcome;
  }

  configure(settings: AgentSettings): void {
    this.configured.push(settings);
  }

  cancel(): void {
    this.cancels += 1;
    if (this.obeys) this.end();
  }

  answerPermission(permissionId: string, optionId: string): boolean {
    this.answers.push(`${permissionId}: ${optionId}`);
    return true;
  }

  /** Tells its end, once. */
  end(end: RunEnd = {}): void {
    if (this.#phase === "over") return;
    this.#phase = "over";
    this.listener.ended(end);
    this.#close();
  }

  /** Adds a line of output. */
  write(text: string): Promise<void> | void {
    return this.listener.itemsAdded([outputItem(text)]);
  }
}

/** A line that a process has written. */
export function outputItem(text: string): RunItem {
  const data = new TextEncoder().encode(text);
  return { case: "commandOutput", value: create(CommandOutputSchema, { stream: OutputStream.STDOUT, data }) };
}
