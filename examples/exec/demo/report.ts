import Table from "cli-table3";
import type { CheckedCommand } from "./check.ts";
import type { Row } from "./faults.ts";

/** Where the demo's findings go. */
export interface Report {
  /** What is being done; nothing that a program would want. */
  note(text: string): void;
  /** A fault has happened and was mended. */
  row(row: Row): void;
  /** How the commands came through. */
  commands(commands: readonly CheckedCommand[]): void;
  /** The verdict: what failed, or that nothing did. The last line. */
  end(failure: string | undefined): void;
}

/** A report for people, or as JSON lines for programs. */
export function createReport(isJson: boolean): Report {
  return isJson ? createJsonReport() : createTextReport();
}

function createJsonReport(): Report {
  const print = (value: object): void => void process.stdout.write(`${JSON.stringify(value)}\n`);
  return {
    note() {},
    row: (row) => print(row),
    commands: (commands) => commands.forEach(print),
    end: (failure) => print(failure === undefined ? { verdict: "OK" } : { verdict: "FAILED", reason: failure }),
  };
}

function createTextReport(): Report {
  const rows: Row[] = [];
  const print = (text: string): void => void process.stdout.write(`${text}\n`);
  return {
    note: print,
    row(row) {
      rows.push(row);
      print(`  ${row.event}: ${row.verdict} after ${row.recoveredMs} ms`);
    },
    commands(commands) {
      print(`\n${tableOf(FAULT_COLUMNS, rows.map(faultCells))}`);
      print(`\n${tableOf(COMMAND_COLUMNS, commands.map(commandCells))}`);
    },
    end: (failure) => print(failure === undefined ? paint("OK", 32) : paint(`FAILED: ${failure}`, 31)),
  };
}

const FAULT_COLUMNS = ["event", "verdict", "recovered in", "lines", "duplicates", "gaps"];
const COMMAND_COLUMNS = ["command", "lines", "duplicates", "gaps", "SHA-256", "exit code"];

function faultCells({ event, verdict, recoveredMs, lines, duplicates, gaps }: Row): string[] {
  return [event, verdict, `${recoveredMs} ms`, `${lines}`, `${duplicates}`, `${gaps}`];
}

function commandCells({ name, lines, duplicates, gaps, sha256, isSame, exitCode }: CheckedCommand): string[] {
  const verdict = `${sha256.slice(0, 16)}… ${isSame ? "as printed" : "DIFFERS"}`;
  return [name, `${lines}`, `${duplicates}`, `${gaps}`, verdict, `${exitCode}`];
}

function tableOf(columns: readonly string[], rows: readonly string[][]): string {
  const isNumber = (column: string): boolean =>
    ["recovered in", "lines", "duplicates", "gaps", "exit code"].includes(column);
  const table = new Table({
    head: [...columns],
    colAligns: columns.map((column) => (isNumber(column) ? "right" : "left")),
    style: { head: [], border: [], compact: true },
  });
  table.push(...rows.map((row) => [...row]));
  return table.toString();
}

function paint(text: string, colour: number): string {
  return process.stdout.isTTY ? `\u001b[${colour}m${text}\u001b[0m` : text;
}
