import { fromBinary } from "@bufbuild/protobuf";
import { AgentSchema } from "../../../gen/moorline/agent/v1/agent_pb.ts";
import { DirectoryCursorSchema } from "../../../gen/moorline/agent/v1/directory_service_pb.ts";
import { TimelineItemSchema } from "../../../gen/moorline/agent/v1/timeline_pb.ts";
import { TimelineCursorSchema } from "../../../gen/moorline/agent/v1/timeline_service_pb.ts";
import type { StoredEntry } from "../../../src/runtime/storage/mirror-storage.ts";
import type { Judge } from "../session/judge.ts";
import type { AgentHistory } from "./agent-history.ts";
import type { DaemonTimelines } from "./daemon-timelines.ts";
import type { DiskState, DiskUser } from "./mirror-disk.ts";
import { textOf } from "./timeline-judge.ts";

/** Items of a timeline that a storage keeps, and mirrors, at most. Spec: MIRROR-9. */
const MAX_ITEMS = 1_000;

/**
 * a stored state is never ahead of its cursor, or torn from it (MIRROR-8): whoever shows it, and goes on from its cursor,
 * misses nothing. And one program never keeps an older state in the place of a newer one.
 */
export class StoredJudge {
  private readonly judge: Judge;
  private readonly agents: AgentHistory;
  private readonly timelines: DaemonTimelines;
  /** By users and keys: the last cursor that was kept. */
  private readonly cursors = new Map<DiskUser, Map<string, { readonly epoch: string; readonly revision: bigint }>>();

  constructor(judge: Judge, agents: AgentHistory, timelines: DaemonTimelines) {
    this.judge = judge;
    this.agents = agents;
    this.timelines = timelines;
  }

  /** A state is kept. @param upserted What of it is new. */
  kept(key: string, state: DiskState, upserted: readonly StoredEntry[], user: DiskUser): void {
    if (state.health === "damaged") return;
    if (key.includes("/timeline/")) this.judgeTimeline(key, state, upserted, user);
    else this.judgeDirectory(key, state, user);
  }

  private judgeDirectory(key: string, { cursor, entries }: DiskState, user: DiskUser): void {
    const { epoch, revision } = fromBinary(DirectoryCursorSchema, cursor);
    this.judgeAge(key, user, { epoch, revision });
    this.judge.claim(this.agents.knows(epoch), () => `a state is kept of ${epoch}, which never was`);
    for (const [id, versions] of this.agents.of(epoch)) {
      const known = versions.findLast((version) => version.revision <= revision);
      const entry = entries.get(id);
      if (entry === undefined) {
        const isGone = known?.title === undefined || versions.some((v) => v.revision > revision && !v.title);
        this.judge.claim(isGone, () => `torn: ${id} is not kept with the cursor ${revision}, and was there`);
        continue;
      }
      const { title } = fromBinary(AgentSchema, entry.bytes);
      const version = versions.find((one) => one.revision === BigInt(entry.revision));
      this.judge.claim(version?.title === title, () => `torn: ${id} is kept at ${entry.revision}, and never was so`);
      const isNew = known === undefined || BigInt(entry.revision) >= known.revision;
      this.judge.claim(isNew, () => {
        return `torn: ${id} is kept at ${entry.revision} with the cursor ${revision}, and changed at ${known?.revision}`;
      });
    }
  }

  private judgeTimeline(
    key: string,
    { cursor, entries }: DiskState,
    upserted: readonly StoredEntry[],
    user: DiskUser,
  ): void {
    const { epoch, revision } = fromBinary(TimelineCursorSchema, cursor);
    const history = this.timelines.historyOf(epoch);
    this.judgeAge(key, user, { epoch, revision });
    this.judge.claim(history !== undefined, () => `a timeline is kept of ${epoch}, which never was`);
    this.judge.claim(entries.size <= MAX_ITEMS, () => `memory bounded: ${entries.size} items are kept`);
    const seqs = [...entries.keys()].map(Number).sort((a, b) => a - b);
    const first = seqs[0] ?? 1;
    const isRow = seqs.every((seq, index) => seq === first + index);
    this.judge.claim(isRow, () => `torn: the items ${seqs.join(" ")} are kept`);
    for (let seq = first; ; seq += 1) {
      const known = history?.knownAt(seq, Number(revision));
      const entry = entries.get(`${seq}`);
      if (known === undefined && entry === undefined) break;
      const isKept = known === undefined || (entry !== undefined && entry.revision >= known.revision);
      this.judge.claim(isKept, () => {
        return `torn: item ${seq} is kept at ${entry?.revision} with the cursor ${revision}, and changed at ${known?.revision}`;
      });
    }
    for (const { bytes } of upserted) {
      const item = fromBinary(TimelineItemSchema, bytes);
      const version = history?.find(Number(item.seq), Number(item.revision));
      this.judge.claim(version?.text === textOf(item), () => `torn: item ${item.seq} is kept as it never was`);
    }
  }

  private judgeAge(key: string, user: DiskUser, cursor: { readonly epoch: string; readonly revision: bigint }): void {
    const cursors = this.cursors.get(user) ?? new Map();
    this.cursors.set(user, cursors);
    const before = cursors.get(key);
    cursors.set(key, cursor);
    const isOlder = before?.epoch === cursor.epoch && cursor.revision < before.revision;
    this.judge.claim(!isOlder, () => `nothing older: ${key} is kept at ${cursor.revision} after ${before?.revision}`);
  }
}
