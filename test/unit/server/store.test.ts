import { describe, expect, it } from "vitest";
import { ResumeRefusal, Resumption } from "../../../gen/moorline/session/v1/packet_pb.ts";
import { createMemorySessionStore, type SessionRecord, type SessionStore } from "../../../src/server/index.ts";
import { SessionSaver } from "../../../src/server/session-saver.ts";
import { type DaemonStage, type StageOptions, stageDaemon } from "./support/daemon.ts";
import { idOf, KEY } from "./support/hello.ts";

const HOUR = 3_600_000;

/** Starts the daemon again, at the same time, with the same store. */
function restart(stage: DaemonStage, store: SessionStore, options: StageOptions = {}): DaemonStage {
  return stageDaemon({ ...options, store, simulated: stage.clock, seed: 2 });
}

async function recordsOf(store: SessionStore): Promise<readonly SessionRecord[]> {
  return store.list();
}

describe("a daemon that is started again", () => {
  it("has its sessions, and none of its channels [INV-1, RESUME-4, RESUME-6]", async () => {
    const store = createMemorySessionStore();
    const stage = stageDaemon({ store });
    const before = stage.greet();
    await stage.server.close();
    const again = restart(stage, store);
    const epoch = before.welcome.server?.epoch as Uint8Array;
    const resume = { channelId: idOf(1), epoch, received: 0n };
    const { welcome, attachment } = again.greet({ attempt: 2n, freshChannelId: idOf(2), resume });
    expect(attachment).toMatchObject({ resumption: Resumption.REATTACHED, refusal: ResumeRefusal.EPOCH_CHANGED });
    expect(welcome.sessionRef).toBe(before.welcome.sessionRef);
    expect(welcome.server?.epoch).not.toEqual(epoch);
  });

  it("knows to whom they belong [SESSION-1]", async () => {
    const store = createMemorySessionStore();
    const stage = stageDaemon({ store, authenticate: () => ({ principal: "anna" }) });
    stage.greet();
    await stage.server.close();
    const again = restart(stage, store, { authenticate: () => ({ principal: "ben" }) });
    expect(again.greet().farewell).toBe("PERMISSION_DENIED");
  });

  it("keeps them for what was left of their lifetimes, measured while it ran [SESSION-2]", async () => {
    const store = createMemorySessionStore();
    const stage = stageDaemon({ store, limits: { session: { replayMs: 1 } } });
    const client = stage.greet();
    const { sessionRef } = client.welcome;
    client.connection?.abort();
    stage.clock.advance(1 + 100 * HOUR);
    await stage.server.close();
    stage.clock.advance(1_000 * HOUR);
    const again = restart(stage, store);
    again.greet({ sessionKey: `${KEY}x` });
    const isThere = () => again.server.sessions.list().some(({ ref }) => ref === sessionRef);
    again.clock.advance(68 * HOUR - 1);
    expect(isThere()).toBe(true);
    again.clock.advance(1);
    expect(isThere()).toBe(false);
    expect((await recordsOf(store)).some((record) => record.sessionRef === sessionRef)).toBe(false);
  });

  it("gives a crash back no more than an hour of them [SESSION-2]", async () => {
    const store = createMemorySessionStore();
    const stage = stageDaemon({ store, limits: { session: { replayMs: 1 } } });
    stage.greet().connection?.abort();
    stage.clock.advance(1 + 100.5 * HOUR);
    expect(await recordsOf(store)).toMatchObject([{ idleLeftMs: 68 * HOUR }]);
    stage.greet({ attempt: 1n, freshChannelId: idOf(2) });
    expect(await recordsOf(store)).toMatchObject([{ idleLeftMs: 168 * HOUR }]);
  });

  it("forgets one that has nothing left, and gives none more than its whole lifetime [SESSION-2, SESM-3]", async () => {
    const store = createMemorySessionStore();
    const record = { sessionRef: "", principal: "owner", createdAtMs: 0 };
    store.put({ ...record, sessionHash: "over", idleLeftMs: 0 });
    store.put({ ...record, sessionHash: "long", idleLeftMs: 10_000 });
    const stage = stageDaemon({ store, limits: { session: { sessionMs: 1_000 } } });
    stage.greet();
    stage.clock.advance(1);
    expect((await recordsOf(store)).map(({ sessionHash }) => sessionHash)).not.toContain("over");
    stage.clock.advance(1_000);
    expect((await recordsOf(store)).map(({ sessionHash }) => sessionHash)).not.toContain("long");
  });

  it("stores neither keys nor credentials, and forgets what has expired [LOG-3, SESM-3]", async () => {
    const store = createMemorySessionStore();
    const stage = stageDaemon({ store, limits: { session: { replayMs: 1, sessionMs: 10 } } });
    const client = stage.greet({ credential: { case: "bearerToken", value: "a-very-secret-token" } });
    const [record] = await recordsOf(store);
    expect(record).toEqual({
      sessionHash: expect.stringMatching(/^[A-Za-z0-9_-]{43}$/),
      sessionRef: client.welcome.sessionRef,
      principal: "owner",
      createdAtMs: Date.UTC(2030, 0, 1),
      idleLeftMs: 10,
    });
    expect(JSON.stringify(record)).not.toMatch(/key-of|secret/);
    client.connection?.abort();
    stage.clock.advance(100);
    expect(await recordsOf(store)).toEqual([]);
  });
});

