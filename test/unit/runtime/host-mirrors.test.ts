import { create } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { AgentSchema } from "../../../gen/moorline/agent/v1/agent_pb.ts";
import { AgentDirectoryService } from "../../../gen/moorline/agent/v1/directory_service_pb.ts";
import { CloseCode } from "../../../gen/moorline/session/v1/close_code_pb.ts";
import { HostErrorReason, SyncFailureReason } from "../../../gen/moorline/state/v1/reason_pb.ts";
import type { LifecycleSignal } from "../../../src/client/lifecycle.ts";
import { type AgentCollection, createAgentCollection } from "../../../src/daemon/directory/agent-collection.ts";
import { createAgentDirectoryService } from "../../../src/daemon/directory/agent-directory-service.ts";
import { syncMachine } from "../../../src/machine/sync.ts";
import { createHostRuntime } from "../../../src/runtime/create-host-runtime.ts";
import type { HostRuntime } from "../../../src/runtime/host-runtime.ts";
import { hostFailureOf } from "../../../src/runtime/selectors.ts";
import { createMemoryMirrorStorage, type MirrorStorage } from "../../../src/runtime/storage/mirror-storage.ts";
import { SimulatedClock, SimulatedRandom } from "../../../src/testing/index.ts";
import { SESSION_KEY, steadyRandom } from "../client/support/stage.ts";
import type { StageOptions } from "../server/support/daemon.ts";
import { ScriptedStorage } from "./mirror/support/scripted-storage.ts";
import { HERE, type HostStage, linksOf, pass, phaseNameOf, profileOf, stageHost } from "./support/host-stage.ts";

interface MirrorStage extends HostStage {
  readonly agents: AgentCollection;
  readonly runtime: HostRuntime;
}

/** A runtime with its mirrors, and a daemon with a directory. */
function stageMirrors(daemon: StageOptions = {}, storage?: MirrorStorage): MirrorStage {
  const simulated = new SimulatedClock();
  const agents = createAgentCollection({ clock: simulated, random: new SimulatedRandom(3) });
  const stage = stageHost({
    ways: [HERE],
    daemon: {
      ...daemon,
      simulated,
      routes: (router) => void router.service(AgentDirectoryService, createAgentDirectoryService(agents)),
    },
  });
  const network = stage.networks.get(HERE.endpoint);
  const runtime = createHostRuntime({
    profile: profileOf([HERE]),
    sessionKey: SESSION_KEY,
    client: { name: "test", version: "1.0.0" },
    ...{ clock: simulated, random: steadyRandom, lifecycle: stage.lifecycle },
    transport: network?.host("app").transport as never,
    ...(storage === undefined ? {} : { mirrorStorage: storage }),
    onTransition: (transition) => stage.logged.push(transition),
    onError: (error) => stage.errors.push(error),
  });
  return { ...stage, agents, runtime };
}

function put({ agents }: MirrorStage, id: string): void {
  agents.put(id, create(AgentSchema, { id, title: id }));
}

function titlesOf({ runtime }: MirrorStage): string[] {
  return runtime.agents.agents.getSnapshot().map(({ title }) => title);
}

