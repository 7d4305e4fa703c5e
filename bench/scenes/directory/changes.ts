import { setImmediate as turn } from "node:timers/promises";
import { type Figures, figureOf, NOTHING, sharedMicros } from "../scene.ts";

/** Changes of one turn of the event loop, where they come as fast as they can. */
const TURN_CHANGES = 64;
/** Between changes that come alone, where nothing else is asked for. */
const ALONE_MS = 1;

/** How agents of a kind are made and shown. */
export interface AgentKind<T> {
  /** Makes an agent. */
  create(index: number): T;
  /** The agent with another title. */
  retitle(agent: T, title: string): T;
  /** The agent as if it had changed last of all. @param turn Goes up with each. Where there is none, none moves. */
  renew?(agent: T, turn: number): T;
  /** Has everybody know how it is now. */
  show(agent: T): void;
}

/** Agents that change one after the other: no two changes of a run are of the same agent, so that none are merged. */
export class ChangingAgents<T> {
  private readonly kind: AgentKind<T>;
  private readonly agents: T[] = [];
  private next = 0;

  /** @param kind How they are made and shown. */
  constructor(kind: AgentKind<T>) {
    this.kind = kind;
  }

  /** All of them, as they are. */
  get all(): readonly T[] {
    return this.agents;
  }

  /** What the server of a scene can be asked to do with them. */
  get acts() {
    return { fill: this.fill, change: this.change, changeAlone: this.changeAlone };
  }

  /** Makes agents until there are so many. */
  private readonly fill = (parameters: Figures): Figures => {
    for (let index = this.agents.length; index < figureOf(parameters, "agents"); index += 1) {
      const agent = this.kind.create(index);
      this.agents.push(agent);
      this.kind.show(agent);
    }
    return NOTHING;
  };

  /** Changes `count` agents, many in each turn of the event loop. */
  private readonly change = async (parameters: Figures): Promise<Figures> => {
    const count = figureOf(parameters, "count");
    if (count > this.agents.length) throw new Error("an agent would change twice, and its changes be merged");
    for (let done = 0; done < count; done += TURN_CHANGES) {
      for (let i = done; i < Math.min(count, done + TURN_CHANGES); i += 1) {
        this.changeNext(`change ${i} of ${count}`, this.agents.length);
      }
      await turn();
    }
    return NOTHING;
  };

  /**
   * Changes `count` agents, each when nothing else is to do; their titles say when.
   * @param parameters `among`: only so many, those that are last in a list; default all. `everyMs`: one in so many
   *   milliseconds; default 1. `moves`: 1 where each change is of the agent that is last, and makes it the first.
   * @returns CPU time for each.
   */
  private readonly changeAlone = async (parameters: Figures): Promise<Figures> => {
    const count = figureOf(parameters, "count");
    const { among = this.agents.length, everyMs = ALONE_MS, moves = 0 } = parameters;
    const before = process.cpuUsage();
    for (let i = 0; i < count; i += 1) {
      if (moves === 1) this.moveNext(`${sharedMicros()}`);
      else this.changeNext(`${sharedMicros()}`, among);
      await new Promise((resolve) => setTimeout(resolve, everyMs));
    }
    const { user, system } = process.cpuUsage(before);
    return { cpuMicros: (user + system) / count };
  };

  private changeNext(title: string, among: number): void {
    const index = this.next % among;
    this.next += 1;
    const agent = this.kind.retitle(this.agents[index] as T, title);
    this.agents[index] = agent;
    this.kind.show(agent);
  }

  /** They are kept in the order in which they have changed. */
  private moveNext(title: string): void {
    const [agent] = this.agents.splice(0, 1);
    if (agent === undefined || this.kind.renew === undefined) throw new Error("no agent can be moved");
    this.next += 1;
    const moved = this.kind.renew(this.kind.retitle(agent, title), this.next);
    this.agents.push(moved);
    this.kind.show(moved);
  }
}
