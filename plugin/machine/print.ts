import type { DescOneof } from "@bufbuild/protobuf";
import { protoCamelCase } from "@bufbuild/protobuf/reflect";
import type { GeneratedFile, ImportSymbol } from "@bufbuild/protoplugin";
import { printUnion } from "../union.ts";
import type { Machine, MachineState } from "./machine.ts";

/** Prints the table of a machine, its literal types and its function from a state to the phase. */
export function printMachine(f: GeneratedFile, machine: Machine): void {
  const variable = protoCamelCase(machine.name);
  const type = `${variable[0]?.toUpperCase()}${variable.slice(1)}`;
  const phaseType = f.importShape(machine.phase);
  const phase = f.import(phaseType.name, phaseType.from);

  printNames(f, `${type}StateName`, `The states of the machine ${machine.name}.`, machine.oneof);
  printNames(f, `${type}EventName`, `The events of the machine ${machine.name}.`, machine.events);
  printNames(f, `${type}EffectName`, `The effects of the machine ${machine.name}.`, machine.effects);
  printTransitions(f, machine, variable, type);
  printEnds(f, machine, variable);
  printPhases(f, machine, variable, phase);

  f.print(f.jsDoc(`The machine ${machine.name} as data.`));
  f.print(f.export("const", `${variable}Table`), " = {");
  f.print("  name: ", f.string(machine.name), ",");
  f.print("  initial: ", variable, "InitialState,");
  f.print("  terminal: ", variable, "TerminalStates,");
  f.print("  transitions: ", variable, "Transitions,");
  f.print("  phases: ", variable, "Phases,");
  f.print("} as const;");
  f.print();
}

function printNames(f: GeneratedFile, name: string, text: string, oneof: DescOneof): void {
  f.print(f.jsDoc(text));
  f.print(f.export("type", name), " =");
  const names = oneof.fields.map((field) => field.name);
  printUnion(f, names);
}

function printTransitions(f: GeneratedFile, { name, states }: Machine, variable: string, type: string): void {
  f.print(
    f.jsDoc(
      `The states that may follow in the machine ${name}, by state and event. An event without a row is ignored.`,
    ),
  );
  f.print(f.export("const", `${variable}Transitions`), " = {");
  for (const state of states) {
    f.print("  ", state.name, state.options.on.length === 0 ? ": {}," : ": {");
    for (const row of state.options.on) {
      f.print("    ", row.event, ": ", f.array(row.to.map((target) => f.string(target))), ",");
    }
    if (state.options.on.length > 0) f.print("  },");
  }
  f.print("} as const satisfies {");
  f.print(
    "  readonly [S in ",
    type,
    "StateName]: { readonly [E in ",
    type,
    "EventName]?: readonly ",
    type,
    "StateName[] };",
  );
  f.print("};");
  f.print();
}

function printEnds(f: GeneratedFile, { name, states }: Machine, variable: string): void {
  const initial = states.find((state) => state.options.initial)?.name ?? "";
  const terminal = states.filter((state) => state.options.terminal);
  f.print(f.jsDoc(`The state in which the machine ${name} starts.`));
  f.print(f.export("const", `${variable}InitialState`), " = ", f.string(initial), ";");
  f.print();
  f.print(f.jsDoc(`The states that the machine ${name} does not leave.`));
  f.print(
    f.export("const", `${variable}TerminalStates`),
    " = ",
    f.array(terminal.map((state) => f.string(state.name))),
    " as const;",
  );
  f.print();
}

function printPhases(f: GeneratedFile, machine: Machine, variable: string, phase: ImportSymbol): void {
  const phaseType = phase.toTypeOnly();
  f.print(f.jsDoc(`The phase of each state of the machine ${machine.name}.`));
  f.print(f.export("const", `${variable}Phases`), " = {");
  for (const state of machine.states) f.print("  ", state.name, ": ", phase, ".", phaseOf(machine, state), ",");
  f.print("} as const;");
  f.print();
  f.print(
    f.jsDoc(
      `The phase of a state of the machine ${machine.name}. UNSPECIFIED for a state that this version does not know.`,
    ),
  );
  // The plain type of this file, which a message is of as well.
  const { name: stateType } = f.importShape(machine.desc);
  f.print(f.export("function", `${variable}PhaseOf`), "(state: ", stateType, "): ", phaseType, " {");
  f.print("  switch (state.", machine.oneof.localName, ".case) {");
  for (const state of machine.states) {
    f.print("    case ", f.string(state.desc.localName), ":");
    f.print("      return ", phase, ".", phaseOf(machine, state), ";");
  }
  f.print("    default:");
  f.print("      return ", phase, ".", machine.phase.values[0]?.localName ?? "", ";");
  f.print("  }");
  f.print("}");
  f.print();
}

function phaseOf({ phase }: Machine, state: MachineState): string {
  const value = phase.values.find(({ name }) => name.endsWith(`_${state.name.toUpperCase()}`));
  return value?.localName ?? "";
}
