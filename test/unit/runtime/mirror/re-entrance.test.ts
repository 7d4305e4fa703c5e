import { describe, expect, it } from "vitest";
import { sampleAgent } from "./support/agents.ts";
import { DirectoryStage } from "./support/directory-stage.ts";
import { ScriptedStorage } from "./support/scripted-storage.ts";

describe("a directory: asked for something by a listener", () => {
  it("takes the mark of the filter before for none of the next one's [SYNC-10]", async () => {
    const stage = await new DirectoryStage().start();
    await stage.host.clock.advanceAsync(5_000);
    stage.directory.agents.subscribe(() => {
      stage.mood = "silent";
      stage.directory.setFilter({ providerIds: ["another"] });
    });
    // All of a snapshot is shown at its mark.
    stage.restart(sampleAgent("a", 1));
    await stage.host.settle();
    expect([stage.state, stage.titles]).toEqual(["revalidating", ["title of a"]]);
    stage.mood = "answering";
    stage.cut();
    await stage.host.clock.advanceAsync(60_000);
    expect(stage.requests.at(-1)?.cursor).toBeUndefined();
    expect([stage.state, stage.titles]).toEqual(["ready", []]);
  });

  it("follows nothing when it is stopped as soon as a storage's data is shown [MIRROR-12]", async () => {
    const { stage, next } = await stageKept();
    next.directory.agents.subscribe(() => void next.directory.stop());
    await next.start();
    await next.host.clock.advanceAsync(60_000);
    expect(next.requests).toEqual([]);
    expect(next.host.clock.pending).toBe(0);
    expect(next.titles).toHaveLength(stage.titles.length);
  });

  it("follows another filter from nothing when that is set as soon as a storage's data is shown [SYNC-10]", async () => {
    const { next } = await stageKept();
    const once = next.directory.agents.subscribe(() => {
      once();
      next.directory.setFilter({ providerIds: ["another"] });
    });
    await next.start();
    expect(next.requests.map(({ cursor }) => cursor)).toEqual([undefined]);
    expect([next.state, next.titles]).toEqual(["ready", []]);
  });
});

describe("a directory: another filter while it is stopped", () => {
  it("asks for everything when it is started again [MIRROR-12]", async () => {
    const stage = new DirectoryStage();
    stage.put(sampleAgent("a", 1), sampleAgent("b", 2));
    await stage.start();
    await stage.directory.stop();
    stage.directory.setFilter({ providerIds: ["another"] });
    expect(stage.titles).toHaveLength(2);
    await stage.start();
    expect(stage.requests.map(({ cursor }) => cursor)).toEqual([undefined, undefined]);
    expect([stage.state, stage.titles]).toEqual(["ready", []]);
  });

  it("begins as for the first time where all was forgotten [MIRROR-12]", async () => {
    const stage = await new DirectoryStage().start();
    await stage.directory.stop({ reset: true });
    stage.directory.setFilter({ providerIds: ["another"] });
    await stage.start();
    expect(stage.state).toBe("ready");
  });
});

/** A directory whose storage has two agents, and which was not started yet. */
async function stageKept(): Promise<{ readonly stage: DirectoryStage; readonly next: DirectoryStage }> {
  const storage = new ScriptedStorage();
  const stage = new DirectoryStage({}, storage);
  stage.put(sampleAgent("a", 1), sampleAgent("b", 2));
  await stage.start();
  await stage.directory.stop();
  const next = new DirectoryStage({}, storage);
  next.collection = stage.collection;
  return { stage, next };
}
