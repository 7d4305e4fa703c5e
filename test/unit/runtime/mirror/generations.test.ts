import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import {
  AgentDirectoryService,
  type WatchAgentsResponse,
  WatchAgentsResponseSchema,
} from "../../../../gen/moorline/agent/v1/directory_service_pb.ts";
import type { OwnedAgentDirectory } from "../../../../src/runtime/mirror/agent-directory.ts";
import { createAgentDirectory } from "../../../../src/runtime/mirror/create-agent-directory.ts";
import { sampleAgent } from "./support/agents.ts";
import { FakeHost } from "./support/fake-host.ts";

type Event = NonNullable<MessageInitShape<typeof WatchAgentsResponseSchema>["event"]>;
type Result = IteratorResult<WatchAgentsResponse, undefined>;

interface Asking {
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

/** A watch whose pieces a test gives, one for each time it is asked, and which takes no notice of being given up. */
class DeafWatch implements AsyncIterableIterator<WatchAgentsResponse, undefined> {
  private readonly asking: Asking[] = [];
  private readonly given: Array<(asking: Asking) => void> = [];

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.asking.push({ resolve, reject });
      this.match();
    });
  }

  give(event: Event): void {
    const value = create(WatchAgentsResponseSchema, { event });
    this.add(({ resolve }) => resolve({ done: false, value }));
  }

  fail(error: unknown): void {
    this.add(({ reject }) => reject(error));
  }

  end(): void {
    this.add(({ resolve }) => resolve({ done: true, value: undefined }));
  }

  private add(act: (asking: Asking) => void): void {
    this.given.push(act);
    this.match();
  }

  private match(): void {
    if (this.asking.length === 0 || this.given.length === 0) return;
    const [asking, act] = [this.asking.shift(), this.given.shift()];
    if (asking !== undefined) act?.(asking);
  }
}

interface Scene {
  readonly host: FakeHost;
  readonly directory: OwnedAgentDirectory;
  readonly watches: DeafWatch[];
}

function stage(): Scene {
  const host = new FakeHost();
  const watches: DeafWatch[] = [];
  const watchAgents = (): DeafWatch => {
    const watch = new DeafWatch();
    watches.push(watch);
    return watch;
  };
  host.clients.set(AgentDirectoryService.typeName, { watchAgents });
  const directory = createAgentDirectory(host);
  directory.start();
  return { host, directory, watches };
}

const began: Event = { case: "snapshotBegan", value: { epoch: "e" } };
const mark: Event = { case: "mark", value: { cursor: { epoch: "e", filterHash: "f", revision: 1n } } };
const changed = (id: string): Event => ({
  case: "agentsChanged",
  value: { upserted: [{ agent: sampleAgent(id), revision: 1n }] },
});

/** A directory that has loaded the agent `a`, with its first watch given up for a second one. */
async function stageSecond(): Promise<Scene> {
  const scene = stage();
  for (const piece of [began, changed("a"), mark]) scene.watches[0]?.give(piece);
  await scene.host.settle();
  scene.directory.refresh();
  await scene.host.settle();
  expect(scene.watches).toHaveLength(2);
  return scene;
}

const idsOf = ({ directory }: Scene): string[] => directory.agents.getSnapshot().map(({ id }) => id);
const stateOf = ({ directory }: Scene): string | undefined => directory.sync.getSnapshot().state.case;

describe("a watch that was given up", () => {
  it.each([
    ["a change", changed("late")],
    ["a snapshot", began],
    ["a mark", mark],
  ])("changes nothing by %s, and is logged as ignored [SYNC-10, INV-8]", async (_name, piece) => {
    const scene = await stageSecond();
    scene.watches[0]?.give(piece);
    await scene.host.settle();
    expect([stateOf(scene), idsOf(scene)]).toEqual(["revalidating", ["a"]]);
    expect(scene.directory.metrics.latePieces).toBe(1);
    expect(scene.host.log.at(-1)).toBe("sync_failed?");
    for (const next of [changed("b"), mark]) scene.watches[1]?.give(next);
    await scene.host.settle();
    expect([stateOf(scene), idsOf(scene).sort()]).toEqual(["ready", ["a", "b"]]);
  });

  it.each([
    ["fails", new ConnectError("late", Code.PermissionDenied), ["sync_failed?"]],
    ["finds nothing", new ConnectError("late", Code.NotFound), ["not_found?"]],
    ["was cancelled", new ConnectError("aborted", Code.Canceled), []],
  ])("changes nothing where it %s [SYNC-10, INV-8]", async (_name, error, logged) => {
    const scene = await stageSecond();
    const before = scene.host.log.length;
    scene.watches[0]?.fail(error);
    await scene.host.settle();
    expect([stateOf(scene), idsOf(scene)]).toEqual(["revalidating", ["a"]]);
    expect(scene.host.log.slice(before)).toEqual(logged);
  });

  it("voids no snapshot of the present one [SYNC-10]", async () => {
    const scene = await stageSecond();
    for (const piece of [began, changed("b")]) scene.watches[1]?.give(piece);
    await scene.host.settle();
    scene.watches[0]?.fail(new ConnectError("late", Code.Unavailable));
    await scene.host.settle();
    scene.watches[1]?.give(mark);
    await scene.host.settle();
    expect([stateOf(scene), idsOf(scene)]).toEqual(["ready", ["b"]]);
  });

  it.each<[string, (watch: DeafWatch) => void]>([
    ["by a piece", (watch) => watch.give(changed("late"))],
    ["by an error", (watch) => watch.fail(new ConnectError("late", Code.Unavailable))],
    ["by its end", (watch) => watch.end()],
  ])("changes nothing after a stop, %s [MIRROR-12]", async (_name, act) => {
    const scene = await stageSecond();
    scene.directory.stop();
    for (const watch of scene.watches) act(watch);
    await scene.host.settle();
    expect([stateOf(scene), idsOf(scene), scene.host.clock.pending]).toEqual(["revalidating", ["a"], 0]);
  });
});

describe("the present watch", () => {
  it("is followed by another one where it ends without an error [SYNC-6]", async () => {
    const scene = await stageSecond();
    scene.watches[1]?.give(mark);
    await scene.host.settle();
    scene.watches[1]?.end();
    await scene.host.settle();
    expect(scene.watches).toHaveLength(3);
    scene.watches[2]?.end();
    await scene.host.settle();
    expect(stateOf(scene)).toBe("errorAfterReady");
    await scene.host.clock.advanceAsync(2_000);
    expect(scene.watches).toHaveLength(4);
  });

  it("tells of what is no error of a call as well, and is tried again", async () => {
    const scene = stage();
    scene.watches[0]?.fail(new TypeError("a bug"));
    await scene.host.settle();
    expect(scene.host.errors.map(({ text }) => text)).toEqual(["a bug"]);
    expect(stateOf(scene)).toBe("errorBeforeFirstSuccess");
    await scene.host.clock.advanceAsync(2_000);
    expect(scene.watches).toHaveLength(2);
  });

  it("forgets what it has shown of a first load where that fails [SYNC-4]", async () => {
    const scene = stage();
    for (const piece of [began, changed("a")]) scene.watches[0]?.give(piece);
    await scene.host.settle();
    expect(idsOf(scene)).toEqual(["a"]);
    scene.watches[0]?.fail(new ConnectError("not now", Code.Unavailable));
    await scene.host.settle();
    expect([stateOf(scene), idsOf(scene)]).toEqual(["errorBeforeFirstSuccess", []]);
  });
});
