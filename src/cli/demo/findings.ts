import type { DemoClient } from "./demo-client.ts";
import type { DemoDaemon } from "./demo-daemon.ts";
import type { ClientMessage, ItemMark, TimelineRecord } from "./messages.ts";

/** What a demo has seen, to be judged. */
export interface Findings {
  /** The clients, in the order in which they ran. */
  readonly clients: readonly DemoClient[];
  /** The daemon's runs, in their order. */
  readonly daemons: readonly DemoDaemon[];
  /** What became of the session when client and daemon were started again, by its name in the schema. */
  readonly verdicts: readonly string[];
  /** What was shown of the command that was cut before the daemon was started again. */
  readonly shownBeforeRestart: readonly ItemMark[];
  /** The timelines of the first three commands, read after that. */
  readonly records: readonly TimelineRecord[];
  /** The timeline of the command that was cut, read once more after the last command had run. */
  readonly cutRecord: TimelineRecord;
  /** What the mirror of the directory shows at the end, and what the daemon lists. */
  readonly directory: Extract<ClientMessage, { type: "listed" }>;
}
