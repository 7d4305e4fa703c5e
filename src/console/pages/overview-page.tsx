import { toFragment } from "../address/route.ts";
import { Card } from "../components/card.tsx";
import { FaultCard } from "../components/fault-card.tsx";
import { MachineCard } from "../components/machine-card.tsx";
import { PathCard } from "../components/path-card.tsx";
import { TransitionList } from "../components/transition-list.tsx";
import type { ConsoleHost } from "../model/console-model.ts";
import { useSource } from "../model/use-source.ts";

const SHOWN_TRANSITIONS = 12;

/** A host at a glance: its machines, its paths, and what can be done to them. */
export function OverviewPage({ host }: { readonly host: ConsoleHost }) {
  const { entries, machines } = useSource(host.journal);
  return (
    <div className="overview">
      <div className="column">
        {machines.map((machine) => (
          <MachineCard key={machine.key} machine={machine} />
        ))}
        {machines.length === 0 ? <p className="muted empty">No machine has moved yet.</p> : null}
      </div>
      <div className="column">
        <FaultCard faults={host.faults} />
        <PathCard host={host} />
        <Card
          title="Transitions"
          className="last"
          aside={<a href={toFragment({ page: "log", serverId: host.serverId })}>All {entries.length}</a>}
        >
          <TransitionList entries={entries.slice(-SHOWN_TRANSITIONS)} />
        </Card>
      </div>
    </div>
  );
}
