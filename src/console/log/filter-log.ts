import { TransitionOutcome } from "../../../gen/moorline/state/v1/transition_pb.ts";
import { reasonOf } from "./reason-of.ts";
import type { JournalEntry } from "./transition-journal.ts";

/** Which records are shown. */
export interface LogFilter {
  /** The name of a machine. Empty: all. */
  readonly machine: string;
  readonly outcome: "all" | "taken" | "ignored";
  /** Words that all have to be in a record, in any case. */
  readonly text: string;
}

/** Shows every record. */
export const NO_FILTER: LogFilter = { machine: "", outcome: "all", text: "" };

/** The records that a filter shows, in their order. */
export function filterLog(entries: readonly JournalEntry[], filter: LogFilter): JournalEntry[] {
  const words = filter.text.toLowerCase().split(/\s+/).filter(Boolean);
  return entries.filter(({ transition }) => {
    if (filter.machine !== "" && transition.machine !== filter.machine) return false;
    const isIgnored = transition.outcome === TransitionOutcome.IGNORED;
    if (filter.outcome !== "all" && isIgnored !== (filter.outcome === "ignored")) return false;
    const { machine, subject, from, event, to, message } = transition;
    const text = [machine, subject, from, event, to, reasonOf(transition), message].join(" ").toLowerCase();
    return words.every((word) => text.includes(word));
  });
}
