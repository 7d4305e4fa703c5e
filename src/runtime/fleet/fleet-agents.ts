import type { Agent } from "../../../gen/moorline/agent/v1/agent_pb.ts";
import { Listeners, type Source } from "../source.ts";
import type { FleetAgent } from "./fleet-agent.ts";
import { type FleetOrder, recentFirst, toRowOrder } from "./fleet-order.ts";
import { SortedAgents } from "./sorted-agents.ts";

/** The agents of all hosts, made when somebody asks. The hosts are listened to only while somebody subscribes. Spec: FLEET-7. */
export class FleetAgents implements Source<readonly FleetAgent[]> {
  readonly #sources = new Map<string, Source<readonly Agent[]>>();
  readonly #watches = new Map<string, () => void>();
  readonly #listeners: Listeners;
  readonly #sorted: SortedAgents;
  #order: FleetOrder = recentFirst;

  /** @param failed Hears what listeners throw. */
  constructor(failed: (error: unknown) => void) {
    this.#listeners = new Listeners(failed);
    this.#sorted = new SortedAgents(toRowOrder(this.#order));
  }

  readonly getSnapshot = (): readonly FleetAgent[] =>
    this.#sorted.update(new Map([...this.#sources].map(([serverId, source]) => [serverId, source.getSnapshot()])));

  readonly subscribe = (listener: () => void): (() => void) => {
    const remove = this.#listeners.add(listener);
    if (this.#listeners.size === 1) for (const serverId of this.#sources.keys()) this.#watch(serverId);
    return () => {
      remove();
      if (this.#listeners.size === 0) for (const serverId of [...this.#watches.keys()]) this.#unwatch(serverId);
    };
  };

  /** A host has come. */
  add(serverId: string, agents: Source<readonly Agent[]>): void {
    this.#sources.set(serverId, agents);
    if (this.#listeners.size > 0) this.#watch(serverId);
    this.#listeners.notify();
  }

  /** A host has gone. */
  remove(serverId: string): void {
    this.#unwatch(serverId);
    this.#sources.delete(serverId);
    this.#listeners.notify();
  }

  /** Sorts otherwise from now on. @throws MoorlineError OPTION_INVALID for a field that there is not. */
  setOrder(order: FleetOrder): void {
    const { by, descending = false } = this.#order;
    const rows = toRowOrder(order);
    if (order.by === by && (order.descending ?? false) === descending) return;
    this.#order = order;
    this.#sorted.setOrder(rows);
    this.#listeners.notify();
  }

  #watch(serverId: string): void {
    const unsubscribe = this.#sources.get(serverId)?.subscribe(() => this.#listeners.notify());
    if (unsubscribe !== undefined) this.#watches.set(serverId, unsubscribe);
  }

  #unwatch(serverId: string): void {
    this.#watches.get(serverId)?.();
    this.#watches.delete(serverId);
  }
}
