import { type Transition, TransitionOutcome } from "../../../gen/moorline/state/v1/transition_pb.ts";
import { reasonOf } from "../log/reason-of.ts";
import type { JournalEntry } from "../log/transition-journal.ts";
import { toClock } from "./times.ts";

/** Records of the transition log, the newest first. */
export function TransitionList({ entries }: { readonly entries: readonly JournalEntry[] }) {
  if (entries.length === 0) return <p className="muted empty">Nothing has happened yet.</p>;
  return (
    <ol className="transitions">
      {entries.toReversed().map(({ id, transition }) => (
        <TransitionRow key={id} transition={transition} />
      ))}
    </ol>
  );
}

function TransitionRow({ transition }: { readonly transition: Transition }) {
  const { machine, subject, from, event, to, outcome, at, message, generation } = transition;
  const isIgnored = outcome === TransitionOutcome.IGNORED;
  const reason = reasonOf(transition);
  return (
    <li data-outcome={isIgnored ? "ignored" : "taken"}>
      <time>{toClock(at, true)}</time>
      <span className="machine">{machine.replaceAll("_", " ")}</span>
      <span className="step">
        {from.replaceAll("_", " ")}
        {from === to ? null : <> → {to.replaceAll("_", " ")}</>}
      </span>
      <span className="event">
        <code>{event}</code>
        {isIgnored ? <span className="tag">ignored</span> : null}
        {generation === 0 ? null : <span className="tag">#{generation}</span>}
        {reason === "" ? null : <span className="reason">{reason}</span>}
        {subject === "" ? null : <span className="muted"> {subject}</span>}
        {message === "" ? null : <span className="muted"> {message}</span>}
      </span>
    </li>
  );
}
