import { type Agent, AgentAttention } from "../../../gen/moorline/agent/v1/agent_pb.ts";
import { MoorlineError } from "../../wire/moorline-error.ts";
import { Telling, type TellingContext, type TellingEnd } from "./telling.ts";

/** How a notifier is made. */
export interface NotifierOptions extends TellingContext {
  /** The most agents that are told of at once, 1 to 128: a channel has room for no more than 256 calls. Default 64. */
  readonly maxAtOnce?: number;
  /** The most agents that wait to be told of. Default 1,000. */
  readonly maxWaiting?: number;
}

/** What became of one attention. */
export type AttentionEnd =
  /** A client, or a push, has taken it; or somebody looks at the agent; or nobody is there who could be told. */
  | TellingEnd
  /** A newer attention of the agent has taken its place. */
  | "replaced"
  /** The agent wants no attention any more. */
  | "over"
  /** Too many agents wanted attention at once. */
  | "dropped";

/** An attention that waits to be told. */
interface Waiting {
  readonly agent: Agent;
  readonly end: (end: AttentionEnd) => void;
}

const MAX_AT_ONCE = 64;
const MAX_WAITING = 1_000;

/**
 * Tells people that agents want attention: of each one client, and not all. Attentions of one agent are told one after the
 * other, and of those that wait only the newest. Spec: PRESENCE-7, PRESENCE-8.
 */
export class Notifier {
  private readonly context: TellingContext;
  private readonly maxAtOnce: number;
  private readonly maxWaiting: number;
  /** The agents that are told of. */
  private readonly active = new Set<string>();
  /** By agent, the longest waiting first. */
  private readonly waiting = new Map<string, Waiting>();

  /** @param options Who tells, and whom. @throws MoorlineError OPTION_INVALID. */
  constructor({ maxAtOnce = MAX_AT_ONCE, maxWaiting = MAX_WAITING, ...context }: NotifierOptions) {
    if (!(maxAtOnce >= 1 && maxAtOnce <= 128)) throw new MoorlineError("OPTION_INVALID", "maxAtOnce must be 1 to 128.");
    if (!(maxWaiting >= 0)) throw new MoorlineError("OPTION_INVALID", "maxWaiting must be 0 or more.");
    this.context = context;
    this.maxAtOnce = maxAtOnce;
    this.maxWaiting = maxWaiting;
  }

  /**
   * An agent wants attention. To be called once for each attention; a call for an agent that wants none any more takes back
   * what waits.
   * @returns What became of it. Never rejects, and need not be waited for.
   */
  attentionRaised(agent: Agent): Promise<AttentionEnd> {
    return new Promise((end) => {
      this.waiting.get(agent.id)?.end("replaced");
      this.waiting.set(agent.id, { agent, end });
      this.begin();
      this.dropOldest();
    });
  }

  private begin(): void {
    for (const [agentId, { agent, end }] of this.waiting) {
      if (this.active.size >= this.maxAtOnce) return;
      if (this.active.has(agentId)) continue;
      this.waiting.delete(agentId);
      this.active.add(agentId);
      void this.tell(agent).then((told) => {
        this.active.delete(agentId);
        end(told);
        this.begin();
      });
    }
  }

  private async tell(agent: Agent): Promise<AttentionEnd> {
    if (agent.attention === AgentAttention.UNSPECIFIED) return "over";
    return new Telling(this.context, agent).run();
  }

  private dropOldest(): void {
    if (this.waiting.size <= this.maxWaiting) return;
    for (const [agentId, { end }] of this.waiting) {
      this.waiting.delete(agentId);
      end("dropped");
      return;
    }
  }
}
