import type { ConsoleHost, PathEntry } from "../model/console-model.ts";
import { useSource } from "../model/use-source.ts";
import { Card } from "./card.tsx";
import { RoundTripPlot } from "./round-trip-plot.tsx";
import { Chip } from "./status.tsx";

const TONES = { active: "online", standby: "idle", "set aside": "failed" } as const;

/** The ways to a daemon, how long their round trips take, and which one is used. */
export function PathCard({ host }: { readonly host: ConsoleHost }) {
  const paths = useSource(host.paths);
  const { chooseCandidate } = host.intents;
  return (
    <Card
      title="Paths"
      className="last"
      aside={
        <button
          type="button"
          className="quiet end"
          disabled={!paths.some(({ isWanted }) => isWanted)}
          onClick={() => chooseCandidate(undefined)}
        >
          Automatic
        </button>
      }
    >
      <ul className="paths">
        {paths.map((path) => (
          <PathRow key={path.candidateId} path={path} onUse={() => chooseCandidate(path.candidateId)} />
        ))}
      </ul>
      {paths.length === 1 ? (
        <p className="muted small">Add this host by another address as well to have a second path.</p>
      ) : null}
      {paths.length === 0 ? <p className="muted empty">There is no way to this host.</p> : null}
    </Card>
  );
}

function PathRow({ path, onUse }: { readonly path: PathEntry; readonly onUse: () => void }) {
  const { address, kind, use, isWanted, roundTripsMs, note } = path;
  return (
    <li>
      <div className="path-name">
        <code>{address}</code>
        <span>
          <Chip tone={TONES[use]}>{use}</Chip> <span className="muted small">{kind}</span>{" "}
          {isWanted ? <span className="tag">wanted</span> : null}
        </span>
        {note === "" ? null : <span className="muted small">{note}</span>}
      </div>
      <RoundTripPlot samplesMs={roundTripsMs} label={`Round trips of ${address}`} />
      <button type="button" disabled={use === "active"} onClick={onUse} aria-label={`Use ${address}`}>
        Use
      </button>
    </li>
  );
}
