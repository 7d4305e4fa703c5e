/** What happens to a sync, in order. */
export type SyncStory = ReadonlyArray<"started" | "synced" | "failed" | "reset">;
