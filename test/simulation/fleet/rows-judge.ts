import type { Agent } from "../../../gen/moorline/agent/v1/agent_pb.ts";
import type { FleetAgent } from "../../../src/runtime/fleet/fleet-agent.ts";
import type { FleetField, FleetOrder } from "../../../src/runtime/fleet/fleet-order.ts";
import type { HostFleet } from "../../../src/runtime/fleet/host-fleet.ts";
import type { Judge } from "../session/judge.ts";

/** Which of two agents comes first, by a field: an order of the judge's own. */
const COMPARISONS: Readonly<Partial<Record<FleetField, (a: Agent, b: Agent) => number>>> = {
  updatedAt: (a, b) => Number((a.updatedAt?.seconds ?? 0n) - (b.updatedAt?.seconds ?? 0n)),
  title: (a, b) => compare(a.title, b.title),
  status: (a, b) => a.status - b.status,
  providerId: (a, b) => compare(a.providerId, b.providerId),
};

/** The fields that fleets of a world are sorted by. */
export const SORTED_BY = Object.keys(COMPARISONS) as readonly FleetField[];

/**
 * a fleet's agents are those of its hosts, all of them, each once, and in order (FLEET-7); and a row stays the very same
 * object as long as its agent does (FLEET-8).
 */
export class RowsJudge {
  private order: FleetOrder = { by: "updatedAt", descending: true };
  private readonly judge: Judge;
  private readonly name: string;
  private readonly fleet: HostFleet;
  private before: readonly FleetAgent[];

  constructor(judge: Judge, name: string, fleet: HostFleet) {
    this.judge = judge;
    this.name = name;
    this.fleet = fleet;
    this.before = fleet.agents.getSnapshot();
  }

  /** Somebody wants another order. */
  setOrder(order: FleetOrder): void {
    this.order = order;
    this.fleet.setOrder(order);
  }

  /** Looks at the rows, when nothing is under way. */
  look(): void {
    const { judge, name, fleet, before } = this;
    const rows = fleet.agents.getSnapshot();
    this.before = rows;
    const expected = fleet
      .getSnapshot()
      .hosts.flatMap(({ serverId, runtime }) =>
        runtime.agents.agents.getSnapshot().map((agent) => ({ serverId, agent })),
      )
      .sort((a, b) => this.compare(a, b));
    judge.claim(rows.length === expected.length, () => {
      return `aggregate: ${name} shows ${rows.length} agents, and its hosts have ${expected.length}`;
    });
    const wrong = expected.findIndex((row, i) => row.agent !== rows[i]?.agent || row.serverId !== rows[i].serverId);
    judge.claim(wrong < 0, () => `aggregate: ${name} shows ${rows[wrong]?.agent.title} at ${wrong}, out of its place`);
    const known = new Map(before.map((row) => [row.agent, row]));
    const isKept = rows.every((row) => (known.get(row.agent) ?? row) === row);
    judge.claim(isKept, () => `aggregate: ${name} makes a row anew whose agent is the same`);
  }

  private compare(a: FleetAgent, b: FleetAgent): number {
    const { by, descending = false } = this.order;
    const first = COMPARISONS[by]?.(a.agent, b.agent) ?? 0;
    return (descending ? -first : first) || compare(a.serverId, b.serverId) || compare(a.agent.id, b.agent.id);
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