describe("a store that is slow or broken", () => {
  it("is read before the first hello is answered [ATTEMPT-5]", async () => {
    const memory = createMemorySessionStore();
    const stage = stageDaemon({ store: memory });
    stage.greet();
    await stage.server.close();
    let read: () => void = () => {};
    const reading = new Promise<void>((resolve) => (read = resolve));
    const store: SessionStore = { ...memory, list: () => reading.then(() => memory.list()) };
    const again = restart(stage, store);
    const [one, two] = [again.greet({ freshChannelId: idOf(2) }), again.greet({ freshChannelId: idOf(3) })];
    await again.clock.advanceAsync(1_000);
    expect(one.packets).toEqual([]);
    read();
    await again.clock.settle();
    expect([one, two].map(({ attachment }) => attachment.resumption)).toEqual([2, 2]);
  });

  it("rejects hellos with INTERNAL while it cannot be read, and is tried again [AUTH-7]", async () => {
    const memory = createMemorySessionStore();
    let failures = 2;
    const list = async () => {
      failures -= 1;
      if (failures >= 0) throw new Error("the disk");
      return memory.list();
    };
    const stage = stageDaemon({ store: { ...memory, list } });
    for (const _ of [1, 2]) {
      const client = stage.greet();
      await stage.clock.settle();
      expect(client.farewell).toBe("INTERNAL");
    }
    const client = stage.greet();
    await stage.clock.settle();
    expect(client.welcome.protocol).toBe(1);
    expect(stage.written).toHaveLength(2);
  });

  it("that cannot be written is reported, and the session goes on in memory [INV-14]", async () => {
    const broken = async () => {
      throw new Error("the disk");
    };
    const stage = stageDaemon({ store: { list: () => [], put: broken, delete: broken } });
    expect(stage.greet().isOpen).toBe(true);
    await stage.clock.settle();
    expect(stage.written).toMatchObject([["moorline: the session store has failed", expect.any(Error)]]);
  });

  it("is written one after the other, the latest of each session only [INV-14]", async () => {
    const written: string[] = [];
    const pending: Array<() => void> = [];
    const write = (what: string) =>
      new Promise<void>((resolve) => {
        written.push(what);
        pending.push(resolve);
      });
    const store: SessionStore = {
      list: () => [],
      put: ({ sessionHash, idleLeftMs }) => write(`${sessionHash} ${idleLeftMs}`),
      delete: (sessionHash) => write(`${sessionHash} deleted`),
    };
    const saver = new SessionSaver(store, () => {});
    const record = (sessionHash: string, idleLeftMs: number) =>
      saver.put({ sessionHash, sessionRef: "", principal: "", createdAtMs: 0, idleLeftMs });
    for (const left of [1, 2, 3]) record("a", left);
    record("b", 1);
    saver.delete("b");
    expect(written).toEqual(["a 1"]);
    const flushed = saver.flush();
    for (let n = 0; n < 3; n += 1) {
      pending[n]?.();
      await new Promise((resolve) => setImmediate(resolve));
    }
    await flushed;
    expect(written).toEqual(["a 1", "a 3", "b deleted"]);
  });
});
