import { describe, expect, it } from "vitest";
import { CloseCode } from "../../../gen/moorline/session/v1/close_code_pb.ts";
import { isConnected, isDisposed } from "../../../src/client/selectors.ts";
import { EchoService } from "../rpc/gen/rpctest/v1/echo_pb.ts";
import { connect, linesOf, phaseNameOf, rejectionOf, type Stage, settle, stageClient } from "./support/stage.ts";

describe("DaemonClient: dispose", () => {
  it.each<[string, (stage: Stage) => Promise<void> | void]>([
    ["idle", () => {}],
    ["connecting, before it is open", (stage) => void stage.client.ensureConnected().catch(() => {})],
    ["connecting, before it is answered", (stage) => greet(stage)],
    ["connected", (stage) => connect(stage)],
    ["disconnected, waiting to dial again", (stage) => refuse(stage)],
    ["disconnected, for good", (stage) => reject(stage)],
  ])("ends the client where it is %s, and leaves nothing behind [CONN-15, RUN-3, INV-5]", async (_, prepare) => {
    const stage = stageClient();
    await prepare(stage);
    stage.client.dispose();
    expect(isDisposed(stage.client.state)).toBe(true);
    await settle(stage);
    await stage.clock.advanceAsync(2_000);
    expect(stage.clock.pending).toBe(0);
    const dials = stage.daemon.connections.length;
    expect((await rejectionOf(stage, stage.client.ensureConnected())).code).toBe("DISPOSED");
    stage.client.dispose();
    await stage.client.close();
    await stage.clock.advanceAsync(3_600_000);
    expect(stage.daemon.connections).toHaveLength(dials);
    expect(linesOf(stage).filter((line) => line.endsWith(" disposed"))).toHaveLength(1);
  });

  it("settles who waits for a connection [INV-5]", async () => {
    const stage = stageClient();
    const waiting = [stage.client.ensureConnected(), stage.client.ensureConnected()];
    const errors = waiting.map((promise) => rejectionOf(stage, promise));
    stage.client.dispose();
    for (const error of errors) expect((await error).code).toBe("DISPOSED");
  });

  it("says goodbye with CHANNEL_DONE, in the packet and by the socket [CLOSE-2, CLOSE-5]", async () => {
    const stage = stageClient();
    await connect(stage);
    stage.client.dispose();
    await settle(stage);
    expect(stage.daemon.connection.goodbye).toMatchObject({
      code: CloseCode.CHANNEL_DONE,
      message: "the client is done",
    });
    expect(stage.daemon.connection.close).toMatchObject({ code: CloseCode.CHANNEL_DONE });
  });

  it("uses nothing that still comes on the old connection [INV-8, RUN-4]", async () => {
    const stage = stageClient();
    stage.daemon.onHello = () => {};
    void stage.client.ensureConnected().catch(() => {});
    await settle(stage);
    stage.daemon.connection.welcome();
    stage.client.dispose();
    await settle(stage);
    expect(phaseNameOf(stage)).toBe("disposed");
    expect(linesOf(stage).at(-1)).toBe("connecting disposed disposed");
  });
});

describe("DaemonClient: close", () => {
  it("waits until what was queued is acknowledged, then says CHANNEL_DONE [CONN-17]", async () => {
    const stage = stageClient();
    await connect(stage);
    const echo = stage.client.service(EchoService);
    const calls = [echo.say({ data: new Uint8Array(300_000), text: "large" }), echo.say({ text: "last" })];
    const ends = Promise.allSettled(calls);
    const closed = stage.client.close();
    await stage.clock.advanceAsync(1_000);
    await closed;
    await ends;
    expect(stage.heard.toSorted()).toEqual(["large", "last"]);
    expect(stage.daemon.connection.goodbye?.code).toBe(CloseCode.CHANNEL_DONE);
    expect(isDisposed(stage.client.state)).toBe(true);
  });

  it("waits 2 s at most, or as long as it is told [CONN-17]", async () => {
    const stage = stageClient();
    await connect(stage);
    stage.daemon.connection.goDeaf();
    stage.client
      .service(EchoService)
      .say({})
      .catch(() => {});
    let closedAtMs = -1;
    const first = stage.client.close({ timeoutMs: 700 }).then(() => {
      closedAtMs = stage.clock.now();
    });
    const second = stage.client.close();
    await stage.clock.advanceAsync(699);
    expect(isConnected(stage.client.state)).toBe(true);
    await stage.clock.advanceAsync(1);
    await Promise.all([first, second]);
    expect(closedAtMs).toBe(700);
    expect(isDisposed(stage.client.state)).toBe(true);
  });

  it("waits through a reconnect [CONN-17]", async () => {
    const stage = stageClient();
    await connect(stage);
    stage.daemon.connection.connection.abort();
    await settle(stage);
    stage.client
      .service(EchoService)
      .say({ text: "kept" })
      .catch(() => {});
    const closed = stage.client.close();
    await stage.clock.advanceAsync(1_900);
    await closed;
    expect(stage.heard).toEqual(["kept"]);
  });

  it.each<[string, (stage: Stage) => Promise<void> | void]>([
    ["nothing is queued", (stage) => connect(stage)],
    ["nothing was ever asked for", () => {}],
    ["nobody will dial again", (stage) => reject(stage)],
  ])("does not wait where %s [CONN-17]", async (_, prepare) => {
    const stage = stageClient();
    await prepare(stage);
    const closed = stage.client.close();
    await settle(stage);
    await closed;
    expect(isDisposed(stage.client.state)).toBe(true);
  });

  it("stops waiting when nobody will dial again [CONN-17]", async () => {
    const stage = stageClient({ redial: false });
    await connect(stage);
    stage.daemon.connection.goDeaf();
    stage.client
      .service(EchoService)
      .say({})
      .catch(() => {});
    const closed = stage.client.close();
    stage.daemon.connection.connection.abort();
    await settle(stage);
    await closed;
    expect(stage.clock.now()).toBe(0);
  });

  it("does not wait where it is told not to, or becomes disposed meanwhile [CONN-17]", async () => {
    const stage = stageClient();
    await connect(stage);
    stage.daemon.connection.goDeaf();
    stage.client
      .service(EchoService)
      .say({})
      .catch(() => {});
    const slow = stage.client.close();
    await stage.client.close({ flush: false });
    await slow;
    expect(stage.clock.now()).toBe(0);
  });
});

