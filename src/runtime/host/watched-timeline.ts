import type { Clock, Timer } from "../../core/clock.ts";
import type { AgentTimeline, OwnedAgentTimeline } from "../mirror/agent-timeline.ts";
import type { Source } from "../source.ts";

/** How long a timeline is watched after the last one has looked away, in milliseconds. */
export const LINGER_MS = 30_000;

/** Who owns a {@link WatchedTimeline}. */
export interface TimelineOwner {
  /** Whether the host follows its daemon now. */
  isFollowing(): boolean;
  /** Somebody listens to the timeline. */
  looked(timeline: WatchedTimeline): void;
  /** Nobody does any more, nor did a moment ago. */
  leftAlone(timeline: WatchedTimeline): void;
}

/**
 * A timeline that is watched while somebody listens to it, and 30 s longer: subscribing says that it is looked at, and
 * nothing else. Spec: HOST-15.
 */
export class WatchedTimeline implements AgentTimeline {
  readonly agentId: string;
  readonly sync: AgentTimeline["sync"];
  readonly items: AgentTimeline["items"];
  private readonly timeline: OwnedAgentTimeline;
  private readonly clock: Clock;
  private readonly owner: TimelineOwner;
  private listenerCount = 0;
  private lingering: Timer | undefined = undefined;

  constructor(timeline: OwnedAgentTimeline, clock: Clock, owner: TimelineOwner) {
    this.timeline = timeline;
    this.clock = clock;
    this.owner = owner;
    this.agentId = timeline.agentId;
    this.sync = this.watch(timeline.sync);
    this.items = this.watch(timeline.items);
  }

  /** An intent, as in AgentTimeline. */
  loadEarlier(): Promise<void> {
    return this.timeline.loadEarlier();
  }

  /** An intent, as in AgentTimeline. */
  refresh(): void {
    this.timeline.refresh();
  }

  /** The host follows its daemon from now on. */
  follow(): void {
    this.timeline.start();
  }

  /** The program may be about to end. */
  save(): void {
    this.timeline.save();
  }

  /** The host is done. Resolves when a storage has what it is to have. */
  end(): Promise<void> {
    this.lingering?.cancel();
    this.lingering = undefined;
    return this.timeline.stop();
  }

  private watch<T>(source: Source<T>): Source<T> {
    return {
      getSnapshot: source.getSnapshot,
      subscribe: (listener) => {
        const unsubscribe = source.subscribe(listener);
        this.come();
        let isHere = true;
        return () => {
          unsubscribe();
          if (isHere) this.leave();
          isHere = false;
        };
      },
    };
  }

  private come(): void {
    this.listenerCount += 1;
    this.lingering?.cancel();
    this.lingering = undefined;
    this.owner.looked(this);
    if (this.owner.isFollowing()) this.timeline.start();
  }

  private leave(): void {
    this.listenerCount -= 1;
    if (this.listenerCount > 0) return;
    if (!this.owner.isFollowing()) this.owner.leftAlone(this);
    else this.lingering = this.clock.setTimer(LINGER_MS, () => this.rest());
  }

  private rest(): void {
    this.lingering = undefined;
    this.owner.leftAlone(this);
    this.timeline.stop();
  }
}
