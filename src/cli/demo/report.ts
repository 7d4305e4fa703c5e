import Table from "cli-table3";
import type { CheckedCommand } from "./check-command.ts";
import type { Row } from "./faults.ts";

/** Something that was checked beside the commands. */
export interface Check {
  /** What was checked, in a word. */
  readonly check: string;
  /** What there was of it. */
  readonly counts: Readonly<Record<string, number>>;
  /** The same for people. */
  readonly text: string;
}

/** Where the demo's findings go. */
export interface Report {
  /** What is being done; nothing that a program would want. */
  note(text: string): void;
  /** A fault has happened and was mended. */
  row(row: Row): void;
  /** How the commands came through. */
  commands(commands: readonly CheckedCommand[]): void;
  /** Something more was checked, and holds. */
  check(check: Check): void;
  /** The verdict: what failed, or that nothing did. The last line. */
  end(failure: string | undefined): void;
}

/** A report for people, or as JSON lines for programs. While it works it says more on a terminal, on standard error. */
export function createReport(isJson: boolean): Report {
  return isJson ? createJsonReport() : createTextReport();
}

function createJsonReport(): Report {
  const print = (value: object): void => void process.stdout.write(`${JSON.stringify(value)}\n`);
  return {
    note,
    row: (row) => print(row),
    commands: (commands) => commands.forEach(print),
    check: ({ check, counts }) => print({ check, ...counts }),
    end: (failure) => print(failure === undefined ? { verdict: "OK" } : { verdict: "FAILED", reason: failure }),
  };
}

function createTextReport(): Report {
  const rows: Row[] = [];
  const texts: string[] = [];
  const print = (text: string): void => void process.stdout.write(`${text}\n`);
  return {
    note,
    row(row) {
      rows.push(row);
      note(`  ${row.event}: ${row.verdict} after ${row.recoveredMs} ms`);
    },
    commands: (commands) => texts.push(`\n${tableOf(COMMAND_COLUMNS, commands.map(commandCells))}\n`),
    check: ({ text }) => texts.push(text),
    end(failure) {
      for (const text of [tableOf(FAULT_COLUMNS, rows.map(faultCells)), ...texts]) print(text);
      print(failure === undefined ? paint("OK", 32) : paint(`FAILED: ${failure}`, 31));
    },
  };
}

function note(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`${text}\n`);
}

const FAULT_COLUMNS = ["event", "verdict", "recovered in", "lines", "duplicates", "gaps"];
const COMMAND_COLUMNS = ["command", "lines", "duplicates", "gaps", "SHA-256", "end"];
const NUMBER_COLUMNS: ReadonlySet<string> = new Set(["recovered in", "lines", "duplicates", "gaps"]);
const SHOWN_DIGITS = 16;

function faultCells({ event, verdict, recoveredMs, lines, duplicates, gaps }: Row): string[] {
  return [event, verdict, `${recoveredMs} ms`, `${lines}`, `${duplicates}`, `${gaps}`];
}

function commandCells(command: CheckedCommand): string[] {
  const { name, lines, duplicates, gaps, sha256, isSame, exitCode, failure } = command;
  const verdict = `${sha256.slice(0, SHOWN_DIGITS)}… ${isSame ? "as printed" : "DIFFERS"}`;
  const end = failure === "" ? `exit code ${exitCode ?? "unknown"}` : failure.replace("AGENT_FAILURE_REASON_", "");
  return [name, `${lines}`, `${duplicates}`, `${gaps}`, verdict, end];
}

function tableOf(columns: readonly string[], rows: readonly string[][]): string {
  const table = new Table({
    head: [...columns],
    colAligns: columns.map((column) => (NUMBER_COLUMNS.has(column) ? "right" : "left")),
    style: { head: [], border: [], compact: true },
  });
  table.push(...rows.map((row) => [...row]));
  return table.toString();
}

function paint(text: string, colour: number): string {
  return process.stdout.isTTY ? `\u001b[${colour}m${text}\u001b[0m` : text;
}