describe("DaemonClient: listeners", () => {
  it("goes on where a listener throws, and tells onError [RUN-5]", async () => {
    const stage = stageClient({
      onTransition: () => {
        throw new Error("in the log");
      },
    });
    stage.client.subscribe(() => {
      throw new Error("in a listener");
    });
    stage.client.on("resumed", () => {
      throw new Error("in an event");
    });
    await connect(stage);
    stage.daemon.connection.connection.abort();
    await stage.clock.advanceAsync(1_000);
    expect(isConnected(stage.client.state)).toBe(true);
    const messages = new Set(stage.errors.map((error) => (error as Error).message));
    expect(messages).toEqual(new Set(["in the log", "in a listener", "in an event"]));
  });

  it("goes on where onError throws too [RUN-5]", async () => {
    const stage = stageClient({
      onError: () => {
        throw new Error("in onError");
      },
    });
    stage.client.subscribe(() => {
      throw new Error("in a listener");
    });
    let heard = 0;
    stage.client.on("channel_lost", () => {
      throw new Error("in an event");
    });
    stage.client.on("channel_lost", () => {
      heard += 1;
    });
    await connect(stage);
    stage.client.dispose();
    expect(isDisposed(stage.client.state)).toBe(true);
    expect(heard).toBe(1);
  });

  it.each(["connecting", "connected", "disconnected"] as const)(
    "may be disposed from a listener when it becomes %s [RUN-5, INV-5]",
    async (phase) => {
      const stage = stageClient();
      stage.client.subscribe(({ state }) => {
        if (state.case === phase) stage.client.dispose();
      });
      const waiting = stage.client.ensureConnected().catch(() => {});
      await settle(stage);
      if (phase === "disconnected") stage.daemon.connection.connection.abort();
      await stage.clock.advanceAsync(2_000);
      await waiting;
      expect(isDisposed(stage.client.state)).toBe(true);
      expect(stage.clock.pending).toBe(0);
      expect(stage.errors).toEqual([]);
    },
  );

  it("ends a call whose own dialling made a listener dispose the client [CALL-17, INV-5]", async () => {
    const stage = stageClient();
    stage.client.subscribe(() => stage.client.dispose());
    const call = stage.client.service(EchoService).say({}, { timeoutMs: 0 });
    const ended = call.then(String, String);
    await settle(stage);
    expect(await ended).toContain("CLIENT_STOPPED");
  });

  it("may be disposed, closed and connected from an event [RUN-5]", async () => {
    const stage = stageClient();
    const seen: string[] = [];
    stage.client.on("resumed", () => {
      seen.push("resumed");
      void stage.client.ensureConnected();
      void stage.client.close();
      stage.client.dispose();
    });
    stage.client.on("channel_lost", () => seen.push("lost"));
    await connect(stage);
    stage.daemon.connection.connection.abort();
    await stage.clock.advanceAsync(2_000);
    expect(seen).toEqual(["resumed", "lost"]);
    expect(isDisposed(stage.client.state)).toBe(true);
    expect(stage.clock.pending).toBe(0);
  });

  it("may be connected again from a listener when it stopped [RUN-5, CLOSE-4]", async () => {
    const stage = stageClient();
    stage.daemon.onHello = (connection) => connection.reject(CloseCode.UNAUTHENTICATED);
    const unsubscribe = stage.client.subscribe(({ state }) => {
      if (state.case !== "disconnected") return;
      unsubscribe();
      stage.daemon.onHello = (connection) => connection.welcome();
      void stage.client.ensureConnected();
    });
    await rejectionOf(stage, stage.client.ensureConnected());
    expect(isConnected(stage.client.state)).toBe(true);
  });

  it("hears nothing more once it unsubscribed, also from inside", async () => {
    const stage = stageClient();
    const heard: string[] = [];
    const off = stage.client.on("resumed", () => {
      heard.push("first");
      off();
      offSecond();
    });
    const offSecond = stage.client.on("resumed", () => heard.push("second"));
    await connect(stage);
    for (let cut = 0; cut < 2; cut += 1) {
      stage.daemon.connection.connection.abort();
      await stage.clock.advanceAsync(2_000);
    }
    expect(heard).toEqual(["first"]);
  });

  it("publishes the very same state until something changes [RUN-1, INV-6]", async () => {
    const stage = stageClient();
    await connect(stage);
    const { state } = stage.client;
    stage.daemon.connection.ping(1);
    await stage.clock.advanceAsync(1_000);
    expect(stage.client.state).toBe(state);
    expect(stage.phases).toHaveLength(3);
  });
});

async function greet(stage: Stage): Promise<void> {
  stage.daemon.onHello = () => {};
  stage.client.ensureConnected().catch(() => {});
  await settle(stage);
}

async function refuse(stage: Stage): Promise<void> {
  stage.pair.accept(undefined);
  stage.client.ensureConnected().catch(() => {});
  await settle(stage);
}

async function reject(stage: Stage): Promise<void> {
  stage.daemon.onHello = (connection) => connection.reject(CloseCode.PERMISSION_DENIED);
  stage.client.ensureConnected().catch(() => {});
  await settle(stage);
}
