import { create } from "@bufbuild/protobuf";
import { AssistantMessageSchema } from "../../../gen/moorline/agent/v1/timeline_pb.ts";
import { createAgentNotFound } from "../../../src/daemon/directory/agent-not-found.ts";
import { type EncodedItem, encodeItem } from "../../../src/daemon/timeline/timeline-item.ts";
import { createTimelineService } from "../../../src/daemon/timeline/timeline-service.ts";
import { createTimelineStore } from "../../../src/server/timeline/create-timeline-store.ts";
import { MemoryTimelines } from "../../../src/server/timeline/memory-timelines.ts";
import type { TimelineLog, TimelinePosition, TimelineStore } from "../../../src/server/timeline/timeline-store.ts";
import type { SimulatedRandom } from "../../../src/testing/simulated-random.ts";
import type { Judge } from "../session/judge.ts";
import type { Process } from "../session/process.ts";
import { LogHistory } from "./log-history.ts";

type Service = ReturnType<typeof createTimelineService>;

/**
 * What happens while somebody asks for a page: an item of it changes twice before it is read; or one changes after that, and
 * the page is late; or there is another log before it comes.
 */
const TROUBLES = ["none", "none", "before", "before", "during", "during", "anew"] as const;
/** How long an answer takes that takes a while. */
const MAX_LATE_MS = 500;
/** Changes of a turn, at most. */
const MAX_BURST = 4;
/** How long logs are at first. The longest has several pages of a hundred. */
const LENGTHS = [0, 4, 30, 30, 130, 230];
/** When items were begun, for people: simulated time has fractions of a millisecond, and a real wall clock none. */
const CREATED_MS = Date.UTC(2030, 0, 1);
/** Letters that have one, two, three and four bytes in UTF-8. */
const LETTERS = ["a", "é", "⚓", "🚢"];

/** The timelines of the daemon: on a disk that outlives its processes, with everything that was ever true of them. */
export class DaemonTimelines {
  /** By the labels of their texts. */
  readonly histories = new Map<string, LogHistory>();
  private readonly judge: Judge;
  private readonly random: SimulatedRandom;
  private readonly disk = new MemoryTimelines(() => Number.POSITIVE_INFINITY);
  /** By the epochs of the logs. */
  private readonly byEpoch = new Map<string, LogHistory>();
  private readonly agentIds: readonly string[];
  private store: TimelineStore | undefined = undefined;
  private phase: "restless" | "calm" = "restless";

  /** @param count How many agents have a timeline. */
  constructor(judge: Judge, random: SimulatedRandom, count: number) {
    this.judge = judge;
    this.random = random;
    this.agentIds = Array.from({ length: count }, (_, index) => `log-${index}`);
  }

  /** A process reads what the one before had committed; the first one begins the logs. */
  restart({ clock }: Process): void {
    const isFirst = this.store === undefined;
    this.store = createTimelineStore(this.disk, { clock, random: this.random.fork() });
    for (const agentId of this.agentIds) {
      // Where the process before has ended between a deletion and what was to follow, there is none.
      void this.begin(agentId).then((log) => {
        const length = isFirst ? this.random.pick(LENGTHS) : 0;
        for (let i = 0; i < length; i += 1) this.append(log);
      });
    }
  }

  /** Something happens to timelines, where there are any: a few things in one turn. */
  change(): void {
    if (this.agentIds.length === 0) return;
    for (let i = this.random.int(MAX_BURST); i >= 0; i -= 1) this.changeOne(this.random.pick(this.agentIds));
  }

  /** Nothing happens by itself from now on, and every answer comes at once. */
  calm(): void {
    this.phase = "calm";
  }

  /** What was ever true of the log of an epoch. */
  historyOf(epoch: string): LogHistory | undefined {
    return this.byEpoch.get(epoch);
  }

  /** What is true of an agent's log now. Undefined where it has none. */
  present(agentId: string): { readonly history: LogHistory; readonly log: TimelineLog } | undefined {
    const log = this.store?.find(agentId);
    const history = log && this.byEpoch.get(log.epoch);
    return history && log && { history, log };
  }

