import { useMemo, useState } from "react";
import { Card } from "../components/card.tsx";
import { TransitionList } from "../components/transition-list.tsx";
import { filterLog, type LogFilter, NO_FILTER } from "../log/filter-log.ts";
import { toTranscript } from "../log/transcript.ts";
import type { ConsoleHost } from "../model/console-model.ts";
import { useSource } from "../model/use-source.ts";

declare const __MOORLINE_VERSION__: string;

const SHOWN = 300;
const OUTCOMES: readonly LogFilter["outcome"][] = ["all", "taken", "ignored"];

/** The transition log of a host, filtered, and its transcript. */
export function LogPage({ host }: { readonly host: ConsoleHost }) {
  const { entries, total } = useSource(host.journal);
  const [filter, setFilter] = useState(NO_FILTER);
  const shown = useMemo(() => filterLog(entries, filter), [entries, filter]);
  const names = useMemo(() => [...new Set(entries.map(({ transition }) => transition.machine))].sort(), [entries]);
  const isOutcome = (text: string): text is LogFilter["outcome"] => OUTCOMES.some((known) => known === text);
  return (
    <Card
      title="Transitions"
      aside={
        <button type="button" onClick={() => download(host)}>
          Export transcript
        </button>
      }
    >
      <search className="filters">
        <label>
          Machine
          <select value={filter.machine} onChange={({ target }) => setFilter({ ...filter, machine: target.value })}>
            <option value="">all</option>
            {names.map((name) => (
              <option key={name} value={name}>
                {name.replaceAll("_", " ")}
              </option>
            ))}
          </select>
        </label>
        <label>
          Outcome
          <select
            value={filter.outcome}
            onChange={({ target }) => isOutcome(target.value) && setFilter({ ...filter, outcome: target.value })}
          >
            {OUTCOMES.map((outcome) => (
              <option key={outcome}>{outcome}</option>
            ))}
          </select>
        </label>
        <label className="grow">
          Text
          <input
            type="search"
            value={filter.text}
            onChange={({ target }) => setFilter({ ...filter, text: target.value })}
            placeholder="state, event or message"
          />
        </label>
      </search>
      <p className="muted small" role="status">
        {shown.length} of {total}
        {shown.length > SHOWN ? `, the last ${SHOWN} are shown` : ""}
      </p>
      <TransitionList entries={shown.slice(-SHOWN)} />
    </Card>
  );
}

function download({ journal, packets, serverId, label }: ConsoleHost): void {
  const { entries } = journal.getSnapshot();
  const text = toTranscript({ entries, packets: packets.list(), serverId, version: __MOORLINE_VERSION__ });
  const url = URL.createObjectURL(new Blob([text], { type: "application/jsonl" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = `moorline-${label.replace(/[^\w.-]+/g, "-")}.jsonl`;
  link.click();
  URL.revokeObjectURL(url);
}
