import type { Clock, Timer } from "../../core/clock.ts";
import type { AgentTimeline, OwnedAgentTimeline } from "../mirror/agent-timeline.ts";
import type { Source } from "../source.ts";

/** How long a timeline is watched after the last one has looked away, in milliseconds. */
export const LINGER_MS = 30_000;

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
  private readonly isHostFollowing: () => boolean;
  private listenerCount = 0;
  private lingering: Timer | undefined = undefined;

  /** @param isHostFollowing Whether the host may follow its daemon now. */
  constructor(timeline: OwnedAgentTimeline, clock: Clock, isHostFollowing: () => boolean) {
    this.timeline = timeline;
    this.clock = clock;
    this.isHostFollowing = isHostFollowing;
    this.agentId = timeline.agentId;
    this.sync = this.watch(timeline.sync);
    this.items = this.watch(timeline.items);
  }

  /** Whether somebody listens, or did a moment ago. */
  get isWatched(): boolean {
    return this.listenerCount > 0 || this.lingering !== undefined;
  }

  /** An intent, as in AgentTimeline. */
  loadEarlier(): Promise<void> {
    return this.timeline.loadEarlier();
  }

  /** An intent, as in AgentTimeline. */
  refresh(): void {
    this.timeline.refresh();
  }

  /** The host may follow its daemon from now on. */
  follow(): void {
    if (this.isWatched) this.timeline.start();
  }

  /** The host is done, or nobody looks at the timeline any more. */
  end(): void {
    this.lingering?.cancel();
    this.lingering = undefined;
    this.timeline.stop();
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
    if (this.isHostFollowing()) this.timeline.start();
  }

  private leave(): void {
    this.listenerCount -= 1;
    if (this.listenerCount > 0 || !this.isHostFollowing()) return;
    this.lingering = this.clock.setTimer(LINGER_MS, () => {
      this.lingering = undefined;
      this.timeline.stop();
    });
  }
}