  /** The timelines as a process of the daemon serves them: some answers take a while, and are overtaken by others. */
  createService(process: Process): Service {
    const { store, judge, random } = this;
    const linger = async (): Promise<void> => {
      if (this.phase === "restless" && random.chance(0.4)) await process.pause(random.int(MAX_LATE_MS));
    };
    const find = (agentId: string): TimelineLog => {
      const log = store?.find(agentId);
      if (log === undefined) throw createAgentNotFound(agentId);
      return log;
    };
    const service = createTimelineService(find);
    return {
      listTimeline: async (request, context) => {
        judge.facts.count(request.position.case === "beforeSeq" ? "earlier pages asked" : "last pages asked");
        const read = async () => service.listTimeline(request, context);
        const trouble = this.phase === "restless" ? random.pick(TROUBLES) : "none";
        if (trouble === "before") await this.touch(process, request.agentId, (await read()).items);
        const page = await read();
        if (trouble === "during") void this.touch(process, request.agentId, page.items);
        if (trouble === "anew") void this.beginAnew(request.agentId);
        if (trouble === "during" || trouble === "anew") await process.pause(random.int(MAX_LATE_MS));
        return page;
      },
      watchTimeline: async function* (request, context) {
        const isKnown = request.cursor?.epoch === store?.find(request.agentId)?.epoch;
        judge.facts.count(isKnown ? "timelines went on from their cursor" : "timelines of another epoch");
        const isSlow = random.chance(0.5);
        for await (const piece of service.watchTimeline(request, context)) {
          if (isSlow) await linger();
          yield piece;
        }
      },
    };
  }

  private changeOne(agentId: string): void {
    const { random } = this;
    const log = this.store?.find(agentId);
    if (log === undefined) return;
    const kind = random.int(100);
    if (kind < 40) this.append(log);
    else if (kind < 70) this.grow(log);
    else if (kind < 97) this.replace(log);
    else void this.beginAnew(agentId);
  }

  /** An item of a page changes, and a moment later once more. */
  private async touch(
    process: Process,
    agentId: string,
    items: readonly { readonly seq?: bigint }[] = [],
  ): Promise<void> {
    const { random } = this;
    if (items.length === 0) return;
    const { seq = 1n } = random.pick(items);
    for (let i = 0; i < 2; i += 1) {
      const log = this.store?.find(agentId);
      if (log !== undefined && Number(seq) <= log.lastSeq) this.growAt(log, Number(seq));
      await process.pause(random.int(MAX_LATE_MS / 5));
    }
  }

  private async begin(agentId: string): Promise<TimelineLog> {
    const { byEpoch, histories, store } = this;
    if (store === undefined) throw new Error("no process of the daemon has run");
    const log = await store.open(agentId);
    if (byEpoch.has(log.epoch)) return log;
    const lifetime = [...byEpoch.values()].filter((history) => history.agentId === agentId).length + 1;
    const history = new LogHistory(agentId, lifetime);
    byEpoch.set(log.epoch, history);
    histories.set(history.label, history);
    return log;
  }

  /** The agent is deleted, and another one has its name. */
  private async beginAnew(agentId: string): Promise<void> {
    this.judge.facts.count("timelines begun anew");
    await this.store?.delete(agentId);
    const log = await this.begin(agentId);
    for (let i = this.random.int(40); i > 0; i -= 1) this.append(log);
  }

  private append(log: TimelineLog): void {
    const { payload, text } = this.write(log);
    this.note(log, log.append(payload, { text, createdAtMs: CREATED_MS }), () => text);
  }

  private replace(log: TimelineLog): void {
    if (log.lastSeq === 0) return;
    const { payload, text } = this.write(log);
    this.note(log, log.replace(1 + this.random.int(log.lastSeq), payload, text), () => text);
  }

  /** Mostly the last item grows; sometimes it is one that nobody has looked at for long. */
  private grow(log: TimelineLog): void {
    const { random } = this;
    if (log.lastSeq === 0) return;
    this.growAt(log, random.chance(0.5) ? log.lastSeq : 1 + random.int(log.lastSeq));
  }

  private growAt(log: TimelineLog, seq: number): void {
    const more = this.letters();
    const history = this.byEpoch.get(log.epoch);
    this.note(log, log.appendText(seq, more), () => `${history?.latest(seq)?.text}${more}`);
  }

  /** Written down when it is committed, in the order of the revisions: nobody is shown anything before. */
  private note(log: TimelineLog, work: Promise<TimelinePosition>, text: () => string): void {
    const history = this.byEpoch.get(log.epoch);
    const noted = work.then(({ seq, revision }) => history?.note(seq, { revision, text: text() }));
    // A log that is being deleted refuses.
    noted.catch(() => this.judge.facts.count("changes of deleted timelines"));
  }

  private write(log: TimelineLog): EncodedItem {
    const text = `${this.byEpoch.get(log.epoch)?.label} ${this.letters()}`;
    return encodeItem({ case: "assistantMessage", value: create(AssistantMessageSchema, { text }) });
  }

  private letters(): string {
    return this.random.pick(LETTERS).repeat(1 + this.random.int(8));
  }
}