describe("HostRuntime: mirrors", () => {
  it("shows the agents of the daemon from the start on, over a cut and without a new snapshot [HOST-15, INV-12]", async () => {
    const stage = stageMirrors();
    put(stage, "one");
    expect(titlesOf(stage)).toEqual([]);
    stage.runtime.start();
    await pass(stage, 1_000);
    expect(titlesOf(stage)).toEqual(["one"]);
    expect(stage.runtime.agents.sync.getSnapshot().state.case).toBe("ready");
    for (const link of linksOf(stage, HERE)) link.cut({ clientToldMs: 0, serverToldMs: 0 });
    put(stage, "two");
    await pass(stage, 1_000);
    expect(titlesOf(stage).sort()).toEqual(["one", "two"]);
    const syncs = stage.logged.filter(({ machine }) => machine === "sync").map(({ to }) => to);
    expect(syncs).not.toContain("revalidating");
    stage.runtime.refresh();
    await pass(stage, 1_000);
    expect(stage.runtime.agents.sync.getSnapshot().state.case).toBe("ready");
    stage.runtime.stop();
    await pass(stage, 3_000);
    const logged = stage.logged.length;
    put(stage, "three");
    await pass(stage, 600_000);
    expect(stage.logged).toHaveLength(logged);
    expect(titlesOf(stage).sort()).toEqual(["one", "two"]);
  });

  it("tries at once what has failed, when the host is back [HOST-15]", async () => {
    const stage = stageMirrors();
    put(stage, "one");
    stage.networks.get(HERE.endpoint)?.setDialing(HERE.endpoint, "refuse");
    stage.runtime.start();
    await pass(stage, 600_000);
    expect(stage.runtime.snapshot.host.state.case).not.toBe("online");
    stage.networks.get(HERE.endpoint)?.setDialing(HERE.endpoint, "normal");
    stage.runtime.retry();
    await pass(stage, 1_000);
    expect(phaseNameOf(stage.runtime)).toBe("online");
    expect(titlesOf(stage)).toEqual(["one"]);
  });

  it.each([
    ["a first load", 0, "error_before_first_success"],
    ["what has loaded", 1_000, "error_after_ready"],
  ])(
    "has %s wait for a host that is in error, under the host's own name for it, and go on when that is online [SYNC-12, HOST-15]",
    async (_, onlineMs, phase) => {
      let isKnown = onlineMs > 0;
      const stage = stageMirrors({
        authenticate: () => (isKnown ? { principal: "me" } : { rejected: "UNAUTHENTICATED" }),
      });
      put(stage, "one");
      stage.runtime.start();
      await pass(stage, onlineMs);
      isKnown = false;
      for (const link of linksOf(stage, HERE)) link.cut({ clientToldMs: 0, serverToldMs: 0 });
      await pass(stage, 10_000);
      const problem = hostFailureOf(stage.runtime.snapshot);
      expect(problem).toMatchObject({ kind: "error", loss: { code: CloseCode.UNAUTHENTICATED }, retryAtMs: undefined });
      const { sync } = stage.runtime.agents;
      const state = sync.getSnapshot();
      expect(syncMachine.stateName(state)).toBe(phase);
      expect(state.state.value).toMatchObject({
        failure: {
          reason: SyncFailureReason.HOST_OFFLINE,
          host: { reason: HostErrorReason.ALL_REFUSED, code: CloseCode.UNAUTHENTICATED },
        },
      });
      expect(stage.logged.filter(({ machine }) => machine === "sync").at(-1)).toMatchObject({
        reason: { case: "closeCode", value: CloseCode.UNAUTHENTICATED },
      });
      const logged = stage.logged.length;
      await pass(stage, 600_000);
      expect(stage.logged).toHaveLength(logged);
      isKnown = true;
      put(stage, "two");
      stage.runtime.retry();
      await pass(stage, 100);
      expect([phaseNameOf(stage.runtime), sync.getSnapshot().state.case]).toEqual(["online", "ready"]);
      expect(titlesOf(stage).sort()).toEqual(["one", "two"]);
      stage.runtime.stop();
    },
  );

  it("watches a timeline while somebody listens to it, and 30 s longer [HOST-15]", async () => {
    const stage = stageMirrors();
    stage.runtime.start();
    await pass(stage, 1_000);
    const timeline = stage.runtime.timeline("agent");
    expect(stage.runtime.timeline("agent")).toBe(timeline);
    const watches = (): number =>
      stage.logged.filter(({ subject, event }) => subject === "agent" && event === "sync_started").length;
    await pass(stage, 60_000);
    expect(watches()).toBe(0);
    const unsubscribe = timeline.sync.subscribe(() => {});
    await pass(stage, 10);
    expect(watches()).toBe(1);
    unsubscribe();
    unsubscribe();
    const again = timeline.items.subscribe(() => {});
    again();
    expect(stage.runtime.timeline("agent")).toBe(timeline);
    await pass(stage, 29_000);
    const before = watches();
    await pass(stage, 600_000);
    const later = watches();
    await pass(stage, 600_000);
    expect(watches()).toBe(later);
    expect(before).toBeGreaterThanOrEqual(1);
    stage.runtime.stop();
  });

  it.each<LifecycleSignal>(["hidden", "frozen"])(
    "saves what is shown when the program is %s: it may be ended from then on [MIRROR-15]",
    async (signal) => {
      const storage = createMemoryMirrorStorage();
      const stage = stageMirrors({}, storage);
      put(stage, "one");
      stage.runtime.start();
      await pass(stage, 3_000);
      put(stage, "two");
      await pass(stage, 100);
      const [key = ""] = await storage.list();
      expect((await storage.load(key))?.entries).toHaveLength(1);
      stage.lifecycle.signal(signal);
      await pass(stage, 0);
      expect((await storage.load(key))?.entries).toHaveLength(2);
      expect(stage.errors).toEqual([]);
      void stage.runtime.stop();
    },
  );

  it("says that it is stopped when what is shown is saved, also where it was never started [HOST-11, MIRROR-15]", async () => {
    const storage = new ScriptedStorage();
    const stage = stageMirrors({}, storage);
    put(stage, "one");
    stage.runtime.start();
    await pass(stage, 3_000);
    let open = (): void => {};
    storage.gate = new Promise((resolve) => {
      open = resolve;
    });
    put(stage, "two");
    await pass(stage, 100);
    let isOver = false;
    const stopping = stage.runtime.stop().then(() => {
      isOver = true;
    });
    await pass(stage, 1_000);
    expect(isOver).toBe(false);
    open();
    await stopping;
    expect(storage.saves.at(-1)?.upserted.map(({ id }) => id)).toEqual(["two"]);
    await stage.runtime.stop();
    await stageMirrors().runtime.stop();
  });

  it("ends a timeline that it had put away, and that somebody listens to later [HOST-15, HOST-11]", async () => {
    const stage = stageMirrors();
    stage.runtime.start();
    await pass(stage, 1_000);
    const timeline = stage.runtime.timeline("agent");
    for (let i = 0; i < 70; i += 1) stage.runtime.timeline(`another ${i}`);
    timeline.items.subscribe(() => {});
    expect(stage.runtime.timeline("agent")).toBe(timeline);
    await pass(stage, 1_000);
    stage.runtime.stop();
    await pass(stage, 3_000);
    const logged = stage.logged.length;
    await pass(stage, 600_000);
    expect(stage.logged).toHaveLength(logged);
  });

  it("settles a creation when it is stopped, and takes none after that [HOST-11, CREATE-7]", async () => {
    const stage = stageMirrors();
    stage.networks.get(HERE.endpoint)?.setDialing(HERE.endpoint, "hang");
    stage.runtime.start();
    const creating = stage.runtime.createAgent({ providerId: "command" });
    creating.catch(() => {});
    await pass(stage, 100);
    expect(stage.runtime.creations.list.getSnapshot()).toHaveLength(1);
    stage.runtime.stop();
    await expect(creating).rejects.toThrow();
    await expect(stage.runtime.createAgent({})).rejects.toMatchObject({ code: "DISPOSED" });
  });
});
