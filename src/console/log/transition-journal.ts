import type { Transition } from "../../../gen/moorline/state/v1/transition_pb.ts";
import { TransitionOutcome } from "../../../gen/moorline/state/v1/transition_pb.ts";
import { tableOf } from "../machines/machine-table.ts";
import type { Source } from "../model/source.ts";

/** A record of the transition log, numbered as it came. */
export interface JournalEntry {
  readonly id: number;
  readonly transition: Transition;
}

/** A machine that has been heard of, and where it is. */
export interface LiveMachine {
  /** Tells it from all others. */
  readonly key: string;
  readonly machine: string;
  /** What it belongs to, where neither daemon nor session says it. */
  readonly subject: string;
  readonly state: string;
  /** The event that counted last. */
  readonly last: Transition;
  /** The number of its record. */
  readonly lastId: number;
}

/** What a journal has. */
export interface JournalSnapshot {
  /** The records that were kept, the oldest first. */
  readonly entries: readonly JournalEntry[];
  /** The machines that are at work, in the order in which they were first heard of. */
  readonly machines: readonly LiveMachine[];
  /** How many records came in all. */
  readonly total: number;
}

/** Keeps the transitions of a host, and with them where each of its machines is. */
export interface TransitionJournal extends Source<JournalSnapshot> {
  /** Takes a record: a sink of the transition log. */
  readonly record: (transition: Transition) => void;
}

const MAX_ENTRIES = 2_000;
const MAX_MACHINES = 64;

/** Makes an empty journal. It keeps the last 2,000 records, and the 64 machines at work that were heard of last. */
export function createTransitionJournal(): TransitionJournal {
  const listeners = new Set<() => void>();
  const machines = new Map<string, LiveMachine>();
  let entries: JournalEntry[] = [];
  let total = 0;
  let snapshot: JournalSnapshot | undefined;
  const record = (transition: Transition): void => {
    total += 1;
    entries.push({ id: total, transition });
    // Not each time: taking from the front costs as much as there is.
    if (entries.length > MAX_ENTRIES * 1.25) entries = entries.slice(-MAX_ENTRIES);
    follow(machines, { id: total, transition });
    snapshot = undefined;
    for (const listener of [...listeners]) listener();
  };
  return {
    record,
    getSnapshot() {
      snapshot ??= { entries: entries.slice(-MAX_ENTRIES), machines: [...machines.values()], total };
      return snapshot;
    },
    subscribe(listener) {
      const own = (): void => listener();
      listeners.add(own);
      return () => void listeners.delete(own);
    },
  };
}

function follow(machines: Map<string, LiveMachine>, { id, transition }: JournalEntry): void {
  if (transition.outcome === TransitionOutcome.IGNORED) return;
  const { machine, subject, to } = transition;
  const key = `${machine}/${subject}`;
  if (subject !== "" && isAtRest(transition)) {
    machines.delete(key);
    return;
  }
  machines.set(key, { key, machine, subject, state: to, last: transition, lastId: id });
  if (machines.size <= MAX_MACHINES) return;
  const [stale] = [...machines.values()].sort((one, other) => one.lastId - other.lastId);
  if (stale !== undefined) machines.delete(stale.key);
}

/** Whether a machine has come to its end, or back to where it began: there is one for everything that was looked at. */
function isAtRest({ machine, from, to }: Transition): boolean {
  const table = tableOf(machine);
  return table !== undefined && (table.terminal.includes(to) || (to === table.initial && to !== from));
}
