import type { DescField } from "@bufbuild/protobuf";
import type { GeneratedFile } from "@bufbuild/protoplugin";
import type { Contract } from "../contract.ts";
import type { Machine, MachineState } from "../machine/machine.ts";
import { commentOf, GENERATED, paragraphsOf, tableOf } from "./markdown.ts";

/** Prints `states.md`: every machine with its diagram, its table, its events and effects. */
export function printStateDocs(f: GeneratedFile, contract: Contract): void {
  const machines = contract.files.flatMap((file) => file.machines);
  if (machines.length === 0) return;
  const lines = [
    GENERATED,
    "",
    "# States",
    "",
    "Every lifecycle is a machine whose states, events and effects are messages of the schema, and whose transitions are",
    "options there. An event that has no target in a state is ignored, and logged as ignored.",
    "",
    ...machines.map(({ name }) => `- [${name}](#${name})`),
    ...machines.flatMap(machineLines),
  ];
  for (const line of lines) f.print(line);
}

function machineLines(machine: Machine): string[] {
  const { desc, name, events, effects } = machine;
  return [
    "",
    `## ${name}`,
    "",
    ...paragraphsOf(desc).flatMap((paragraph) => [paragraph, ""]),
    `State: \`${desc.typeName}\`. Event: \`${events.parent.typeName}\`. Effect: \`${effects.parent.typeName}\`. Phase: \`${machine.phase.typeName}\`.`,
    "",
    ...diagramLines(machine),
    "",
    "### States",
    "",
    ...tableOf(["state", "meaning", "carries"], machine.states.map(stateRow)),
    "",
    "### Transitions",
    "",
    ...transitionTable(machine),
    "",
    "### Events",
    "",
    ...tableOf(["event", "meaning", "carries"], events.fields.map(memberRow)),
    "",
    "### Effects",
    "",
    ...tableOf(["effect", "meaning", "carries"], effects.fields.map(memberRow)),
  ];
}

function diagramLines({ states }: Machine): string[] {
  const lines = ["```mermaid", "stateDiagram-v2"];
  for (const state of states) {
    if (state.options.initial) lines.push(`  [*] --> ${state.name}`);
    for (const target of states) {
      const events = state.options.on.filter((row) => row.to.includes(target.name)).map((row) => row.event);
      if (events.length > 0) lines.push(`  ${state.name} --> ${target.name}: ${events.join("<br/>")}`);
    }
    if (state.options.terminal) lines.push(`  ${state.name} --> [*]`);
  }
  return [...lines, "```"];
}

function transitionTable({ events, states }: Machine): string[] {
  const rows = events.fields.map((event) => [
    `\`${event.name}\``,
    ...states.map((state) => state.options.on.find((row) => row.event === event.name)?.to.join(", ") ?? ""),
  ]);
  return tableOf(["event", ...states.map((state) => `in ${state.name}`)], rows);
}

function stateRow(state: MachineState): string[] {
  const [name = "", meaning = "", carries = ""] = memberRow(state.desc);
  const end = state.options.initial ? " Initial." : state.options.terminal ? " Terminal." : "";
  return [name, `${meaning}${end}`, carries];
}

/** A member of a oneof: its name, its comment (or the fuller one of its message) and the fields it carries. */
function memberRow(field: DescField): string[] {
  const own = commentOf(field);
  const full = field.message ? commentOf(field.message) : "";
  const carries = field.message?.fields.map(({ name }) => `\`${name}\``) ?? [];
  return [`\`${field.name}\``, full.length > own.length ? full : own, carries.join(", ")];
}
