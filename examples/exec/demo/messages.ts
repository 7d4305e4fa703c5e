import type { JsonValue } from "@bufbuild/protobuf";

/** What a process of the demo needs to know; handed over as JSON in its only argument. */
export interface ProcessOptions {
  /** The folder that the demo's processes share. */
  readonly home: string;
  /** Client: where the daemon is reached, through the cutter. */
  readonly endpoint?: string;
  /** Client: the daemon's id. */
  readonly serverId?: string;
  /** Client: which of the demo's commands it has run, all at once. */
  readonly commands?: readonly number[];
}

/** How far the lines of a client have come. */
export interface Progress {
  /** Lines that arrived. */
  readonly lines: number;
  /** Lines that arrived once more. */
  readonly duplicates: number;
  /** Lines that were passed over. */
  readonly gaps: number;
}

/** What a process of the demo says, a line of JSON each. */
export type ProcessMessage =
  /** Server: it can be reached. */
  | { readonly type: "listening"; readonly endpoint: string; readonly serverId: string }
  /** A record of the transition log, as proto JSON. */
  | { readonly type: "transition"; readonly transition: JsonValue }
  /** Client: a connection was welcomed; `resumption` is the verdict by its name in the schema. */
  | { readonly type: "welcomed"; readonly resumption: string; readonly progress: Progress }
  /** Client: lines go on arriving. */
  | { readonly type: "progress"; readonly progress: Progress }
  /** Client: a command has ended. */
  | { readonly type: "ended"; readonly command: number; readonly result: CommandResult }
  /** Client: it failed. */
  | { readonly type: "failed"; readonly message: string };

/** What a command has printed. */
export interface CommandResult extends Progress {
  /** The SHA-256 of the lines, each with a line break, in hex. */
  readonly sha256: string;
  /** The exit code. */
  readonly exitCode: number;
}

/** Says a message to the process that has started this one. */
export function say(message: ProcessMessage): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

/** What this process was started with. */
export function readOptions(): ProcessOptions {
  return JSON.parse(process.argv[2] ?? "{}") as ProcessOptions;
}
