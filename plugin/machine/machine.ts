import type { DescEnum, DescField, DescFile, DescMessage, DescOneof } from "@bufbuild/protobuf";
import { nestedTypes } from "@bufbuild/protobuf/reflect";
import type { OptionReader, StateOptions } from "../options.ts";
import { problemAt } from "../problem.ts";

/** A state of a machine. */
export interface MachineState {
  readonly desc: DescField;
  /** The name of its oneof member in the schema. */
  readonly name: string;
  readonly options: StateOptions;
}

/** A machine as the schema declares it. */
export interface Machine {
  /** The State message. */
  readonly desc: DescMessage;
  /** The name in transition logs. */
  readonly name: string;
  readonly oneof: DescOneof;
  readonly states: readonly MachineState[];
  /** The oneof of the Event message. */
  readonly events: DescOneof;
  /** The oneof of the Effect message. */
  readonly effects: DescOneof;
  readonly phase: DescEnum;
}

/** Finds things by their full names. */
export interface Names {
  readonly messages: ReadonlyMap<string, DescMessage>;
  readonly enums: ReadonlyMap<string, DescEnum>;
}

/** Collects the messages and enums of all files. */
export function collectNames(files: readonly DescFile[]): Names {
  const messages = new Map<string, DescMessage>();
  const enums = new Map<string, DescEnum>();
  for (const file of files) {
    for (const desc of nestedTypes(file)) {
      if (desc.kind === "message") messages.set(desc.typeName, desc);
      if (desc.kind === "enum") enums.set(desc.typeName, desc);
    }
  }
  return { messages, enums };
}

/**
 * Finds the machines of `file`, the messages with the option `machine`. One whose parts are not there is left out.
 * Appends to `problems` what is missing.
 */
export function findMachines(file: DescFile, names: Names, options: OptionReader, problems: string[]): Machine[] {
  const machines: Machine[] = [];
  for (const desc of nestedTypes(file)) {
    if (desc.kind !== "message") continue;
    if (options.message(desc, "machine") === undefined) {
      reportStrayStates(desc, options, problems);
      continue;
    }
    const machine = readMachine(desc, names, options, problems);
    if (machine !== undefined) machines.push(machine);
  }
  return machines;
}

function readMachine(desc: DescMessage, names: Names, options: OptionReader, problems: string[]): Machine | undefined {
  const { name = "", event = "", effect = "", phase = "" } = options.message(desc, "machine") ?? {};
  const report = (message: string): void => void problems.push(problemAt(desc, message, options.path("machine")));
  if (!/^[a-z][a-z0-9_]*$/.test(name)) report(`a machine needs a name in lower case, not "${name}"`);
  const oneof = onlyOneof(desc);
  if (oneof === undefined) report(`${desc.name} needs exactly one oneof, the states, and no other field`);
  const events = findOneof(event, "event", names, report);
  const effects = findOneof(effect, "effect", names, report);
  const phases = names.enums.get(phase);
  if (phases === undefined) report(`no enum "${phase}" for the phases`);
  if (oneof === undefined || events === undefined || effects === undefined || phases === undefined) return undefined;
  return { desc, name, oneof, states: readStates(oneof, options, problems), events, effects, phase: phases };
}

function findOneof(
  typeName: string,
  role: string,
  names: Names,
  report: (message: string) => void,
): DescOneof | undefined {
  const message = names.messages.get(typeName);
  const oneof = message && onlyOneof(message);
  if (message === undefined) report(`no message "${typeName}" for the ${role}s`);
  else if (oneof === undefined) report(`${typeName} needs exactly one oneof, the ${role}s, and no other field`);
  return oneof;
}

/** The oneof of a message that has one oneof and nothing else. */
function onlyOneof(desc: DescMessage): DescOneof | undefined {
  const [member, ...others] = desc.members;
  return member?.kind === "oneof" && others.length === 0 ? member : undefined;
}

function readStates(oneof: DescOneof, options: OptionReader, problems: string[]): MachineState[] {
  const states: MachineState[] = [];
  for (const desc of oneof.fields) {
    const state = options.field(desc, "state");
    if (state !== undefined) states.push({ desc, name: desc.name, options: state });
    else problems.push(problemAt(desc, `the state ${desc.name} needs the option \`state\``));
  }
  return states;
}

function reportStrayStates(desc: DescMessage, options: OptionReader, problems: string[]): void {
  for (const field of desc.fields) {
    if (options.field(field, "state") === undefined) continue;
    problems.push(problemAt(field, `${field.name} has the option \`state\`, but ${desc.name} is not a machine`));
  }
}
