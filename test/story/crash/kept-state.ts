import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Agent } from "../../../gen/moorline/agent/v1/agent_pb.ts";
import type { TimelineItem } from "../../../gen/moorline/agent/v1/timeline_pb.ts";
import { readStoredAgent } from "../../../src/daemon/agent/stored-agent.ts";
import { statePathsOf } from "../../../src/daemon/state-directory.ts";
import { decodeItem } from "../../../src/daemon/timeline/timeline-item.ts";
import { createSqliteTimelineStore, openSqliteDatabase, type TimelineLog } from "../../../src/server/index.ts";

/** An agent as a dead daemon has left it. */
export interface KeptAgentState {
  readonly agent: Agent;
  /** Its whole timeline, by seq. */
  readonly items: readonly TimelineItem[];
}

/** What a dead daemon has left. */
export interface KeptState {
  readonly agents: ReadonlyMap<string, KeptAgentState>;
  /** What SQLite says of its own file: `ok`. */
  readonly integrity: string;
}

/** Reads what is in a state directory, from a copy: the next daemon finds everything as the last one has left it. */
export async function readKeptState(stateDirectory: string): Promise<KeptState> {
  const copy = mkdtempSync(join(tmpdir(), "moorline-crash-copy-"));
  try {
    cpSync(stateDirectory, copy, { recursive: true });
    const database = await openSqliteDatabase(statePathsOf(copy).database);
    const store = createSqliteTimelineStore(database);
    const integrity = Object.values(database.prepare("PRAGMA integrity_check").get() ?? {}).join();
    const agents = new Map(
      store.list().map((log) => [log.name, { agent: readStoredAgent(log).agent, items: readItems(log) }]),
    );
    store.close();
    database.close();
    return { agents, integrity };
  } finally {
    rmSync(copy, { recursive: true });
  }
}

function readItems(log: TimelineLog): TimelineItem[] {
  const items: TimelineItem[] = [];
  for (let afterSeq = 0, isMore = true; isMore; afterSeq = Number(items.at(-1)?.seq ?? 0)) {
    const page = log.page({ afterSeq, maxRows: 1_000 });
    items.push(...page.items.map(decodeItem));
    isMore = page.hasLater;
  }
  return items;
}
