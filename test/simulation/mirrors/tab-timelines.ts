import type { TransitionSink } from "../../../src/machine/transition-log.ts";
import type { HostRuntime } from "../../../src/runtime/host-runtime.ts";
import type { AgentTimeline, OwnedAgentTimeline } from "../../../src/runtime/mirror/agent-timeline.ts";
import { createAgentTimeline } from "../../../src/runtime/mirror/create-agent-timeline.ts";
import type { MirrorHost } from "../../../src/runtime/mirror/mirror-host.ts";
import type { MirrorStorage } from "../../../src/runtime/storage/mirror-storage.ts";
import type { SimulatedRandom } from "../../../src/testing/simulated-random.ts";
import type { Judge } from "../session/judge.ts";
import type { Ledger } from "../session/ledger.ts";
import type { Process } from "../session/process.ts";
import type { DaemonTimelines } from "./daemon-timelines.ts";
import { findTimelineDifference, TimelineJudge, type TimelineSubject } from "./timeline-judge.ts";

/** What timelines are looked at with. */
export interface TimelineProgram {
  readonly judge: Judge;
  readonly ledger: Ledger;
  readonly name: string;
  readonly process: Process;
  readonly runtime: HostRuntime;
  readonly random: SimulatedRandom;
  readonly timelines: DaemonTimelines;
  readonly storage: MirrorStorage | undefined;
  readonly onTransition: TransitionSink;
  readonly onError: (error: unknown) => void;
}

/** Few, so that pages and the room for items are met again and again. */
const SMALL = { pageSize: 5, maxItems: 20 };
const HESITATION_MS = 800;
const SMALL_PREFIX = "small/";
/** What a timeline of a runtime shows. */
const MAX_ITEMS = 10_000;

/** A timeline that somebody looks at. */
interface View {
  readonly subject: TimelineSubject;
  readonly judge: TimelineJudge;
  isLoading: boolean;
  shown: number;
}

/**
 * The timelines that a tab looks at: one of its runtime, with pages of a hundred items, watched while somebody looks; and a
 * small one of its own, which is started and stopped, and has room for a few pages of a few items.
 */
export class TabTimelines {
  private readonly program: TimelineProgram;
  private readonly small: OwnedAgentTimeline;
  private readonly large: AgentTimeline;
  private readonly views: readonly [small: View, large: View];
  private smallPhase: "stopped" | "started" | "over" = "stopped";
  private smallStops = 0;
  private lookAway: (() => void) | undefined = undefined;

  /** @param agentIds Whose timelines: one, or two. */
  constructor(program: TimelineProgram, agentIds: readonly string[]) {
    this.program = program;
    const [first = "", second = first] = agentIds;
    this.small = createAgentTimeline(this.createHost(), first, SMALL);
    this.large = program.runtime.timeline(second);
    this.views = [this.view(this.small, SMALL.maxItems), this.view(this.large, MAX_ITEMS)];
    this.small.items.subscribe(() => this.look(this.views[0]));
    program.runtime.subscribe(() => this.follow());
  }

  /** The timeline that is kept under a key. */
  find(key: string): AgentTimeline | undefined {
    const { small, large } = this;
    if (key.startsWith(SMALL_PREFIX)) return small;
    return key.endsWith(`/${large.agentId}`) ? this.large : undefined;
  }

  /** How often the timeline that is kept under a key was stopped. */
  stopsOf(key: string): number {
    return key.startsWith(SMALL_PREFIX) ? this.smallStops : 0;
  }

  /** Somebody does something with them. */
  act(): void {
    const { small, large, program } = this;
    const kind = program.random.int(100);
    const one = program.random.chance(0.6) ? small : large;
    if (kind < 60) this.loadEarlier(one);
    else if (kind < 75) this.toggleLooking();
    else if (kind < 90 && this.smallPhase === "started") this.stopSmall();
    else if (kind < 90) this.startSmall();
    else one.refresh();
  }

  /** From now on all are looked at. */
  rest(): void {
    if (this.lookAway === undefined) this.toggleLooking();
    this.startSmall();
  }

