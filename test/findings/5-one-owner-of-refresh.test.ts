/**
 * The finding: three lists each had code of their own that loaded the agents, and one of them wrote into the shared store
 * without anybody being told that it was loading. The runtime alone decides when something is loaded: to look at a list
 * loads nothing, and whatever is written shows in the state of the sync.
 */
import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { sampleAgent } from "../unit/runtime/mirror/support/agents.ts";
import { DirectoryStage } from "../unit/runtime/mirror/support/directory-stage.ts";
import { RefreshingHooks } from "./criticised/refreshing-hooks.ts";

/** What came of three surfaces that show the same agents. */
interface Outcome {
  /** How often the daemon was asked. */
  readonly asked: number;
  /** Writes that happened while the sync said that nothing was under way. */
  readonly silentWrites: number;
}

function findOwners({ asked, silentWrites }: Outcome): string[] {
  return [
    ...(asked <= 1 ? [] : [`${asked} loads for one list`]),
    ...(silentWrites === 0 ? [] : [`${silentWrites} writes that no state tells of`]),
  ];
}

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** What asks a daemon for agents or timelines. */
const ASKS = /\.(watchAgents|listAgents|watchTimeline|listTimeline)\(/;

describe("finding 5: one owner of refresh", () => {
  it("asks once, however many look, and shows nothing that the state does not tell of [INV-12, HOST-15]", async () => {
    const stage = new DirectoryStage();
    stage.put(sampleAgent("a"), sampleAgent("b"));
    const { directory } = stage;
    let silentWrites = 0;
    directory.agents.subscribe(() => {
      if (stage.state === "idle") silentWrites += 1;
    });
    await stage.start();
    for (const source of [directory.agents, directory.agents, directory.agent("a")]) {
      source.subscribe(() => {});
      source.getSnapshot();
    }
    await stage.host.settle();
    expect(findOwners({ asked: stage.requests.length, silentWrites })).toEqual([]);
  });

  it("has one folder in which daemons are asked for what mirrors show [INV-12]", () => {
    const files = globSync(["src/runtime/**/*.ts", "src/react/**/*.{ts,tsx}", "src/console/**/*.{ts,tsx}"], {
      cwd: ROOT,
    });
    const asking = files.filter((file) => ASKS.test(readFileSync(`${ROOT}/${file}`, "utf8")));
    expect(asking.map((file) => file.replaceAll("\\", "/").replace(/\/[^/]*$/, ""))).toEqual(
      asking.map(() => "src/runtime/mirror"),
    );
    expect(asking).not.toEqual([]);
  });

  it("does not hold where each list loads by itself", async () => {
    const hooks = new RefreshingHooks(async () => ["a", "b"]);
    await Promise.all([hooks.showSidebar(), hooks.showAll()]);
    const before = hooks.store;
    await hooks.showAggregated();
    const silentWrites = hooks.store !== before && hooks.status === "ready" ? 1 : 0;
    expect(findOwners({ asked: hooks.fetches, silentWrites })).toEqual([
      "3 loads for one list",
      "1 writes that no state tells of",
    ]);
  });
});
