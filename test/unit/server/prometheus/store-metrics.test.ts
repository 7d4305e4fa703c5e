import { describe, expect, it } from "vitest";
import {
  createCollectionMetrics,
  createMemoryTimelineStore,
  createTimelineMetrics,
  type Metric,
  VersionedCollection,
} from "../../../../src/server/index.ts";
import { SimulatedClock } from "../../../../src/testing/simulated-clock.ts";
import { SimulatedRandom } from "../../../../src/testing/simulated-random.ts";

const valuesOf = (metrics: readonly Metric[]): unknown =>
  Object.fromEntries(metrics.map(({ name, collect }) => [name, collect()]));

describe("createCollectionMetrics", () => {
  it("counts the values and the watches of each collection, as they are when asked [OBS-3]", () => {
    const clock = new SimulatedClock();
    const agents = new VersionedCollection<object>({ clock, random: new SimulatedRandom(1), sizeOf: () => 1 });
    const metrics = createCollectionMetrics({ agents });
    agents.put("a", {});
    agents.put("b", {});
    agents.delete("a");
    const watch = agents.watch({ filter: { hash: "all", matches: () => true }, onWake: () => {} });
    const labels = { collection: "agents" };
    expect(valuesOf(metrics)).toEqual({
      moorline_collection_entries: [{ labels, value: 1 }],
      moorline_collection_watches: [{ labels, value: 1 }],
    });
    watch.stop();
    expect(valuesOf(metrics)).toMatchObject({ moorline_collection_watches: [{ labels, value: 0 }] });
  });
});

describe("createTimelineMetrics", () => {
  it("counts commits, the changes in them, and those that failed [OBS-3, TIMELINE-3]", async () => {
    const clock = new SimulatedClock();
    const store = createMemoryTimelineStore({ clock, random: new SimulatedRandom(1), maxBytes: 100 });
    const metrics = createTimelineMetrics(store);
    const opening = store.open("a");
    await clock.advanceAsync(1);
    const log = await opening;
    const appends = [log.append(new Uint8Array(1)), log.append(new Uint8Array(1))];
    await clock.advanceAsync(1);
    await Promise.all(appends);
    expect(valuesOf(metrics)).toEqual({
      moorline_timeline_commits_total: 2,
      moorline_timeline_changes_total: 3,
      moorline_timeline_commit_failures_total: 0,
    });
    const full = log.append(new Uint8Array(200)).catch((error: unknown) => error);
    await clock.advanceAsync(1);
    expect(await full).toMatchObject({ code: "STORAGE_FULL" });
    expect(valuesOf(metrics)).toEqual({
      moorline_timeline_commits_total: 2,
      moorline_timeline_changes_total: 3,
      moorline_timeline_commit_failures_total: 1,
    });
  });
});
