import { useState } from "react";
import type { LiveMachine } from "../log/transition-journal.ts";
import { tableOf } from "../machines/machine-table.ts";
import { Card } from "./card.tsx";
import { MachineDiagram } from "./machine-diagram.tsx";
import { toClock } from "./times.ts";

type ShownMachine = Pick<LiveMachine, "machine" | "subject"> & {
  /** Undefined: not known. */
  readonly state: string | undefined;
  readonly last?: LiveMachine["last"];
};

/** A machine, drawn, with what may happen next in the state that is looked at. */
export function MachineCard({ machine }: { readonly machine: ShownMachine }) {
  const table = tableOf(machine.machine);
  const [chosen, setChosen] = useState<string>();
  const { state, last, subject } = machine;
  const title = `${machine.machine.replaceAll("_", " ")}${subject === "" ? "" : ` ${subject}`}`;
  if (table === undefined) {
    return (
      <Card title={title}>
        <p className="muted">A machine of a newer version; it is in {state}.</p>
      </Card>
    );
  }
  const selected = chosen ?? state ?? table.initial;
  const cameFrom = last !== undefined && last.from !== last.to ? last.from : undefined;
  const note = last === undefined ? undefined : `${last.event.replaceAll("_", " ")} at ${toClock(last.at)}`;
  return (
    <Card title={title} aside={note === undefined ? undefined : <span className="muted small">{note}</span>}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by the keyboard. */}
      <section className="diagram-frame" tabIndex={0} aria-label={`Diagram of ${title}`}>
        <MachineDiagram {...{ table, state, cameFrom, selected }} onSelect={setChosen} />
      </section>
      <NextEvents state={selected} rows={table.transitions[selected] ?? {}} />
    </Card>
  );
}

interface NextEventsProps {
  readonly state: string;
  readonly rows: Readonly<Record<string, readonly string[]>>;
}

function NextEvents({ state, rows }: NextEventsProps) {
  const events = Object.entries(rows);
  return (
    <details className="next-events">
      <summary>
        {events.length === 0 ? "Nothing leaves" : `${events.length} events in`}{" "}
        <strong>{state.replaceAll("_", " ")}</strong>
      </summary>
      <ul>
        {events.map(([event, targets]) => (
          <li key={event}>
            <code>{event}</code> → {targets.map((target) => target.replaceAll("_", " ")).join(" or ")}
          </li>
        ))}
      </ul>
    </details>
  );
}
