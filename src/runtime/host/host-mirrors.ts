import type { SyncState } from "../../../gen/moorline/machine/v1/sync_moorline.ts";
import { syncPhaseOf } from "../../../gen/moorline/machine/v1/sync_moorline.ts";
import { HostPhase, SyncPhase } from "../../../gen/moorline/state/v1/phase_pb.ts";
import type { OwnedAgentDirectory } from "../mirror/agent-directory.ts";
import type { AgentTimeline } from "../mirror/agent-timeline.ts";
import { createAgentDirectory } from "../mirror/create-agent-directory.ts";
import { createAgentTimeline } from "../mirror/create-agent-timeline.ts";
import type { MirrorHost } from "../mirror/mirror-host.ts";
import { hostPhaseOf } from "../selectors.ts";
import type { HostCore } from "./host-core.ts";
import { type TimelineOwner, WatchedTimeline } from "./watched-timeline.ts";

/** Phases in which a runtime has a session key, and so may follow its daemon as soon as there is a connection. */
const STARTED: ReadonlySet<HostPhase> = new Set([
  ...[HostPhase.NO_CONNECTIONS, HostPhase.SELECTING, HostPhase.CONNECTING_ACTIVE, HostPhase.ONLINE],
  ...[HostPhase.INTERRUPTED, HostPhase.DEGRADED, HostPhase.ERROR],
]);
/** Timelines that are kept though nobody looks at them, at most. */
const MAX_IDLE_TIMELINES = 64;

/**
 * The mirrors of a host, and the one owner of their refreshing: they follow the daemon from the moment on that there is a
 * session key, and until the runtime is stopped. Spec: HOST-15, INV-12.
 */
export class HostMirrors implements TimelineOwner {
  /** The agents of the daemon. */
  readonly directory: OwnedAgentDirectory;
  private readonly host: MirrorHost;
  /** By their agents: who asks twice gets the same. */
  private readonly timelines = new Map<string, WatchedTimeline>();
  private readonly watched = new Set<WatchedTimeline>();
  private phase: HostPhase = HostPhase.UNSPECIFIED;
  /** Resolves when the runtime is stopped and a storage has what it is to have. */
  readonly ended: Promise<void>;
  private end: () => void = () => {};

  /** @param core The runtime. @param host What mirrors need of it. */
  constructor(core: HostCore, host: MirrorHost) {
    this.host = host;
    this.directory = createAgentDirectory(host);
    core.subscribe(() => this.look(hostPhaseOf(core.getSnapshot())));
    core.onRefresh(() => this.refresh(() => true));
    core.onHidden(() => this.save());
    this.ended = new Promise((resolve) => {
      this.end = resolve;
    });
  }

  /** The timeline of an agent: the same object for the same id while somebody listens to it, and a while longer. */
  timeline(agentId: string): AgentTimeline {
    const known = this.timelines.get(agentId);
    if (known !== undefined) return known;
    this.forgetIdle();
    const timeline = new WatchedTimeline(createAgentTimeline(this.host, agentId), this.host.clock, this);
    this.timelines.set(agentId, timeline);
    return timeline;
  }

  isFollowing(): boolean {
    return STARTED.has(this.phase);
  }

  looked(timeline: WatchedTimeline): void {
    this.watched.add(timeline);
    // It may have been put away meanwhile.
    if (!this.timelines.has(timeline.agentId)) this.timelines.set(timeline.agentId, timeline);
  }

  leftAlone(timeline: WatchedTimeline): void {
    this.watched.delete(timeline);
  }

  private look(phase: HostPhase): void {
    const before = this.phase;
    if (phase === before) return;
    const wasFollowing = this.isFollowing();
    this.phase = phase;
    if (this.isFollowing() && !wasFollowing) this.follow();
    if (phase === HostPhase.STOPPED) this.stop();
    const isBack = phase === HostPhase.ONLINE && before !== HostPhase.INTERRUPTED;
    // What has failed meanwhile would wait for its own next try.
    if (isBack) this.refresh(hasFailed);
  }

  private follow(): void {
    this.directory.start();
    for (const timeline of this.watched) timeline.follow();
  }

  private save(): void {
    this.directory.save();
    for (const timeline of this.watched) timeline.save();
  }

  private stop(): void {
    const stopped = [this.directory.stop(), ...[...this.watched].map((timeline) => timeline.end())];
    Promise.all(stopped).then(() => this.end());
    this.watched.clear();
    this.timelines.clear();
  }

  private refresh(isWanted: (sync: SyncState) => boolean): void {
    if (isWanted(this.directory.sync.getSnapshot())) this.directory.refresh();
    for (const timeline of this.watched) if (isWanted(timeline.sync.getSnapshot())) timeline.refresh();
  }

  private forgetIdle(): void {
    const idle = [...this.timelines].filter(([, timeline]) => !this.watched.has(timeline));
    for (const [agentId] of idle.slice(0, Math.max(0, idle.length - MAX_IDLE_TIMELINES + 1))) {
      this.timelines.delete(agentId);
    }
  }
}

function hasFailed(sync: SyncState): boolean {
  const phase = syncPhaseOf(sync);
  return phase === SyncPhase.ERROR_AFTER_READY || phase === SyncPhase.ERROR_BEFORE_FIRST_SUCCESS;
}
