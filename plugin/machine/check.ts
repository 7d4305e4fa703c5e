import type { OptionReader, TransitionRow } from "../options.ts";
import { problemAt } from "../problem.ts";
import type { Machine, MachineState } from "./machine.ts";

/** Says what is wrong with the table of a machine. */
export function checkMachine(machine: Machine, options: OptionReader): string[] {
  return [
    ...checkInitial(machine),
    ...machine.states.flatMap((state) => checkRows(machine, state, options.path("state"))),
    ...machine.states.flatMap(checkLeaving),
    ...checkReachable(machine),
    ...checkHandled(machine),
    ...checkPhases(machine),
  ];
}

function checkInitial({ desc, states }: Machine): string[] {
  const [first, ...others] = states.filter((state) => state.options.initial);
  if (first === undefined) return [problemAt(desc, `${desc.name} has no initial state`)];
  return others.map((state) => problemAt(state.desc, `${state.name} is initial, but so is ${first.name}`));
}

/** The number of the field `on` in `StateOptions`. */
const ON = 3;

function checkRows(machine: Machine, state: MachineState, path: readonly number[]): string[] {
  const seen = new Set<string>();
  return state.options.on.flatMap((row, i) => {
    const problems = checkRow(machine, state, row, seen);
    seen.add(row.event);
    return problems.map((problem) => problemAt(state.desc, problem, [...path, ON, i]));
  });
}

function checkRow(machine: Machine, state: MachineState, row: TransitionRow, seen: ReadonlySet<string>): string[] {
  const problems: string[] = [];
  const { event, to } = row;
  if (!machine.events.fields.some((field) => field.name === event)) {
    problems.push(`${state.name} has a row for "${event}", which is no event of ${machine.events.parent.name}`);
  }
  if (seen.has(event)) problems.push(`${state.name} has a second row for ${event}`);
  if (to.length === 0) problems.push(`the row for ${event} in ${state.name} leads nowhere`);
  for (const target of to) {
    if (machine.oneof.fields.some(({ name }) => name === target)) continue;
    problems.push(`the row for ${event} in ${state.name} leads to "${target}", which is no state`);
  }
  return problems;
}

function checkLeaving(state: MachineState): string[] {
  const { terminal, on } = state.options;
  if (terminal) return on.length === 0 ? [] : [problemAt(state.desc, `${state.name} is terminal, but has rows`)];
  if (on.some((row) => row.to.some((target) => target !== state.name))) return [];
  return [problemAt(state.desc, `${state.name} cannot be left and is not terminal`)];
}

function checkReachable({ states }: Machine): string[] {
  const initial = states.filter((state) => state.options.initial);
  if (initial.length === 0) return [];
  const reached = new Set(initial);
  for (const from of reached) {
    const targets = from.options.on.flatMap((row) => row.to);
    for (const state of states) if (targets.includes(state.name)) reached.add(state);
  }
  return states
    .filter((state) => !reached.has(state))
    .map((state) => problemAt(state.desc, `${state.name} cannot be reached`));
}

function checkHandled({ name, events, states }: Machine): string[] {
  const handled = new Set(states.flatMap((state) => state.options.on.map((row) => row.event)));
  return events.fields
    .filter((field) => !handled.has(field.name))
    .map((field) => problemAt(field, `no state of the machine ${name} has a row for ${field.name}`));
}

function checkPhases({ phase, states, oneof }: Machine): string[] {
  const prefix = `${phase.name.replace(/(?<=[a-z0-9])(?=[A-Z])/g, "_").toUpperCase()}_`;
  const expected = new Set(oneof.fields.map((field) => prefix + field.name.toUpperCase()));
  const present = new Set(phase.values.map((value) => value.name));
  const missing = states
    .filter((state) => !present.has(prefix + state.name.toUpperCase()))
    .map((state) => problemAt(state.desc, `${phase.name} has no ${prefix}${state.name.toUpperCase()}`));
  const surplus = phase.values
    .filter((value) => value.number !== 0 && !expected.has(value.name))
    .map((value) => problemAt(value, `${value.name} is no state of ${oneof.parent.name}`));
  return [...missing, ...surplus];
}
