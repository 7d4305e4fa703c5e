import { globSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import type { JsonValue } from "@bufbuild/protobuf";
import type { Trace } from "../../src/testing/trace.ts";

const FOLDER = import.meta.dirname;
const LINE_WIDTH = 120;

/** The names of the traces beside this file, without `.json`, sorted. */
export function listTraces(): string[] {
  return globSync("*.json", { cwd: FOLDER })
    .map((file) => basename(file, ".json"))
    .sort();
}

/** Reads a trace. */
export function readTrace(name: string): Trace {
  return JSON.parse(readFileSync(join(FOLDER, `${name}.json`), "utf8")) as Trace;
}

/** Writes a trace the way the formatter would. */
export function writeTrace(name: string, trace: Trace): void {
  writeFileSync(join(FOLDER, `${name}.json`), `${printJson(JSON.parse(JSON.stringify(trace)) as JsonValue, 0, 0)}\n`);
}

/** What fits into the line stays in it; anything else is broken up one level. `taken` is what the line has already. */
function printJson(json: JsonValue, indent: number, taken: number): string {
  const line = printLine(json);
  const mustBreak = indent === 0 || (typeof json === "object" && json !== null && "event" in json);
  if (!mustBreak && taken + line.length + 1 <= LINE_WIDTH) return line;
  if (json === null || typeof json !== "object") return line;
  const [open, close] = Array.isArray(json) ? "[]" : "{}";
  const entries = Array.isArray(json)
    ? json.map((value) => ["", value] as const)
    : Object.entries(json).map(([key, value]) => [`${JSON.stringify(key)}: `, value] as const);
  if (entries.length === 0) return line;
  const pad = " ".repeat(indent + 2);
  const lines = entries.map(([key, value]) => `${pad}${key}${printJson(value, indent + 2, pad.length + key.length)}`);
  return `${open}\n${lines.join(",\n")}\n${" ".repeat(indent)}${close}`;
}

function printLine(json: JsonValue): string {
  if (json === null || typeof json !== "object") return JSON.stringify(json);
  if (Array.isArray(json)) return `[${json.map(printLine).join(", ")}]`;
  const entries = Object.entries(json).map(([key, value]) => `${JSON.stringify(key)}: ${printLine(value)}`);
  return entries.length === 0 ? "{}" : `{ ${entries.join(", ")} }`;
}
