import type {
  AgentFailure,
  AgentSettings,
  PendingPermission,
  ProcessExit,
} from "../../gen/moorline/agent/v1/agent_pb.ts";
import type { CreateAgentRequest } from "../../gen/moorline/agent/v1/agent_service_pb.ts";
import type { CapabilityMissing, CommandRefused } from "../../gen/moorline/agent/v1/error_pb.ts";
import type { Provider } from "../../gen/moorline/agent/v1/provider_pb.ts";
import type { TimelineItem } from "../../gen/moorline/agent/v1/timeline_pb.ts";
import type { AgentConfig } from "../machine/agent.ts";

/** What runs agents of one kind. Knows nothing of timelines, directories and clients. Spec: AGENT-1. */
export interface AgentProvider {
  /** Its id, as agents and clients name it. Never changes. */
  readonly id: string;
  /** How its agents take prompts. Never changes. */
  readonly lifecycle: AgentConfig;
  /** What clients are told: name, capabilities, and whether agents can be created with it now. */
  describe(): Provider;
  /**
   * Says why a run of this kind would not be begun. Undefined where nothing is known against it; the run may still
   * fail, for the world may change in between. Never rejects.
   */
  check(request: RunRequest): Promise<RunRefusal | undefined>;
  /**
   * Begins a run. What happens to it is told to `listener`, never before this call has come back; failures as well.
   * @throws Error after `close`, and where `check` says that the request is invalid.
   */
  start(request: RunRequest, listener: RunListener): AgentRun;
  /** Cancels all runs. Settles when nothing of them is left; later calls get the same promise. Never rejects. */
  close(): Promise<void>;
}

/** What a run is made of. */
export interface RunRequest {
  /** The agent. */
  readonly agentId: string;
  /** The directory that it runs in, absolute. */
  readonly workingDirectory: string;
  /** Variables that a client adds to its environment. */
  readonly environment: Readonly<Record<string, string>>;
  /** What was set for it. Absent: the provider's defaults. */
  readonly settings?: AgentSettings | undefined;
  /** What it is to do first. */
  readonly task: CreateAgentRequest["task"];
}

/** Why a run is not begun. */
export type RunRefusal =
  | { readonly case: "commandRefused"; readonly value: CommandRefused }
  | { readonly case: "capabilityMissing"; readonly value: CapabilityMissing }
  /** The request could never be served: an INVALID_ARGUMENT with this message, for people. */
  | { readonly case: "invalid"; readonly value: string };

/** One run of an agent: from the start of its process or connection to its end. */
export interface AgentRun {
  /** Gives it a prompt. See {@link PromptOutcome}. Never throws. */
  prompt(prompt: RunPrompt): PromptOutcome;
  /** Takes over settings that were changed. Only for providers with modes, models or thinking levels. */
  configure?(settings: AgentSettings): void;
  /** Ends what is under way, gently first. The end is told to the listener. Does nothing when called again. */
  cancel(): void;
  /**
   * Answers a permission that it has asked for. An empty option refuses it.
   * @returns Whether this was the first answer to a permission that waits, with an option that it has. Any other one
   *   changes nothing.
   */
  answerPermission(permissionId: string, optionId: string): boolean;
  /** Settles when nothing of it is left: no process, no timer. Never rejects. */
  readonly closed: Promise<void>;
}

/** What a run is given. */
export interface RunPrompt {
  /** What is said to it. Empty together with `closeInput`: nothing is. */
  readonly text: string;
  /** Whether it is the last one. Only for providers with PROVIDER_CAPABILITY_CLOSE_INPUT. */
  readonly closeInput: boolean;
}

/** The most bytes of prompts that wait until a run takes them: 1 MiB. Spec: AGENT-6. */
export const MAX_WAITING_PROMPT_BYTES = 1 << 20;

/**
 * What became of a prompt: `taken`; `full`, for too many wait to be read, so that it may be tried again later; `closed`,
 * for it takes none now.
 */
export type PromptOutcome = "taken" | "full" | "closed";

/** A new item of the timeline, without its place. */
export type RunItem = Exclude<TimelineItem["content"], { case: undefined }>;

/** Hears what happens to a run, in order. Only `itemsAdded` may throw. */
export interface RunListener {
  /** A turn is under way. */
  started(): void;
  /** A turn has ended, and the run waits for a prompt. Not told by providers whose runs are one turn. */
  turnEnded(): void;
  /**
   * Items were added, at least one. A promise says "not now": nothing more is read until it settles, and the program
   * waits on its full pipe. Where this throws or rejects, the run is cancelled and fails with STORAGE_FAILED.
   */
  itemsAdded(items: readonly RunItem[]): Promise<void> | void;
  /** The run waits for an answer. */
  permissionAsked(permission: PendingPermission): void;
  /** The run is over. Comes exactly once, as the last. */
  ended(end: RunEnd): void;
}

/** How a run ended. */
export interface RunEnd {
  /** How its process ended. Absent where none ran, or the provider runs none. */
  readonly exit?: ProcessExit;
  /** Why it could not go on. Absent where it came to its end or was cancelled. */
  readonly failure?: AgentFailure;
}
