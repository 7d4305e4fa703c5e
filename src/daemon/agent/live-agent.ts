import { clone, create } from "@bufbuild/protobuf";
import {
  type Agent,
  AgentFailureReason,
  AgentFailureSchema,
  AgentSchema,
  type PermissionResolution,
} from "../../../gen/moorline/agent/v1/agent_pb.ts";
import { type CreateAgentRequest, PromptTaskSchema } from "../../../gen/moorline/agent/v1/agent_service_pb.ts";
import { type Provider, ProviderSchema } from "../../../gen/moorline/agent/v1/provider_pb.ts";
import type { AgentEffect, AgentEvent } from "../../../gen/moorline/machine/v1/agent_pb.ts";
import { Limit } from "../../../gen/moorline/session/v1/error_pb.ts";
import { defaultAgentConfig } from "../../machine/agent.ts";
import { timestampOf } from "../../wire/timestamp.ts";
import { createAgentNotFound } from "../directory/agent-not-found.ts";
import { type AgentRun, MAX_WAITING_PROMPT_BYTES, type RunPrompt } from "../provider.ts";
import { storageToStatus } from "../storage-status.ts";
import type { AgentChange } from "./agent-changes.ts";
import { createInputClosed, createLimitExceeded, outcomeToError } from "./agent-errors.ts";
import { createUserMessage, effectsToItems, effectsToResolutions } from "./agent-items.ts";
import { type LifecycleStep, stepAgent } from "./agent-lifecycle.ts";
import {
  cancelAgent,
  type PermissionAnswer,
  promptAgent,
  type RequestContext,
  type RequestOutcome,
  resolveAgentPermission,
} from "./agent-requests.ts";
import type { AgentsContext } from "./agents-context.ts";
import type { KeptAgent } from "./kept-agent.ts";
import { createRunFailed, createRunListener } from "./run-events.ts";

/** A request that was taken. */
type Taken = Extract<RequestOutcome, { case: "taken" }>;

/** What an agent has become by a prompt. */
export interface PromptTaken {
  readonly agent: Agent;
  /** The place of the prompt in the timeline. 0 where it had no text. */
  readonly seq: number;
}

/**
 * One agent: performs its machine. What happens to it, whether a client asks for it or its run tells it, is done one after the
 * other: judged, kept, shown, then carried out. Methods reject with a ConnectError, and have then
 * changed nothing; only a run that was to end has ended all the same.
 * Spec: AGENT-18.
 */
export class LiveAgent {
  /** What was kept, and is shown. */
  readonly kept: KeptAgent;
  private readonly context: AgentsContext;
  private run: AgentRun | undefined;
  /** Counts runs: what an older one tells is not heard. */
  private generation = 0;
  private queue: Promise<unknown> = Promise.resolve();
  private phase: "live" | "deleted" = "live";

  constructor(context: AgentsContext, kept: KeptAgent) {
    this.context = context;
    this.kept = kept;
  }

  /** The agent, as clients are shown it. @throws ConnectError NOT_FOUND after its deletion. */
  get agent(): Agent {
    if (this.phase === "deleted") throw createAgentNotFound(this.id);
    return this.kept.agent;
  }

  /** Whether it was deleted. */
  get isDeleted(): boolean {
    return this.phase === "deleted";
  }

  /** Resolves when everything so far is done. */
  get quiet(): Promise<unknown> {
    return this.queue;
  }

  /** Begins the first run. A prompt that it begins with is in the timeline. */
  begin(task: CreateAgentRequest["task"], sessionRef: string): Promise<void> {
    return this.enqueue(async () => {
      if (task.case === "prompt") await this.kept.append([createUserMessage(task.value.text, sessionRef)]);
      this.start(task);
    });
  }

