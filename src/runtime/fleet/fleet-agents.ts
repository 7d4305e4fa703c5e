import type { Agent } from "../../../gen/moorline/agent/v1/agent_pb.ts";
import { type ListFollower, ListFollowers, type ListSource, type Order } from "../list-source.ts";
import { SortedList } from "../sorted-list.ts";
import { Listeners } from "../source.ts";
import type { FleetAgent } from "./fleet-agent.ts";
import { type FleetOrder, recentFirst, toRowOrder } from "./fleet-order.ts";
import { HostRows } from "./host-rows.ts";

/**
 * The agents of all hosts, made when somebody asks. An agent that has changed is put into its place among the others, which
 * are not sorted anew. The hosts are listened to only while somebody subscribes. Spec: FLEET-7, FLEET-8.
 */
export class FleetAgents implements ListSource<FleetAgent>, ListFollower<FleetAgent> {
  readonly #hosts = new Map<string, HostRows>();
  readonly #listeners: Listeners;
  readonly #followers: ListFollowers<FleetAgent>;
  readonly #sorted: SortedList<FleetAgent, FleetAgent>;
  #fleetOrder: FleetOrder = recentFirst;
  #order: Order<FleetAgent> = toRowOrder(recentFirst);

  /** @param failed Hears what listeners throw. */
  constructor(failed: (error: unknown) => void) {
    this.#listeners = new Listeners(failed);
    this.#followers = new ListFollowers(failed);
    this.#sorted = new SortedList(this.#order, { make: () => this.#make(), keyOf: (row) => row });
  }

  get order(): Order<FleetAgent> {
    return this.#order;
  }

  readonly getSnapshot = (): readonly FleetAgent[] => {
    for (const host of this.#hosts.values()) host.look();
    return this.#sorted.list();
  };

  readonly subscribe = (listener: () => void): (() => void) => this.#beginWith(this.#listeners.add(listener));

  readonly follow = (follower: ListFollower<FleetAgent>): (() => void) =>
    this.#beginWith(this.#followers.add(follower));

  /** A host has come. */
  add(serverId: string, agents: ListSource<Agent>): void {
    const host = new HostRows(serverId, agents, this);
    this.#hosts.set(serverId, host);
    if (this.#isWatched) host.follow(this.#tell);
    this.replaced();
    this.#tell();
  }

  /** A host has gone. */
  remove(serverId: string): void {
    this.#hosts.get(serverId)?.leave();
    this.#hosts.delete(serverId);
    this.replaced();
    this.#tell();
  }

  /** Sorts otherwise from now on. @throws MoorlineError OPTION_INVALID for a field that there is not. */
  setOrder(order: FleetOrder): void {
    const { by, descending = false } = this.#fleetOrder;
    const rows = toRowOrder(order);
    if (order.by === by && (order.descending ?? false) === descending) return;
    this.#fleetOrder = order;
    this.#order = rows;
    this.replaced();
    this.#tell();
  }

  changed(before: FleetAgent | undefined, after: FleetAgent | undefined): void {
    this.#sorted.change(before, after);
    this.#followers.changed(before, after);
  }

  replaced(): void {
    this.#sorted.forget(this.#order);
    this.#followers.replaced();
  }

  get #isWatched(): boolean {
    return this.#listeners.size + this.#followers.size > 0;
  }

  readonly #tell = (): void => this.#listeners.notify();

  /** @param remove Takes out who has come. @returns What does so, and leaves the hosts where it was the last. */
  #beginWith(remove: () => void): () => void {
    for (const host of this.#hosts.values()) host.follow(this.#tell);
    return () => {
      remove();
      if (!this.#isWatched) for (const host of this.#hosts.values()) host.leave();
    };
  }

  #make(): FleetAgent[] {
    return [...this.#hosts.values()].flatMap((host) => host.list()).sort(this.#order);
  }
}
