import { describe, expect, it } from "vitest";
import { NotificationService } from "../../../../gen/moorline/agent/v1/notification_service_pb.ts";
import { PresenceService } from "../../../../gen/moorline/agent/v1/presence_service_pb.ts";
import { Notifier } from "../../../../src/daemon/presence/notifier.ts";
import { PresenceBook } from "../../../../src/daemon/presence/presence-book.ts";
import { createPresenceListener } from "../../../../src/daemon/presence/presence-listener.ts";
import { createPresenceService } from "../../../../src/daemon/presence/presence-service.ts";
import { createMemoryPushTokenStore } from "../../../../src/daemon/presence/push-token-store.ts";
import { PushTokens } from "../../../../src/daemon/presence/push-tokens.ts";
import { serveChannel } from "../../../../src/rpc/serve-channel.ts";
import { createServiceClient } from "../../../../src/rpc/service-client.ts";
import { SimulatedClock } from "../../../../src/testing/simulated-clock.ts";
import { CallClient, type CallConnection } from "../../server/support/call-client.ts";
import { type DaemonStage, stageDaemon } from "../../server/support/daemon.ts";
import { OTHER_KEY } from "../../server/support/hello.ts";
import { createAgent, report } from "./support/presence.ts";

const REPLAY_MS = 60_000;
const SESSION_MS = 600_000;

/** A daemon that has presence, and nothing else. */
function stagePresenceDaemon() {
  const clock = new SimulatedClock();
  const book = new PresenceBook(clock);
  const tokens = new PushTokens(createMemoryPushTokenStore());
  const stage = stageDaemon({
    simulated: clock,
    routes: (router) => void router.service(PresenceService, createPresenceService(book, tokens)),
    onEvent: createPresenceListener(book, tokens),
    limits: { session: { replayMs: REPLAY_MS, sessionMs: SESSION_MS } },
  });
  const notifier = new Notifier({ clock, book, tokens });
  const raise = async (title: string) => {
    const end = notifier.attentionRaised(createAgent("x", { title }));
    await clock.advanceAsync(100);
    return end;
  };
  return { ...stage, book, tokens, raise };
}

/** A client that serves notifications, and is connected. */
class TabClient extends CallClient {
  readonly presence = createServiceClient(PresenceService, this.transport);
  readonly told: string[] = [];
  private readonly sessionKey: string;
  connection: CallConnection;

  constructor(stage: DaemonStage, id: number, sessionKey: string) {
    super(stage, id);
    this.sessionKey = sessionKey;
    const notify = ({ title }: { readonly title: string }) => {
      this.told.push(title);
      return {};
    };
    serveChannel(this.channel, (router) => void router.service(NotificationService, { notify }), {
      clock: stage.clock,
    });
    this.connection = this.dial();
  }

  dial(): CallConnection {
    this.connection = this.connect({ sessionKey: this.sessionKey });
    return this.connection;
  }
}

describe("two clients of a daemon, one visible and one hidden", () => {
  async function stageTabs() {
    const stage = stagePresenceDaemon();
    const visible = new TabClient(stage, 1, OTHER_KEY);
    const hidden = new TabClient(stage, 2, OTHER_KEY);
    await report(stage, visible, "visible");
    stage.clock.advance(1_000);
    await report(stage, hidden, "hidden", { shows: "x", activeAtMs: stage.clock.wallNow() });
    return { stage, visible, hidden };
  }

  it("never tells the hidden one while the visible one lives, and tells it when that is lost [PRESENCE-3, PRESENCE-1]", async () => {
    const { stage, visible, hidden } = await stageTabs();
    for (const title of ["first", "second"]) expect(await stage.raise(title)).toBe("channel");
    expect([visible.told, hidden.told]).toEqual([["first", "second"], []]);
    visible.connection.connection.abort();
    await stage.clock.advanceAsync(REPLAY_MS + 1_000);
    expect(stage.book.list()).toHaveLength(1);
    expect(await stage.raise("third")).toBe("channel");
    expect([visible.told, hidden.told]).toEqual([["first", "second"], ["third"]]);
  });

  it("tells the hidden one while the visible one has no connection, and not from when it has one again [PRESENCE-5]", async () => {
    const { stage, visible, hidden } = await stageTabs();
    await report(stage, visible, "visible", { shows: "x" });
    visible.connection.connection.abort();
    await stage.clock.advanceAsync(1_000);
    expect(await stage.raise("first")).toBe("channel");
    visible.dial();
    await stage.clock.advanceAsync(1_000);
    expect(await stage.raise("second")).toBe("shown");
    await report(stage, visible, "visible");
    expect(await stage.raise("third")).toBe("channel");
    expect([visible.told, hidden.told]).toEqual([["third"], ["first"]]);
  });

  it("tells nobody while the visible one shows the agent [PRESENCE-3]", async () => {
    const { stage, visible, hidden } = await stageTabs();
    await report(stage, visible, "visible", { shows: "x" });
    expect(await stage.raise("first")).toBe("shown");
    expect([visible.told, hidden.told]).toEqual([[], []]);
  });
});

describe("a push token of a daemon's client", () => {
  it("outlives its channel, and ends with its session [PRESENCE-9]", async () => {
    const stage = stagePresenceDaemon();
    const client = new TabClient(stage, 1, OTHER_KEY);
    const answer = client.presence.registerPushToken({ service: "apns", token: "token" });
    await stage.clock.settle();
    await answer;
    client.connection.connection.abort();
    await stage.clock.advanceAsync(REPLAY_MS + 1_000);
    expect(stage.server.sessions.list()).toMatchObject([{ phase: "idle", channels: [] }]);
    expect(stage.tokens.list()).toMatchObject([
      { sessionRef: client.connection.welcome?.sessionRef, principal: "owner" },
    ]);
    await stage.clock.advanceAsync(SESSION_MS);
    expect(stage.tokens.list()).toEqual([]);
  });
});
