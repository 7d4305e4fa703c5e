import { readFileSync } from "node:fs";
import type { Command } from "commander";
import { describe, expect, it } from "vitest";
import { ReasonSchema, StepSchema } from "../../../gen/moorline/doctor/v1/doctor_pb.ts";
import { exitCodes } from "../../../src/cli/failure.ts";
import { createProgram } from "../../../src/cli/program.ts";
import { VERSION } from "../../../src/cli/version.ts";

const readDoc = (name: string): string => readFileSync(new URL(`../../../docs/${name}`, import.meta.url), "utf8");
const page = readDoc("cli.md");
const program = await createProgram();
const commands = program
  .createHelp()
  .visibleCommands(program)
  .filter((command) => command.name() !== "help");

/** The text under a heading, until the next one of its level or a higher one. */
function sectionOf(heading: string): string {
  const [, level = ""] = /^(#+) /.exec(heading) ?? [];
  const [, ...after] = page.split(`\n${heading}\n`);
  return after.join("").split(new RegExp(`\n#{1,${level.length}} `))[0] ?? "";
}

/** The first cells of the rows of the tables of a section that are in backquotes. */
function rowsOf(section: string): string[] {
  return [...section.matchAll(/^\| `([^`]+)` \|/gm)].map(([, cell = ""]) => cell);
}

function optionsOf({ options }: Command): string[] {
  return options.map(({ flags }) => flags);
}

describe("docs/cli.md", () => {
  it("has every command, and no other [CLI-1]", () => {
    const headings = [...page.matchAll(/^### moorline (\S+)$/gm)].map(([, name]) => name);
    expect(headings).toEqual(commands.map((command) => command.name()));
  });

  it("has the options of every command, and no others [CLI-1]", () => {
    const rows = rowsOf(sectionOf("## Options of every command"));
    expect(rows.sort()).toEqual([...optionsOf(program), "--help"].sort());
  });

  it.each(commands.map((command) => [command.name(), command] as const))(
    "has the options of %s, and no others [CLI-1]",
    (name, command) => {
      const rows = rowsOf(sectionOf(`### moorline ${name}`)).filter((row) => row.startsWith("-"));
      expect(rows).toEqual(optionsOf(command));
    },
  );

  it("has every environment variable, and no other [CLI-3]", () => {
    const known = [program, ...commands].flatMap(({ options }) => options.flatMap(({ envVar }) => envVar ?? []));
    expect([...new Set(page.match(/\bMOORLINE_[A-Z_]+/g))].sort()).toEqual(known.sort());
  });

  it("has every exit code, and what shells make of signals [CLI-2]", () => {
    const rows = [...sectionOf("## How it ends").matchAll(/^\| (\d+) \|/gm)].map(([, code]) => Number(code));
    expect(rows).toEqual([0, ...Object.values(exitCodes), 130, 141]);
  });

  it("has every step of doctor, and a link to what to do about its reasons [DOCTOR-1]", () => {
    const steps = StepSchema.values.slice(1).map(({ localName }) => localName.toLowerCase().replace("_", " "));
    expect(rowsOf(sectionOf("### moorline doctor")).filter((row) => !row.startsWith("-"))).toEqual(steps);
    const [, anchor] = /errors\.md#(\S+?)\)/.exec(page) ?? [];
    expect(anchor).toBe(ReasonSchema.typeName.toLowerCase().replaceAll(".", ""));
    expect(readDoc("errors.md")).toContain(`## ${ReasonSchema.typeName}`);
  });
});

describe("moorline --help", () => {
  it.each([program, ...commands].map((command) => [command.name(), command] as const))(
    "can be printed for %s [CLI-1]",
    (name, command) => expect(command.helpInformation()).toContain(name),
  );
});

describe("moorline --version", () => {
  it("is the version of the package", () => {
    const manifest = JSON.parse(readFileSync(new URL("../../../package.json", import.meta.url), "utf8"));
    expect(VERSION).toBe(manifest.version);
  });
});
