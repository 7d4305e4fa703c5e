import { type Client, ConnectError, createContextValues } from "@connectrpc/connect";
import type { Agent } from "../../../gen/moorline/agent/v1/agent_pb.ts";
import type { AgentService, CreateAgentRequest } from "../../../gen/moorline/agent/v1/agent_service_pb.ts";
import type {
  CreationEffect,
  CreationEvent,
  CreationState,
} from "../../../gen/moorline/machine/v1/creation_moorline.ts";
import type { Clock, Timer } from "../../core/clock.ts";
import type { LogEntry, Performer } from "../../core/machine.ts";
import { Runner } from "../../core/runner.ts";
import { type CreationConfig, creationMachine, defaultCreationConfig, startCreation } from "../../machine/creation.ts";
import { idempotencyKey } from "../../rpc/context-keys.ts";
import { MoorlineError } from "../../wire/moorline-error.ts";
import { creationFailureOf } from "./creation-failure.ts";
import type { CreationEntry } from "./optimistic-creations.ts";
import { createProvisionalAgent } from "./provisional-agent.ts";

/** What a {@link Creation} needs of those around it. */
export interface CreationContext {
  /** Calls the daemon. */
  readonly service: Pick<Client<typeof AgentService>, "createAgent">;
  /** Time. */
  readonly clock: Clock;
  /** The agent of an id, where the directory shows it. */
  find(agentId: string): Agent | undefined;
  /** Whether the directory would show an agent, and does not yet. */
  awaits(agent: Agent): boolean;
  /** Whether the directory follows the daemon now. */
  isFollowing(): boolean;
  /** The creation is not what it was. */
  changed(): void;
  /** The creation is over. */
  over(creation: Creation): void;
  /** The machine was given an event. */
  logged(entry: LogEntry<CreationState, CreationEvent>, key: string): void;
  /** Something was thrown that nobody waits for. */
  failed(error: unknown): void;
}

/** One agent that is being created: its request, its machine, and what is shown of it. Spec: CREATE. */
export class Creation implements Performer<CreationState, CreationEvent, CreationEffect> {
  readonly #context: CreationContext;
  readonly #request: CreateAgentRequest;
  readonly #runner: Runner<CreationState, CreationEvent, CreationEffect, CreationConfig>;
  readonly #abort = new AbortController();
  #entry: CreationEntry;
  #timer: Timer | undefined = undefined;
  #answer: Promise<Agent> | undefined = undefined;

  /** @param request With the creation id. */
  constructor(context: CreationContext, request: CreateAgentRequest) {
    this.#context = context;
    this.#request = request;
    const { state } = startCreation();
    this.#runner = new Runner(creationMachine, defaultCreationConfig, this, state);
    const agent = createProvisionalAgent(request, context.clock.wallNow());
    this.#entry = { key: request.creationId, agent, state, error: undefined };
  }

  /** What is shown of it. The same object until something changes. */
  get entry(): CreationEntry {
    return this.#entry;
  }

  /** Sends the request. @returns The agent; rejects with what the call has failed with, or DISPOSED. Called once. */
  start(): Promise<Agent> {
    this.#runner.start(startCreation().effects);
    return this.#answer as Promise<Agent>;
  }

  /** Gives the machine an event. */
  dispatch(event: CreationEvent): void {
    this.#runner.dispatch(event);
  }

  perform({ effect }: CreationEffect): void {
    switch (effect.case) {
      case "sendRequest":
        this.#answer = this.#send();
        break;
      case "cancelRequest":
        this.#abort.abort();
        break;
      case "startTimer":
        this.#startTimer(effect.value.atMs);
        break;
      case "cancelTimer":
        this.#timer?.cancel();
        break;
      case "dropCreation":
        this.#context.over(this);
        break;
    }
  }

  logged(entry: LogEntry<CreationState, CreationEvent>): void {
    if (entry.to !== entry.from) this.#update({ state: entry.to });
    this.#context.logged(entry, this.#entry.key);
  }

  failed(error: unknown): void {
    this.#context.failed(error);
  }

  async #send(): Promise<Agent> {
    const contextValues = createContextValues().set(idempotencyKey, this.#entry.key);
    try {
      const { signal } = this.#abort;
      const { agent } = await this.#context.service.createAgent(this.#request, { signal, contextValues });
      if (agent === undefined) throw new MoorlineError("UNEXPECTED", "The daemon's answer has no agent in it.");
      this.#answered(agent);
      return agent;
    } catch (thrown) {
      return this.#refused(ConnectError.from(thrown));
    }
  }

  #answered(agent: Agent): void {
    const isAwaited = this.#context.awaits(agent);
    this.#entry = { ...this.#entry, agent };
    const value = { agentId: agent.id, isAwaited, nowMs: this.#context.clock.now() };
    this.dispatch({ event: { case: "answered", value } });
  }

  /** @returns The agent all the same, where the directory has shown it. @throws What the caller is told. */
  #refused(error: ConnectError): Agent {
    this.#entry = { ...this.#entry, error };
    const { code, rawMessage: message } = error;
    this.dispatch({ event: { case: "refused", value: { reason: creationFailureOf(error), code, message } } });
    const { state } = this.#runner.getSnapshot();
    const found = state.case === "reconciled" ? this.#context.find(state.value.agentId) : undefined;
    if (found !== undefined) return found;
    if (state.case !== "dismissed") throw error;
    throw new MoorlineError("DISPOSED", "The host was stopped before the daemon has answered.", { cause: error });
  }

  #startTimer(bridgeAtMs: number): void {
    const { clock } = this.#context;
    this.#timer = clock.setTimer(bridgeAtMs - clock.now(), () => {
      const value = { bridgeAtMs, isFollowing: this.#context.isFollowing(), nowMs: clock.now() };
      this.dispatch({ event: { case: "bridgeDue", value } });
    });
  }

  #update(change: Partial<CreationEntry>): void {
    this.#entry = { ...this.#entry, ...change };
    this.#context.changed();
  }
}
