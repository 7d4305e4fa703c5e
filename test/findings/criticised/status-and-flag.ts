import type { SyncStory } from "../support/sync-story.ts";

/** A sync of four states, and a flag beside them from which the others have to be guessed. */
export class StatusAndFlag {
  status: "idle" | "loading" | "ready" | "error" = "idle";
  hasEverLoaded = false;

  /** Something happens. */
  take(event: SyncStory[number]): void {
    if (event === "started") this.status = "loading";
    if (event === "failed") this.status = "error";
    if (event === "reset") this.status = "idle";
    if (event !== "synced") return;
    this.status = "ready";
    this.hasEverLoaded = true;
  }
}