  /** What is gone is asked for again: the agent was deleted, and there is another one of its id. */
  askAgain(): void {
    for (const { subject } of this.views) {
      if (subject.timeline.sync.getSnapshot().state.case === "gone") subject.timeline.refresh();
    }
  }

  /** Loads what is before, as far as there is room. @returns Whether there is nothing more to load. */
  loadAll(): boolean {
    const open = this.views.filter(({ subject: { timeline, maxItems } }) => {
      const { hasEarlier, items } = timeline.items.getSnapshot();
      return hasEarlier && items.length + SMALL.pageSize <= maxItems;
    });
    for (const { subject, isLoading } of open) if (!isLoading) this.loadEarlier(subject.timeline);
    return open.length === 0;
  }

  /** A connection, or the channel, was lost. @param what Pages that are on their way go on over it, or are cut off. */
  cut(what: "earlier pages over a cut" | "earlier pages cut"): void {
    const count = this.views.filter(({ isLoading }) => isLoading).length;
    if (count > 0) this.program.judge.facts.count(what, count);
  }

  /** Why one of them does not show what is true, if so. */
  findDifference(): string | undefined {
    for (const { subject } of this.views) {
      const difference = findTimelineDifference(subject);
      if (difference !== undefined) return difference;
    }
    return undefined;
  }

  private createHost(): MirrorHost {
    const { process, random, runtime, storage, onTransition, onError } = this.program;
    return {
      ...{ clock: process.clock, random, onTransition, onError, storage, keyPrefix: SMALL_PREFIX },
      service: (service) => runtime.service(service),
      peer: () => runtime.getSnapshot(),
    };
  }

  private view(timeline: AgentTimeline, maxItems: number): View {
    const { judge, name, timelines } = this.program;
    const subject = { judge, name, timelines, timeline, maxItems };
    return { subject, judge: new TimelineJudge(subject), isLoading: false, shown: 0 };
  }

  private look(view: View): void {
    const { facts } = this.program.judge;
    view.judge.look();
    const { earlier, items } = view.subject.timeline.items.getSnapshot();
    if (view.isLoading && earlier === "idle") {
      facts.count(items.length > view.shown ? "earlier pages shown" : "earlier pages dropped");
    }
    if (view.isLoading && typeof earlier === "object") facts.count(`earlier pages failed ${earlier.failed.code}`);
    view.isLoading = earlier === "loading";
    view.shown = items.length;
  }

  private loadEarlier(timeline: AgentTimeline): void {
    const { ledger, process } = this.program;
    ledger.watch(timeline.loadEarlier(), process, "earlier items");
  }

  private toggleLooking(): void {
    if (this.lookAway === undefined) {
      this.lookAway = this.large.items.subscribe(() => this.look(this.views[1]));
      return;
    }
    this.lookAway();
    this.lookAway = undefined;
  }

  private startSmall(): void {
    const { small, program } = this;
    if (this.smallPhase !== "stopped" || program.runtime.getSnapshot().sessionRef === "") return;
    this.smallPhase = "started";
    small.start();
  }

  private stopSmall(): void {
    const { small, program } = this;
    if (this.smallPhase !== "started") return;
    this.smallPhase = "stopped";
    this.smallStops += 1;
    program.ledger.watch(small.stop(), program.process, "the stop of a timeline");
  }

  /** Small timelines begin with the session key, and end with the runtime. */
  private follow(): void {
    const { host } = this.program.runtime.getSnapshot();
    if (host.state.case === "stopped") {
      this.stopSmall();
      this.smallPhase = "over";
    } else if (host.state.case === "selecting" && this.smallPhase === "stopped") {
      this.startSmall();
      if (this.program.random.chance(0.4)) this.hesitate();
    }
  }

  /** Somebody closes it as soon as it is open, and opens it again. */
  private hesitate(): void {
    const { process, random } = this.program;
    const pause = (): Promise<void> => process.pause(random.int(HESITATION_MS));
    void pause()
      .then(() => this.stopSmall())
      .then(pause)
      .then(() => this.startSmall());
  }
}
