import type { TimelineItem } from "../../../gen/moorline/agent/v1/timeline_pb.ts";
import type { AgentTimeline, TimelineItems } from "../../../src/runtime/mirror/agent-timeline.ts";
import type { Judge } from "../session/judge.ts";
import type { DaemonTimelines } from "./daemon-timelines.ts";
import { type LogHistory, labelOf } from "./log-history.ts";

/** What a {@link TimelineJudge} needs to know. */
export interface TimelineSubject {
  readonly judge: Judge;
  /** Who looks, for people. */
  readonly name: string;
  readonly timelines: DaemonTimelines;
  readonly timeline: AgentTimeline;
  /** The most items that may be shown. */
  readonly maxItems: number;
}

/** The text of an item. */
export function textOf({ content }: TimelineItem): string {
  return content.case === "assistantMessage" ? content.value.text : "";
}

/**
 * items complete and once, in order of seq (MIRROR-7); each as it was at its revision, and never an older one in the place
 * of a newer one; what has not changed is the very same object (MIRROR-4); and no more than may be shown.
 */
export class TimelineJudge {
  private readonly subject: TimelineSubject;
  private before: TimelineItems;

  constructor(subject: TimelineSubject) {
    this.subject = subject;
    this.before = subject.timeline.items.getSnapshot();
  }

  /** Looks at what is shown. */
  look(): void {
    const { timeline } = this.subject;
    const { before } = this;
    const shown = timeline.items.getSnapshot();
    if (shown === before) return;
    this.before = shown;
    this.judgeOrder(shown);
    const history = this.historyOf(shown);
    const earlier = this.historyOf(before);
    if (history === undefined) return;
    this.claim(history.lifetime >= (earlier?.lifetime ?? 0), () => `shows ${history.label} after ${earlier?.label}`);
    const known = new Map(history === earlier ? before.items.map((item) => [item.seq, item]) : []);
    for (const item of shown.items) this.judgeItem(item, known.get(item.seq), history);
  }

  private judgeOrder({ items, hasEarlier }: TimelineItems): void {
    const { maxItems } = this.subject;
    const first = items[0]?.seq ?? 1n;
    const isRow = items.every(({ seq }, index) => seq === first + BigInt(index));
    this.claim(isRow, () => `shows the items ${items.map(({ seq }) => seq).join(" ")}`);
    this.claim(hasEarlier || first === 1n, () => `begins with ${first}, and says that there is nothing before`);
    this.claim(items.length <= maxItems, () => `shows ${items.length} items, and ${maxItems} at most`);
  }

  private judgeItem(item: TimelineItem, before: TimelineItem | undefined, history: LogHistory): void {
    if (item === before) return;
    const { seq, revision } = item;
    const version = history.find(Number(seq), Number(revision));
    this.claim(version?.text === textOf(item), () => {
      return `shows ${seq} at ${revision} as "${textOf(item)}", which was "${version?.text}"`;
    });
    if (before === undefined) return;
    this.claim(revision >= before.revision, () => `nothing older: ${seq} at ${revision} after ${before.revision}`);
    this.claim(revision !== before.revision, () => `shows ${seq} at ${revision} as another object than before`);
  }

  private historyOf({ items }: TimelineItems): LogHistory | undefined {
    const [first] = items;
    return first && this.subject.timelines.histories.get(labelOf(textOf(first)));
  }

  private claim(holds: boolean, broken: () => string): void {
    const { judge, name, timeline } = this.subject;
    judge.claim(holds, () => `timeline ${timeline.agentId} of ${name} ${broken()}`);
  }
}

/** Why a timeline does not show what is true, if so: the end of the log, as it is now, back to some item without a gap. */
export function findTimelineDifference({ timelines, timeline }: TimelineSubject): string | undefined {
  const { agentId, sync, items } = timeline;
  const phase = sync.getSnapshot().state.case;
  if (phase !== "ready") return `its timeline ${agentId} is ${phase}`;
  const present = timelines.present(agentId);
  const shown = items.getSnapshot().items;
  const last = Number(shown.at(-1)?.seq ?? 0);
  if (last !== present?.history.lastSeq) {
    return `its timeline ${agentId} ends at ${last} and not at ${present?.history.lastSeq}`;
  }
  const wrong = shown.find((item) => present.history.latest(Number(item.seq))?.text !== textOf(item));
  return wrong === undefined ? undefined : `its timeline ${agentId} shows ${wrong.seq} wrong`;
}
