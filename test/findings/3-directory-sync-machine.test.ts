/**
 * The finding: the sync of a directory had the states loading, ready and error, and a flag "has ever loaded" beside them.
 * Whether a load was the first or a later one, and whether an error hid data or not, had to be guessed from both, and after
 * a reset the two did not agree. Each of these is a state by itself.
 */
import type { DescMessage } from "@bufbuild/protobuf";
import { ScalarType } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import type { SyncState } from "../../gen/moorline/machine/v1/sync_moorline.ts";
import { SyncStateSchema } from "../../gen/moorline/machine/v1/sync_pb.ts";
import { SyncFailureReason } from "../../gen/moorline/state/v1/reason_pb.ts";
import { defaultSyncConfig, hasEverLoaded, initialSyncState, syncMachine } from "../../src/machine/sync.ts";
import { syncEvent } from "../unit/machine/machine-data.ts";
import { StatusAndFlag } from "./criticised/status-and-flag.ts";
import type { SyncStory } from "./support/sync-story.ts";

/** What a story ends in: the state alone, and whether there is data, as whoever shows it learns it. */
interface Ending {
  readonly state: string;
  readonly hasData: boolean;
}

const stories: Readonly<Record<string, { readonly story: SyncStory; readonly hasData: boolean }>> = {
  "the first load": { story: ["started"], hasData: false },
  "a later load": { story: ["started", "synced", "started"], hasData: true },
  "a first load that has failed": { story: ["started", "failed"], hasData: false },
  "a later load that has failed": { story: ["started", "synced", "started", "failed"], hasData: true },
  "a first load after a reset": { story: ["started", "synced", "reset", "started"], hasData: false },
};

/** Which stories cannot be told from each other by the state alone, or say wrongly whether there is data. */
function findGuesses(tell: (story: SyncStory) => Ending): string[] {
  const told = Object.entries(stories).map(([name, { story, hasData }]) => ({ name, hasData, ending: tell(story) }));
  return told.flatMap(({ name, hasData, ending }, index) => [
    ...told
      .slice(0, index)
      .filter((other) => other.ending.state === ending.state && other.hasData !== hasData)
      .map((other) => `${other.name} and ${name} are both ${ending.state}`),
    ...(ending.hasData === hasData ? [] : [`${name} says of its data: ${ending.hasData}`]),
  ]);
}

function tellByMachine(story: SyncStory): Ending {
  let state: SyncState = initialSyncState();
  let nowMs = 0;
  for (const name of story) {
    nowMs += 100_000;
    const generation =
      state.state.value !== undefined && "generation" in state.state.value ? state.state.value.generation : 0;
    state = syncMachine.transition(state, eventOf(name, generation, nowMs), defaultSyncConfig).state;
  }
  return { state: syncMachine.stateName(state), hasData: hasEverLoaded(state) };
}

function eventOf(name: SyncStory[number], generation: number, nowMs: number): ReturnType<typeof syncEvent> {
  switch (name) {
    case "started":
      return syncEvent({ case: "syncStarted", value: { nowMs } });
    case "synced":
      return syncEvent({ case: "synced", value: { nowMs, generation, cursor: new Uint8Array([1]) } });
    case "failed":
      return syncEvent({ case: "syncFailed", value: { nowMs, generation, reason: SyncFailureReason.UNAVAILABLE } });
    case "reset":
      return syncEvent({ case: "reset", value: {} });
  }
}

/** Every field of a message, and of what is in it, that is a flag. */
function findFlags(message: DescMessage, seen: Set<DescMessage> = new Set()): string[] {
  if (seen.has(message)) return [];
  seen.add(message);
  return message.fields.flatMap((field) => {
    if (field.message !== undefined) return findFlags(field.message, seen);
    return field.scalar === ScalarType.BOOL ? [`${message.name}.${field.name}`] : [];
  });
}

describe("finding 3: the sync of a directory is a machine", () => {
  it("tells a first load from a later one, and an error that hides data from one that does not, by the state alone [SYNC-1]", () => {
    expect(findGuesses(tellByMachine)).toEqual([]);
    expect(Object.values(stories).map(({ story }) => tellByMachine(story).state)).toEqual([
      "initial_loading",
      "revalidating",
      "error_before_first_success",
      "error_after_ready",
      "initial_loading",
    ]);
  });

  it("has no flag in any of its states [INV-6]", () => {
    expect(findFlags(SyncStateSchema)).toEqual([]);
  });

  it("does not hold for three states and a flag", () => {
    const tell = (story: SyncStory): Ending => {
      const sync = new StatusAndFlag();
      for (const event of story) sync.take(event);
      return { state: sync.status, hasData: sync.hasEverLoaded };
    };
    expect(findGuesses(tell)).toEqual([
      "the first load and a later load are both loading",
      "a first load that has failed and a later load that has failed are both error",
      "a later load and a first load after a reset are both loading",
      "a first load after a reset says of its data: true",
    ]);
  });
});
