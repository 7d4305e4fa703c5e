import type { Agent } from "../../../gen/moorline/agent/v1/agent_pb.ts";
import { type ListFollower, type ListSource, ListWatch } from "../list-source.ts";
import type { FleetAgent } from "./fleet-agent.ts";

/** The agents of one host as rows of a fleet: each the very same object until its agent changes. */
export class HostRows implements ListFollower<Agent> {
  readonly #serverId: string;
  readonly #source: ListSource<Agent>;
  readonly #fleet: ListFollower<FleetAgent>;
  readonly #watch: ListWatch<Agent>;
  #rows = new Map<string, FleetAgent>();
  #unsubscribe: (() => void) | undefined = undefined;

  /** @param fleet Hears what becomes of the rows. */
  constructor(serverId: string, source: ListSource<Agent>, fleet: ListFollower<FleetAgent>) {
    this.#serverId = serverId;
    this.#source = source;
    this.#fleet = fleet;
    this.#watch = new ListWatch(source, this);
  }

  /** Follows the host from now on. @param listener Is told after each change. */
  follow(listener: () => void): void {
    if (this.#unsubscribe !== undefined) return;
    this.#watch.begin();
    this.#unsubscribe = this.#source.subscribe(listener);
  }

  /** Follows the host no longer. */
  leave(): void {
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
    this.#watch.end();
  }

  /** To be called before rows are used. */
  look(): void {
    this.#watch.look();
  }

  /** All rows, as the host's list has its agents. */
  list(): FleetAgent[] {
    const before = this.#rows;
    const rows = this.#source.getSnapshot().map((agent) => {
      const row = before.get(agent.id);
      return row?.agent === agent ? row : { serverId: this.#serverId, agent };
    });
    this.#rows = new Map(rows.map((row) => [row.agent.id, row]));
    return rows;
  }

  changed(before: Agent | undefined, after: Agent | undefined): void {
    const row = before && this.#rows.get(before.id);
    if (row?.agent !== before) {
      // Of a list that nobody has asked for there are no rows.
      this.replaced();
      return;
    }
    const next = after && { serverId: this.#serverId, agent: after };
    if (next !== undefined) this.#rows.set(next.agent.id, next);
    else if (row !== undefined) this.#rows.delete(row.agent.id);
    this.#fleet.changed(row, next);
  }

  replaced(): void {
    this.#fleet.replaced();
  }
}
