import type { JsonValue } from "@bufbuild/protobuf";

/** What the client of the demo is started with; handed over as JSON in its only argument. */
export interface ClientOptions {
  /** Where it keeps the secret that its session key comes from. */
  readonly home: string;
  /** The file of the daemon's token. */
  readonly tokenFile: string;
  /** Where the daemon is reached, through the cutter. */
  readonly endpoint: string;
  /** The daemon's id. */
  readonly serverId: string;
}

/** What the client is told to do, a line of JSON each. At the end of its input it closes. */
export type ClientOrder =
  /** Have this command run as an agent, and follow its timeline. */
  | { readonly order: "create"; readonly command: number; readonly key: string }
  /** Read the timeline of an agent from its beginning. */
  | { readonly order: "read"; readonly command: number; readonly agentId: string }
  /** Compare the mirror of the directory with what the daemon lists. */
  | { readonly order: "list" };

/** How far what a client follows has come. */
export interface Progress {
  /** Lines of standard output that were shown. */
  readonly lines: number;
  /** Items of timelines that were shown once more. */
  readonly duplicates: number;
  /** Items of timelines that were passed over. */
  readonly gaps: number;
}

/** An item of a timeline, and what it was when it was seen. */
export interface ItemMark {
  readonly seq: number;
  readonly revision: number;
  /** The SHA-256 of the whole item, in hex. */
  readonly sha256: string;
}

/** What a command wrote to its standard output. */
export interface Printed {
  /** How many lines. */
  readonly lines: number;
  /** How many bytes. */
  readonly bytes: number;
  /** Their SHA-256, in hex. */
  readonly sha256: string;
  /** How it exited. Absent where it has not, or a signal has ended it. */
  readonly exitCode?: number;
}

/** How a command came through that was followed to its end. */
export interface CommandResult extends Progress, Printed {
  /** The status of its agent at the end, by its name in the schema. */
  readonly status: string;
  /** Why the agent could not go on, by its name in the schema. Empty where it came to its end. */
  readonly failure: string;
}

/** A timeline that was read from its beginning. */
export interface TimelineRecord extends Printed {
  readonly epoch: string;
  readonly revision: number;
  readonly items: readonly ItemMark[];
}

/** What the client says, a line of JSON each. */
export type ClientMessage =
  /** A record of the transition log, as proto JSON. */
  | { readonly type: "transition"; readonly transition: JsonValue }
  /** A connection was welcomed; `resumption` is the verdict by its name in the schema. */
  | { readonly type: "welcomed"; readonly resumption: string; readonly progress: Progress }
  /** An agent is there. */
  | { readonly type: "created"; readonly command: number; readonly agentId: string; readonly epoch: string }
  /** An item was shown. */
  | { readonly type: "shown"; readonly command: number; readonly item: ItemMark; readonly progress: Progress }
  /** A command has ended. */
  | { readonly type: "ended"; readonly command: number; readonly result: CommandResult }
  /** A timeline was read. */
  | { readonly type: "read"; readonly command: number; readonly record: TimelineRecord }
  /** What the mirror shows and what the daemon lists, as proto JSON, by id. */
  | { readonly type: "listed"; readonly mirrored: readonly JsonValue[]; readonly listed: readonly JsonValue[] }
  /** It failed. */
  | { readonly type: "failed"; readonly message: string };

/** The label that says which command an agent runs. */
export const COMMAND_LABEL = "moorline-demo-command";
