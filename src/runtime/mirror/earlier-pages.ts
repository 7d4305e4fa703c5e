import { Code, ConnectError } from "@connectrpc/connect";
import { CursorRefusedSchema } from "../../../gen/moorline/agent/v1/error_pb.ts";
import { TimelineService } from "../../../gen/moorline/agent/v1/timeline_service_pb.ts";
import { MoorlineError } from "../../wire/moorline-error.ts";
import type { EarlierItems } from "./agent-timeline.ts";
import type { MirrorHost } from "./mirror-host.ts";
import type { TimelineWindow } from "./timeline-window.ts";

/** How often a page is asked for that is older than what was heard of meanwhile. */
const MAX_TRIES = 3;

/** What {@link EarlierPages} needs. */
export interface EarlierPagesOptions {
  readonly host: MirrorHost;
  readonly agentId: string;
  readonly pageSize: number;
  readonly maxItems: number;
  readonly window: TimelineWindow;
  /** The state, or what is shown, has changed. */
  readonly onChange: () => void;
  /** The log of the window is not that of the daemon any more. */
  readonly onOtherLog: () => void;
}

/** Loads the pages before a window. A page that belongs to what was shown before changes nothing. Spec: MIRROR-7. */
export class EarlierPages {
  private readonly options: EarlierPagesOptions;
  private present: EarlierItems = "idle";
  private loading: { readonly done: Promise<void>; readonly ending: AbortController } | undefined = undefined;

  constructor(options: EarlierPagesOptions) {
    this.options = options;
  }

  /** How it stands. */
  get state(): EarlierItems {
    return this.present;
  }

  /** Loads a page, or waits for the one that is on its way. */
  load(): Promise<void> {
    if (this.loading !== undefined) return this.loading.done;
    const { window, pageSize, maxItems } = this.options;
    if (!window.hasEarlier) return Promise.resolve();
    if (window.items.length + pageSize > maxItems) {
      const text = `The timeline shows ${window.items.length} items, and ${maxItems} at most.`;
      this.become({ failed: new MoorlineError("TIMELINE_WINDOW_FULL", text) });
      return Promise.resolve();
    }
    const ending = new AbortController();
    this.become("loading");
    this.loading = { done: this.run(ending.signal), ending };
    return this.loading.done;
  }

  /** Waits for nothing any more. */
  stop(): void {
    this.loading?.ending.abort();
    this.loading = undefined;
    this.present = "idle";
  }

  private async run(signal: AbortSignal): Promise<void> {
    const { epoch } = this.options.window;
    let outcome: EarlierItems = "idle";
    try {
      outcome = await this.tryAll(signal);
    } catch (thrown) {
      const error = ConnectError.from(thrown);
      if (!signal.aborted) outcome = this.judge(error, epoch);
    }
    if (signal.aborted) return;
    this.loading = undefined;
    this.become(outcome);
  }

  private async tryAll(signal: AbortSignal): Promise<EarlierItems> {
    const { window } = this.options;
    const { era } = window;
    for (let tries = 0; tries < MAX_TRIES; tries += 1) {
      if (await this.tryOnce(signal)) return "idle";
      if (signal.aborted || window.era !== era) return "idle";
    }
    return { failed: new ConnectError("earlier items change all the time", Code.Aborted) };
  }

  /** @returns Whether the page is shown. */
  private async tryOnce(signal: AbortSignal): Promise<boolean> {
    const { host, agentId, pageSize, window } = this.options;
    const { era, epoch } = window;
    const before = window.items[0]?.seq ?? 0n;
    const position = { case: "beforeSeq", value: before } as const;
    const request = { agentId, pageSize, position, epoch };
    const page = await host.service(TimelineService).listTimeline(request, { signal });
    const isPresent = !signal.aborted && window.era === era && window.items[0]?.seq === before;
    // What was heard of meanwhile, and was not yet in the window, may be newer than the page.
    if (!isPresent || window.revisionBefore > (page.cursor?.revision ?? 0n)) return false;
    window.prepend(page.items, page.hasEarlier);
    return true;
  }

  private judge(error: ConnectError, epoch: string): EarlierItems {
    if (error.findDetails(CursorRefusedSchema).length === 0) return { failed: error };
    // Where the window is of another log by now, that is known already.
    if (this.options.window.epoch === epoch) this.options.onOtherLog();
    return "idle";
  }

  private become(state: EarlierItems): void {
    this.present = state;
    this.options.onChange();
  }
}
