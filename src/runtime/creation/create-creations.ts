import { create, type MessageInitShape } from "@bufbuild/protobuf";
import type { Client } from "@connectrpc/connect";
import type { Agent } from "../../../gen/moorline/agent/v1/agent_pb.ts";
import { type AgentService, CreateAgentRequestSchema } from "../../../gen/moorline/agent/v1/agent_service_pb.ts";
import { CreationFailureReason } from "../../../gen/moorline/state/v1/creation_pb.ts";
import type { Clock } from "../../core/clock.ts";
import type { Random } from "../../core/random.ts";
import { creationMachine } from "../../machine/creation.ts";
import { createTransition, type TransitionSink } from "../../machine/transition-log.ts";
import { matchesFilter, readFilterTerms } from "../../wire/agent-filter.ts";
import { bytesToBase64url } from "../../wire/base64url.ts";
import { MoorlineError } from "../../wire/moorline-error.ts";
import { copyMessage } from "../../wire/plain-message.ts";
import type { AgentDirectory } from "../mirror/agent-directory.ts";
import { Listeners } from "../source.ts";
import { Creation, type CreationContext } from "./creation.ts";
import { type CreationEntry, isShown, type OptimisticCreations } from "./optimistic-creations.ts";
import { createOptimisticDirectory } from "./optimistic-directory.ts";

/** The most creations at once, failed ones that nobody has dismissed included. Spec: CREATE-7. */
export const MAX_CREATIONS = 64;
const KEY_BYTES = 16;

/** What {@link createCreations} is made of. */
export interface CreationsOptions {
  /** Calls the daemon. */
  readonly service: Pick<Client<typeof AgentService>, "createAgent">;
  /** The agents of the daemon, as they are mirrored. */
  readonly directory: AgentDirectory;
  /** Time. */
  readonly clock: Clock;
  /** Chance, for keys. */
  readonly random: Random;
  /** What the transition log says of the host. */
  readonly host: () => { readonly serverId: string; readonly sessionRef: string };
  /** Takes the transition log. */
  readonly onTransition?: TransitionSink | undefined;
  /** Hears what listeners have thrown. */
  readonly onError?: ((error: unknown) => void) | undefined;
}

/** The creations of a host, for its runtime. */
export interface Creations extends OptimisticCreations {
  /** The directory, with the agents that are on their way in front. */
  readonly agents: AgentDirectory;
  /**
   * Creates an agent, which is shown at once.
   * @returns The agent. Rejects with the ConnectError of the call; with a MoorlineError OVERLOADED where 64 creations are
   *   under way or wait to be dismissed, and DISPOSED where the host was stopped.
   */
  readonly create: (request: MessageInitShape<typeof CreateAgentRequestSchema>) => Promise<Agent>;
  /** The host was stopped: ends all calls, and shows nothing any more. */
  readonly dispose: () => void;
}

/** Shows agents as soon as they are asked for, each once, until the directory shows them. Spec: CREATE. */
export function createCreations(options: CreationsOptions): Creations {
  const book = new CreationBook(options);
  const list = { getSnapshot: () => book.list, subscribe: (listener: () => void) => book.subscribe(listener) };
  return {
    list,
    agents: createOptimisticDirectory(options.directory, list),
    create: (request) => book.create(request),
    dismiss: (key) => book.dismiss(key),
    dispose: () => book.dispose(),
  };
}

class CreationBook {
  readonly #options: CreationsOptions;
  readonly #context: CreationContext;
  readonly #listeners = new Listeners((error) => this.#failed(error));
  readonly #creations = new Map<string, Creation>();
  #list: readonly CreationEntry[] | undefined = [];
  #unwatch: (() => void) | undefined = undefined;
  #phase: "open" | "disposed" = "open";

  constructor(options: CreationsOptions) {
    this.#options = options;
    const { service, directory, clock } = options;
    this.#context = {
      ...{ service, clock },
      find: (agentId) => directory.get(agentId),
      awaits: (agent) =>
        directory.get(agent.id) === undefined && matchesFilter(agent, readFilterTerms(directory.filter)),
      isFollowing: () => directory.sync.getSnapshot().state.case === "ready",
      changed: () => this.#changed(),
      over: ({ entry }) => void this.#creations.delete(entry.key),
      logged: (entry, subject) => {
        const context = { ...options.host(), subject, wallMs: clock.wallNow() };
        options.onTransition?.(createTransition(creationMachine, entry, context));
      },
      failed: (error) => this.#failed(error),
    };
  }

  get list(): readonly CreationEntry[] {
    this.#list ??= [...this.#creations.values()]
      .map(({ entry }) => entry)
      .filter(isUnderWay)
      .reverse();
    return this.#list;
  }

  subscribe(listener: () => void): () => void {
    return this.#listeners.add(listener);
  }

  async create(init: MessageInitShape<typeof CreateAgentRequestSchema>): Promise<Agent> {
    if (this.#phase === "disposed") throw new MoorlineError("DISPOSED", "The host was stopped.");
    if (this.#creations.size >= MAX_CREATIONS) throw createOverload();
    const request = copyMessage(CreateAgentRequestSchema, create(CreateAgentRequestSchema, init));
    request.creationId = bytesToBase64url(this.#options.random.bytes(KEY_BYTES));
    const creation = new Creation(this.#context, request);
    this.#creations.set(request.creationId, creation);
    this.#changed();
    return creation.start();
  }

  dismiss(key: string): void {
    this.#creations.get(key)?.dispatch({ event: { case: "dismissed", value: {} } });
  }

  dispose(): void {
    this.#phase = "disposed";
    for (const creation of [...this.#creations.values()]) {
      creation.dispatch({ event: { case: "abandoned", value: {} } });
    }
  }

  #changed(): void {
    this.#list = undefined;
    this.#watch();
    this.#listeners.notify();
  }

  /** The directory is listened to while something of ours may appear there. */
  #watch(): void {
    const isLooking = this.#phase === "open" && this.list.some(mayAppear);
    if (isLooking && this.#unwatch === undefined) {
      this.#unwatch = this.#options.directory.agents.subscribe(() => this.#look());
    }
    if (isLooking || this.#unwatch === undefined) return;
    this.#unwatch();
    this.#unwatch = undefined;
  }

  #look(): void {
    const wanted = new Map(this.list.filter(mayAppear).map(({ key }) => [key, this.#creations.get(key)] as const));
    for (const { id: agentId, creationId } of this.#options.directory.agents.getSnapshot()) {
      if (wanted.size === 0) return;
      wanted.get(creationId)?.dispatch({ event: { case: "appeared", value: { agentId } } });
      wanted.delete(creationId);
    }
  }

  #failed(error: unknown): void {
    this.#options.onError?.(error);
  }
}

/** What is over is taken out right after its listeners were told. */
function isUnderWay({ state: { state } }: CreationEntry): boolean {
  return state.case !== "reconciled" && state.case !== "dismissed";
}

function mayAppear(entry: CreationEntry): boolean {
  if (isShown(entry)) return true;
  const { state } = entry.state;
  return state.case === "failed" && state.value.reason === CreationFailureReason.OUTCOME_UNKNOWN;
}

function createOverload(): MoorlineError {
  return new MoorlineError("OVERLOADED", `There are ${MAX_CREATIONS} creations already.`, {
    action: "Wait until some are done, and dismiss those that have failed.",
  });
}