  /** Gives it a prompt. Spec: AGENT-6, AGENT-11. */
  prompt(prompt: RunPrompt, sessionRef: string): Promise<PromptTaken> {
    return this.enqueue(async () => {
      const { agent, effects } = takenOr(promptAgent(this.agent, prompt.closeInput, this.judgedBy(sessionRef)));
      // Before it is kept: a prompt that its run does not take never was.
      if (effects.some(({ effect }) => effect.case === "deliverPrompt")) this.deliver(prompt);
      const items = prompt.closeInput && prompt.text === "" ? [] : [createUserMessage(prompt.text, sessionRef)];
      const [position] = await this.kept.commit(agent, items);
      for (const { effect } of effects) {
        if (effect.case === "startRun") this.start({ case: "prompt", value: create(PromptTaskSchema, prompt) });
      }
      return { agent, seq: position?.seq ?? 0 };
    });
  }

  /** Cancels the turn that is under way, where one is. Spec: AGENT-13. */
  cancel(sessionRef: string): Promise<Agent> {
    return this.enqueue(async () => {
      const outcome = cancelAgent(this.agent, this.judgedBy(sessionRef));
      if (outcome.case === "unchanged") return outcome.agent;
      const taken = takenOr(outcome);
      // Before it is kept: what runs has to end also where nothing can be written any more.
      this.perform(taken.effects);
      return this.keep(taken);
    });
  }

  /** Decides about a permission. Spec: AGENT-12. */
  resolvePermission(answer: PermissionAnswer): Promise<{ agent: Agent; resolution: PermissionResolution | undefined }> {
    return this.enqueue(async () => {
      const earlier = this.kept.resolutionOf(answer.permissionId);
      const taken = takenOr(resolveAgentPermission(this.agent, answer, earlier, this.judgedBy(answer.sessionRef)));
      const agent = await this.keep(taken);
      this.perform(taken.effects);
      return { agent, resolution: this.kept.resolutionOf(answer.permissionId) };
    });
  }

  /**
   * Changes what people gave it.
   * @param change Gives back a changed copy, or the very same agent where nothing is to change. May throw a ConnectError.
   */
  update(change: AgentChange): Promise<Agent> {
    return this.enqueue(async () => {
      const before = this.agent;
      const next = change(before, this.describeProvider(), this.context.clock.wallNow());
      if (next === before) return before;
      await this.kept.commit(next);
      if (next.settings !== undefined && next.settings !== before.settings) this.run?.configure?.(next.settings);
      return next;
    });
  }

  /** Puts it away: its turn is cancelled. Does nothing where that was done before. Spec: AGENT-23. */
  archive(sessionRef: string): Promise<Agent> {
    return this.enqueue(async () => {
      if (this.agent.archivedAt !== undefined) return this.agent;
      const outcome = cancelAgent(this.agent, this.judgedBy(sessionRef));
      const effects = outcome.case === "taken" ? outcome.effects : [];
      const agent = clone(AgentSchema, outcome.case === "taken" ? outcome.agent : this.agent);
      agent.archivedAt = timestampOf(this.context.clock.wallNow());
      agent.updatedAt = agent.archivedAt;
      await this.keep({ agent, effects });
      this.perform(effects);
      return agent;
    });
  }

  /** Deletes it with its timeline, when its run is over. Does nothing where that was done before. Spec: AGENT-24. */
  delete(): Promise<void> {
    return this.enqueue(async () => {
      if (this.phase === "deleted") return;
      this.run?.cancel();
      await this.run?.closed;
      await this.kept.delete(() => {
        this.phase = "deleted";
      });
    });
  }

  private get id(): string {
    return this.kept.log.name;
  }

  private enqueue<T>(work: () => Promise<T>): Promise<T> {
    const result = this.queue.then(work).catch((thrown: unknown) => {
      throw storageToStatus(thrown, this.id);
    });
    this.queue = result.catch(() => undefined);
    return result;
  }

