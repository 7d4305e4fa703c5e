import type { Agent } from "../../../gen/moorline/agent/v1/agent_pb.ts";
import type { FleetAgent } from "./fleet-agent.ts";
import type { RowOrder } from "./fleet-order.ts";

/** Up to so many changes each find their place by themselves; more are sorted and merged at once. */
const FEW_CHANGES = 64;

interface HostRows {
  readonly list: readonly Agent[];
  readonly rows: Map<Agent, FleetAgent>;
}

/** What has come and gone. */
interface Changes {
  readonly removed: FleetAgent[];
  readonly added: FleetAgent[];
}

/**
 * The agents of many lists in one order. A changed agent takes its place among the others, which are not sorted anew; rows
 * of agents that have not changed stay the very same objects. Spec: FLEET-7, FLEET-8.
 */
export class SortedAgents {
  readonly #hosts = new Map<string, HostRows>();
  #order: RowOrder;
  #rows: readonly FleetAgent[] = [];

  /** @param order Never 0 for two rows. */
  constructor(order: RowOrder) {
    this.#order = order;
  }

  /** Sorts everything anew. */
  setOrder(order: RowOrder): void {
    this.#order = order;
    this.#rows = [...this.#rows].sort(order);
  }

  /**
   * Takes what the lists are now, by the server ids of their hosts.
   * @returns The rows: the very same array where no list has changed.
   */
  update(lists: ReadonlyMap<string, readonly Agent[]>): readonly FleetAgent[] {
    const changes: Changes = { removed: [], added: [] };
    for (const serverId of this.#hosts.keys()) if (!lists.has(serverId)) this.#replace(serverId, [], changes);
    for (const [serverId, list] of lists) this.#replace(serverId, list, changes);
    if (changes.removed.length + changes.added.length > 0) this.#rows = this.#apply(changes);
    return this.#rows;
  }

  #replace(serverId: string, list: readonly Agent[], { removed, added }: Changes): void {
    const { list: before, rows } = this.#hosts.get(serverId) ?? { list: [], rows: new Map<Agent, FleetAgent>() };
    if (before === list) return;
    const [start, end] = findWindow(before, list);
    const gone = new Set(before.slice(start, before.length - end));
    for (const agent of list.slice(start, list.length - end)) {
      if (gone.delete(agent)) continue;
      const row = { serverId, agent };
      rows.set(agent, row);
      added.push(row);
    }
    for (const agent of gone) {
      const row = rows.get(agent);
      rows.delete(agent);
      if (row !== undefined) removed.push(row);
    }
    if (list.length === 0) this.#hosts.delete(serverId);
    else this.#hosts.set(serverId, { list, rows });
  }

  #apply({ removed, added }: Changes): FleetAgent[] {
    if (removed.length + added.length > FEW_CHANGES) return this.#merge(new Set(removed), added);
    const rows = [...this.#rows];
    for (const row of removed) rows.splice(this.#placeOf(rows, row), 1);
    for (const row of added) rows.splice(this.#placeOf(rows, row), 0, row);
    return rows;
  }

  #merge(removed: ReadonlySet<FleetAgent>, added: FleetAgent[]): FleetAgent[] {
    const coming = added.sort(this.#order);
    const rows: FleetAgent[] = [];
    let next = 0;
    for (const row of this.#rows) {
      if (removed.has(row)) continue;
      for (let one = coming[next]; one !== undefined && this.#order(one, row) < 0; one = coming[next]) {
        rows.push(one);
        next += 1;
      }
      rows.push(row);
    }
    for (; next < coming.length; next += 1) rows.push(coming[next] as FleetAgent);
    return rows;
  }

  /** Where a row is, or belongs. */
  #placeOf(rows: readonly FleetAgent[], row: FleetAgent): number {
    let [low, high] = [0, rows.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#order(rows[middle] as FleetAgent, row) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** How many agents two lists have in common at their starts, and beyond these at their ends. */
function findWindow(before: readonly Agent[], after: readonly Agent[]): [start: number, end: number] {
  const least = Math.min(before.length, after.length);
  let start = 0;
  while (start < least && before[start] === after[start]) start += 1;
  let end = 0;
  while (end < least - start && before[before.length - 1 - end] === after[after.length - 1 - end]) end += 1;
  return [start, end];
}
