import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { Agent } from "../../../gen/moorline/agent/v1/agent_pb.ts";
import type { CreateAgentRequest } from "../../../gen/moorline/agent/v1/agent_service_pb.ts";
import type { Random } from "../../core/random.ts";
import { createDrainingError } from "../../rpc/call-errors.ts";
import { bytesToBase64url } from "../../wire/base64url.ts";
import { createAgentNotFound } from "../directory/agent-not-found.ts";
import type { AgentProvider } from "../provider.ts";
import { storageToStatus } from "../storage-status.ts";
import { createProviderNotFound, createTooManyAgents, refusalToError } from "./agent-errors.ts";
import { effectsToItems, effectsToResolutions } from "./agent-items.ts";
import { recoverAgent } from "./agent-lifecycle.ts";
import type { AgentsContext } from "./agents-context.ts";
import { KeptAgent } from "./kept-agent.ts";
import { LiveAgent } from "./live-agent.ts";
import { createNewAgent } from "./new-agent.ts";
import { createStoredAgent, encodeStoredAgent, readStoredAgent } from "./stored-agent.ts";

/** What a {@link AgentRegistry} is made of. */
export interface RegistryOptions {
  readonly context: Omit<AgentsContext, "findProvider" | "isClosing">;
  /** What runs agents, in the order in which they are shown. */
  readonly providers: readonly AgentProvider[];
  /** Chance, for ids. */
  readonly random: Random;
  /** The most agents, archived ones included. */
  readonly maxAgents: number;
  /** Where agents work that are not told where, absolute. */
  readonly workingDirectory: string;
}

const ID_BYTES = 16;

/** All agents of a daemon. Spec: AGENT. */
export class AgentRegistry {
  /** What runs agents. */
  readonly providers: readonly AgentProvider[];
  private readonly options: RegistryOptions;
  private readonly context: AgentsContext;
  private readonly live = new Map<string, LiveAgent>();
  /** Agents that are being created. */
  private coming = 0;
  private phase: "open" | "closing" = "open";

  constructor(options: RegistryOptions) {
    const { context, providers } = options;
    this.options = options;
    this.providers = providers;
    this.context = {
      ...context,
      findProvider: (providerId) => providers.find(({ id }) => id === providerId),
      isClosing: () => this.phase === "closing",
    };
  }

  /**
   * Takes over what earlier processes of the daemon have left. Comes back when that is kept and shown. Spec: AGENT-15.
   * @throws MoorlineError DATABASE_CORRUPT, or what the store says.
   */
  async recover(): Promise<void> {
    const { store, clock } = this.context;
    const found = store.list().map((log) => new KeptAgent(this.context, log, readStoredAgent(log)));
    const byChange = found.sort((a, b) => changedAtMs(a.agent) - changedAtMs(b.agent));
    for (const kept of byChange) {
      kept.show(kept.agent);
      this.live.set(kept.agent.id, new LiveAgent(this.context, kept));
    }
    await Promise.all(
      byChange.map(async (kept) => {
        const { agent, effects, ignored } = recoverAgent(kept.agent, clock.wallNow());
        if (!ignored) await kept.commit(agent, effectsToItems(effects), effectsToResolutions(effects));
      }),
    );
  }

  /**
   * Creates an agent and begins its first run. Spec: AGENT-20, AGENT-21.
   * @param sessionRef Who wants it.
   * @throws ConnectError as CreateAgent says.
   */
  async create(request: CreateAgentRequest, sessionRef: string): Promise<Agent> {
    const { random, workingDirectory, maxAgents } = this.options;
    const provider = this.context.findProvider(request.providerId);
    if (provider === undefined) throw createProviderNotFound(request.providerId);
    const id = bytesToBase64url(random.bytes(ID_BYTES));
    const agent = createNewAgent(id, request, workingDirectory, this.context.clock.wallNow());
    if (this.live.size + this.coming >= maxAgents) throw createTooManyAgents(maxAgents);
    const live = await this.place(agent, request, provider);
    try {
      await live.begin(request.task, sessionRef);
      return live.agent;
    } catch (thrown) {
      await this.delete(id).catch((error: unknown) => this.context.failed(`deleting the agent ${id}`, error));
      throw thrown;
    }
  }

  /** The agent of an id. @throws ConnectError NOT_FOUND with AgentNotFound. */
  get(agentId: string): LiveAgent {
    const agent = this.live.get(agentId);
    if (agent === undefined) throw createAgentNotFound(agentId);
    return agent;
  }

  /** Every agent, as clients are shown it. */
  *all(): Generator<Agent, void> {
    for (const { kept } of this.live.values()) yield kept.agent;
  }

  /** Deletes an agent, when its run is over. Does nothing where there is none. Spec: AGENT-24. */
  async delete(agentId: string): Promise<void> {
    await this.live.get(agentId)?.delete();
    this.live.delete(agentId);
  }

  /** Ends all runs, and keeps how they have ended. Spec: AGENT-22. */
  async close(): Promise<void> {
    this.phase = "closing";
    await Promise.all(this.providers.map((provider) => provider.close()));
    await Promise.all([...this.live.values()].map(({ quiet }) => quiet));
  }

  /** Has a new agent judged, then keeps and shows it. Until it is there it is one that is coming. */
  private async place(agent: Agent, request: CreateAgentRequest, provider: AgentProvider): Promise<LiveAgent> {
    this.coming += 1;
    try {
      const { id, workingDirectory } = agent;
      const { environment, settings, task } = request;
      const refusal = await provider.check({ agentId: id, workingDirectory, environment, settings, task });
      if (refusal !== undefined) throw refusalToError(refusal);
      if (this.phase === "closing") throw createDrainingError();
      const log = await this.context.store.open(id, encodeStoredAgent(createStoredAgent(agent, request)));
      const live = new LiveAgent(this.context, new KeptAgent(this.context, log, readStoredAgent(log)));
      this.live.set(id, live);
      live.kept.show(live.agent);
      return live;
    } catch (thrown) {
      throw storageToStatus(thrown, agent.id);
    } finally {
      this.coming -= 1;
    }
  }
}

function changedAtMs({ updatedAt }: Agent): number {
  return updatedAt === undefined ? 0 : timestampMs(updatedAt);
}