  private judgedBy(sessionRef: string): RequestContext {
    return {
      provider: this.describeProvider(),
      step: (agent, event) => this.step(agent, event, sessionRef),
      wallMs: this.context.clock.wallNow(),
    };
  }

  /** Of a provider that the daemon has no more nothing can be asked. */
  private describeProvider(): Provider {
    const { providerId } = this.kept.agent;
    return this.context.findProvider(providerId)?.describe() ?? create(ProviderSchema, { id: providerId });
  }

  private deliver(prompt: RunPrompt): void {
    const outcome = this.run?.prompt(prompt) ?? "closed";
    if (outcome === "closed") throw createInputClosed(this.id);
    if (outcome === "taken") return;
    const max = MAX_WAITING_PROMPT_BYTES;
    throw createLimitExceeded(Limit.PROMPT_BYTES, max, `more than ${max} bytes of prompts wait to be read`);
  }

  private start(task: CreateAgentRequest["task"]): void {
    this.generation += 1;
    const { generation, context } = this;
    const { workingDirectory, settings } = this.kept.agent;
    const environment = this.kept.request?.environment ?? {};
    const listener = createRunListener(
      {
        wallNow: () => context.clock.wallNow(),
        isClosing: () => context.isClosing(),
        happened: (event) => this.happened(event),
        itemsAdded: (items) => this.kept.append(items),
      },
      () => generation === this.generation,
    );
    try {
      const provider = context.findProvider(this.kept.agent.providerId);
      if (provider === undefined) throw new Error("the daemon has no such provider");
      this.run = provider.start({ agentId: this.id, workingDirectory, environment, settings, task }, listener);
    } catch (error) {
      this.happened(this.failed(AgentFailureReason.START_FAILED, error));
    }
  }

  /** The run has told something. Where it cannot be kept the agent cannot go on. */
  private happened(event: AgentEvent): void {
    const work = this.enqueue(async () => {
      if (this.phase === "deleted") return;
      const step = this.step(this.kept.agent, event);
      if (step.ignored) return;
      try {
        await this.keep(step);
        this.perform(step.effects);
      } catch (error) {
        this.run?.cancel();
        const failed = this.failed(AgentFailureReason.STORAGE_FAILED, error);
        this.kept.show(this.step(this.kept.agent, failed).agent);
        throw error;
      }
    });
    work.catch((error: unknown) => this.context.failed(`the agent ${this.id}`, error));
  }

  private failed(reason: AgentFailureReason, error: unknown): AgentEvent {
    const message = error instanceof Error ? error.message : String(error);
    const failure = create(AgentFailureSchema, { reason, message: message.slice(0, 1_000) });
    return createRunFailed(failure, timestampOf(this.context.clock.wallNow()));
  }

  /** Takes an event into the agent, and logs it. @param sessionRef Who wants it. Default: nobody, it has happened. */
  private step(before: Agent, event: AgentEvent, sessionRef = ""): LifecycleStep {
    const config = this.context.findProvider(before.providerId)?.lifecycle ?? defaultAgentConfig;
    const step = stepAgent(before, event, config, this.context.clock.wallNow());
    this.context.logged({ before, event, step }, sessionRef);
    return step;
  }

  private async keep({ agent, effects }: Pick<Taken, "agent" | "effects">): Promise<Agent> {
    await this.kept.commit(agent, effectsToItems(effects), effectsToResolutions(effects));
    return agent;
  }

  private perform(effects: readonly AgentEffect[]): void {
    for (const { effect } of effects) {
      if (effect.case === "cancelRun") this.run?.cancel();
      if (effect.case === "answerPermission") {
        this.run?.answerPermission(effect.value.permissionId, effect.value.optionId);
      }
    }
  }
}

function takenOr(outcome: RequestOutcome): Taken {
  if (outcome.case === "taken") return outcome;
  if (outcome.case === "unchanged") return { ...outcome, case: "taken", effects: [] };
  throw outcomeToError(outcome);
}
