import { create } from "@bufbuild/protobuf";
import {
  type AgentFailure,
  AgentFailureReason,
  AgentFailureSchema,
  type PendingPermission,
  PendingPermissionSchema,
  PermissionDecision,
} from "../../../gen/moorline/agent/v1/agent_pb.ts";
import type { CommandOutput } from "../../../gen/moorline/agent/v1/timeline_pb.ts";
import { timestampOf } from "../../wire/timestamp.ts";
import {
  type AgentRun,
  MAX_WAITING_PROMPT_BYTES,
  type PromptOutcome,
  type RunEnd,
  type RunListener,
  type RunPrompt,
} from "../provider.ts";
import { createEnvironment } from "./command-environment.ts";
import type { CommandOptions } from "./command-options.ts";
import { judgeCommand } from "./command-policy.ts";
import { OutputPump } from "./output-pump.ts";
import { type ProcessCommand, ProcessGroup } from "./process-group.ts";

const MAX_MESSAGE_LENGTH = 1_000;
const PERMISSION_ID = "command";
const ALLOW_ID = "allow";
const DENY_ID = "deny";

/** A command to run, as a client asked for it. */
export interface CommandRequest extends Pick<ProcessCommand, "argv" | "workingDirectory" | "environment"> {
  /** Whether its standard input ends at once. */
  readonly closeInput: boolean;
}

/** One run of a command: asked for where the policy says so, then a process. Spec: AGENT. */
export class CommandRun implements AgentRun {
  readonly closed: Promise<void>;
  readonly #request: CommandRequest;
  readonly #listener: RunListener;
  readonly #options: CommandOptions;
  #state: RunState = { phase: "beginning" };

  /** Begins the run. Nothing is told to `listener` before the constructor has come back. */
  constructor(request: CommandRequest, listener: RunListener, options: CommandOptions) {
    this.#request = request;
    this.#listener = listener;
    this.#options = options;
    this.closed = this.#live();
  }

  prompt({ text, closeInput }: RunPrompt): PromptOutcome {
    if (this.#state.phase !== "running" || !this.#state.group.stdin.writable) return "closed";
    const { stdin } = this.#state.group;
    const line = closeInput && text === "" ? Buffer.alloc(0) : Buffer.from(`${text}\n`);
    if (stdin.writableLength + line.length > MAX_WAITING_PROMPT_BYTES) return "full";
    if (line.length > 0) stdin.write(line);
    if (closeInput) stdin.end();
    return "taken";
  }

  cancel(): void {
    const state = this.#state;
    if (state.phase === "beginning" || state.phase === "asking") this.#state = { phase: "cancelled" };
    if (state.phase === "asking") state.answer("cancelled");
    if (state.phase === "running") void state.group.stop();
  }

  answerPermission(permissionId: string, optionId: string): boolean {
    const state = this.#state;
    if (state.phase !== "asking" || permissionId !== PERMISSION_ID) return false;
    if (![ALLOW_ID, DENY_ID, ""].includes(optionId)) return false;
    this.#state = { phase: "beginning" };
    state.answer(optionId === ALLOW_ID ? "allowed" : "denied");
    return true;
  }

  async #live(): Promise<void> {
    const end = await this.#run();
    const state = this.#state;
    this.#state = { phase: "over" };
    this.#listener.ended(end);
    if (state.phase === "running") await state.group.stop();
  }

  async #run(): Promise<RunEnd> {
    await Promise.resolve();
    const verdict = judgeCommand(this.#options.policy, this.#request);
    if (verdict === "deny") return { failure: startFailed("the daemon's policy does not allow this command") };
    if (verdict === "ask" && (await this.#ask()) !== "allowed") return {};
    return this.#isCancelled() ? {} : this.#runProcess();
  }

  #ask(): Promise<Answer> {
    if (this.#isCancelled()) return Promise.resolve("cancelled");
    const answered = new Promise<Answer>((answer) => {
      this.#state = { phase: "asking", answer };
    });
    this.#listener.permissionAsked(createPermission(this.#request, this.#options.clock.wallNow()));
    return answered;
  }

  async #runProcess(): Promise<RunEnd> {
    const { clock, graceMs, environment, ownEnvironment } = this.#options;
    const command = {
      ...this.#request,
      environment: createEnvironment(environment, ownEnvironment, this.#request.environment),
    };
    const group = new ProcessGroup(command, clock, graceMs);
    this.#state = { phase: "running", group };
    if (this.#request.closeInput) group.stdin.end();
    if (group.isStarted) this.#listener.started();
    const failure = group.isStarted ? await this.#follow(group) : undefined;
    const end = await group.ended;
    if (end.case === "notStarted") return { failure: startFailed(end.value) };
    return { exit: end.value, ...(failure === undefined ? {} : { failure }) };
  }

  /** Hands on the output to its end. What comes back is why that could not be done. */
  async #follow(group: ProcessGroup): Promise<AgentFailure | undefined> {
    const pump = new OutputPump(group.stdout, group.stderr, this.#options.clock, this.#options);
    void group.ended.then(() => pump.processExited());
    try {
      await pump.run((outputs) => this.#listener.itemsAdded(outputs.map(outputToItem)));
      return undefined;
    } catch {
      void group.stop();
      return createFailure(AgentFailureReason.STORAGE_FAILED, "the output of the command could not be kept");
    }
  }

  #isCancelled(): boolean {
    return this.#state.phase === "cancelled";
  }
}

type Answer = "allowed" | "denied" | "cancelled";

type RunState =
  | { readonly phase: "beginning" | "cancelled" | "over" }
  | { readonly phase: "asking"; readonly answer: (answer: Answer) => void }
  | { readonly phase: "running"; readonly group: ProcessGroup };

function outputToItem(value: CommandOutput): { case: "commandOutput"; value: CommandOutput } {
  return { case: "commandOutput", value };
}

function startFailed(message: string): AgentFailure {
  return createFailure(AgentFailureReason.START_FAILED, message);
}

function createFailure(reason: AgentFailureReason, message: string): AgentFailure {
  return create(AgentFailureSchema, { reason, message: cutText(message) });
}

function createPermission({ argv, workingDirectory }: CommandRequest, wallMs: number): PendingPermission {
  return create(PendingPermissionSchema, {
    id: PERMISSION_ID,
    title: cutText(`Run ${argv.join(" ")}`),
    subject: { case: "command", value: { argv: [...argv], workingDirectory } },
    options: [
      { id: ALLOW_ID, label: "Allow", decision: PermissionDecision.ALLOW_ONCE },
      { id: DENY_ID, label: "Deny", decision: PermissionDecision.DENY },
    ],
    requestedAt: timestampOf(wallMs),
  });
}

/** The beginning of a text, not cut inside a character. */
function cutText(text: string): string {
  return text.slice(0, MAX_MESSAGE_LENGTH).replace(/[\uD800-\uDBFF]$/, "");
}
