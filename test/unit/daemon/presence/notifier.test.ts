import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { AgentAttention, AgentStatus } from "../../../../gen/moorline/agent/v1/agent_pb.ts";
import { type NotifyRequest, NotifyRequestSchema } from "../../../../gen/moorline/agent/v1/notification_service_pb.ts";
import { ChannelLossReason } from "../../../../gen/moorline/session/v1/error_pb.ts";
import { Notifier } from "../../../../src/daemon/presence/notifier.ts";
import type { Push, PushSender } from "../../../../src/daemon/presence/push-sender.ts";
import { never, resultOf, watch } from "../../rpc/support/echo.ts";
import {
  createAgent,
  idOf,
  type PresenceClient,
  type PresenceStage,
  refuse,
  report,
  START_MS,
  stagePresence,
} from "./support/presence.ts";

/** Raises the attention of an agent, and waits for what comes of it without time passing. */
function raise(stage: PresenceStage, name = "x"): Promise<string> {
  return resultOf(stage, stage.notifier.attentionRaised(createAgent(name)));
}

/** Clients that are visible, the one that was active last first. */
async function joinVisible<const N extends readonly string[]>(
  stage: PresenceStage,
  ...names: N
): Promise<{ readonly [K in keyof N]: PresenceClient }> {
  const clients = names.map((name) => stage.join(name));
  for (const [n, client] of clients.entries()) await report(stage, client, "visible", { activeAtMs: START_MS - n });
  return clients as { readonly [K in keyof N]: PresenceClient };
}

/** Takes a notification when the test says so. */
function createGate(): { readonly take: () => Promise<void>; readonly open: () => void } {
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { take: () => opened, open: () => open() };
}

describe("Notifier: whom it tells", () => {
  it("tells one client what there is to show, and no other [PRESENCE-3, PRESENCE-7]", async () => {
    const stage = stagePresence();
    const [one, two] = await joinVisible(stage, "one", "two");
    const requests: NotifyRequest[] = [];
    one.take = (request) => void requests.push(request);
    const agent = createAgent("x", {
      attention: AgentAttention.PERMISSION,
      status: AgentStatus.WAITING_FOR_PERMISSION,
    });
    expect(await resultOf(stage, stage.notifier.attentionRaised(agent))).toBe("channel");
    expect(requests).toEqual([
      create(NotifyRequestSchema, {
        agentId: idOf("x"),
        title: "agent x",
        attention: AgentAttention.PERMISSION,
        attentionAt: timestampFromMs(START_MS),
        status: AgentStatus.WAITING_FOR_PERMISSION,
      }),
    ]);
    expect(two.told).toEqual([]);
  });

  it("tells nobody while the agent is shown, or nobody is there [PRESENCE-1, PRESENCE-3]", async () => {
    const stage = stagePresence();
    const [one, two] = [stage.join("one"), stage.join("two")];
    expect(await raise(stage)).toBe("nobody");
    await report(stage, one, "visible", { shows: "x" });
    await report(stage, two, "visible", { activeAtMs: START_MS });
    expect(await raise(stage)).toBe("shown");
    expect([one.told, two.told]).toEqual([[], []]);
  });

  it("tells no channel that was lost, or has no connection [PRESENCE-1, PRESENCE-5]", async () => {
    const stage = stagePresence();
    const [one, two] = await joinVisible(stage, "one", "two");
    one.pair.lose(ChannelLossReason.CHANNEL_DONE);
    stage.book.channelLost(one.name);
    expect(await raise(stage)).toBe("channel");
    two.pair.detach();
    stage.book.channelDetached(two.name);
    expect(await raise(stage)).toBe("nobody");
    two.pair.attach();
    stage.book.channelResumed(two.name);
    expect(await raise(stage)).toBe("channel");
    expect([one.told, two.told]).toEqual([[], ["agent x", "agent x"]]);
  });

  it("has only those told whom the agent concerns [PRESENCE-11]", async () => {
    const pushes: Push[] = [];
    const push: PushSender = { send: async (sent) => void pushes.push(sent) };
    const stage = stagePresence({ push, concerns: (agent, principal) => agent.title === `agent ${principal}` });
    const [anna, ben] = [stage.join("one", { principal: "anna" }), stage.join("two", { principal: "ben" })];
    await report(stage, ben, "visible", { shows: "anna", activeAtMs: START_MS });
    await report(stage, anna, "visible", { activeAtMs: START_MS - 1 });
    for (const principal of ["anna", "ben"]) {
      stage.tokens.register({ sessionRef: `of ${principal}`, principal, service: "apns", token: "token" });
    }
    expect(await raise(stage, "anna")).toBe("channel");
    expect([anna.told, ben.told]).toEqual([["agent anna"], []]);
    await report(stage, anna, "hidden");
    expect(await raise(stage, "anna")).toBe("push");
    expect(pushes.map(({ tokens }) => tokens.map(({ sessionRef }) => sessionRef))).toEqual([["of anna"]]);
    expect(await raise(stage, "nobody")).toBe("nobody");
  });

  it("tells nobody where nobody can say whom the agent concerns [PRESENCE-11]", async () => {
    const concerns = () => {
      throw new Error("it is broken");
    };
    const stage = stagePresence({ concerns });
    const [one] = await joinVisible(stage, "one");
    expect(await raise(stage)).toBe("nobody");
    expect(one.told).toEqual([]);
  });
});

describe("Notifier: where telling fails", () => {
  it("asks the next, and none after one has answered [PRESENCE-7]", async () => {
    const stage = stagePresence();
    const clients = await joinVisible(stage, "one", "two", "three", "four");
    for (const client of clients.slice(0, 2)) client.take = refuse(Code.Internal);
    expect(await raise(stage)).toBe("channel");
    expect(clients.map(({ told }) => told.length)).toEqual([1, 1, 1, 0]);
    expect(await raise(stage)).toBe("channel");
    expect(clients.map(({ told }) => told.length)).toEqual([2, 2, 2, 0]);
  });

  it("asks the next after 10 s, and takes no late answer [PRESENCE-7]", async () => {
    const stage = stagePresence();
    const [one, two] = await joinVisible(stage, "one", "two");
    const gate = createGate();
    one.take = gate.take;
    const end = watch(stage.notifier.attentionRaised(createAgent("x")));
    await stage.clock.advanceAsync(9_999);
    expect([one.told.length, two.told.length, end.outcome.state]).toEqual([1, 0, "pending"]);
    await stage.clock.advanceAsync(1);
    expect([one.told.length, two.told.length]).toEqual([1, 1]);
    expect(end.outcome).toEqual({ state: "fulfilled", value: "channel" });
    gate.open();
    await stage.clock.settle();
    expect([one.told.length, two.told.length]).toEqual([1, 1]);
  });

  it("does not wait for a connection, though nobody has said that it is gone [PRESENCE-7]", async () => {
    const stage = stagePresence();
    const [one, two] = await joinVisible(stage, "one", "two");
    one.pair.detach();
    expect(await raise(stage)).toBe("channel");
    one.pair.attach();
    await stage.clock.advanceAsync(60_000);
    expect([one.told, two.told]).toEqual([[], ["agent x"]]);
  });

  it("cancels what arrives at one client after another was told, so that it can be taken back [PRESENCE-7]", async () => {
    const stage = stagePresence();
    const [one, two] = await joinVisible(stage, "one", "two");
    const shown = new Set<string>();
    one.take = ({ title }, signal) => {
      shown.add(title);
      signal.addEventListener("abort", () => shown.delete(title));
      return never();
    };
    const end = watch(stage.notifier.attentionRaised(createAgent("x")));
    // The call is numbered now, and lost on its way: it is sent again on the next connection.
    await stage.clock.runUntilAsync(() => one.pair.server.sent > 1, 0);
    one.pair.detach();
    await stage.clock.advanceAsync(10_000);
    expect(end.outcome).toMatchObject({ value: "channel" });
    one.pair.attach();
    await stage.clock.settle();
    expect([one.told, two.told]).toEqual([["agent x"], ["agent x"]]);
    expect([...shown]).toEqual([]);
  });

  it("never asks a channel again that takes none, and counts it as looking all the same [PRESENCE-7]", async () => {
    const stage = stagePresence();
    const deaf = stage.join("deaf", { isServing: false });
    const hidden = stage.join("hidden");
    await report(stage, deaf, "visible");
    await report(stage, hidden, "hidden");
    expect(stage.book.list()).toMatchObject([{ canBeTold: true }, { canBeTold: true }]);
    expect(await raise(stage)).toBe("channel");
    expect(stage.book.list()).toMatchObject([{ canBeTold: false }, { canBeTold: true }]);
    await report(stage, deaf, "visible", { shows: "x" });
    expect(stage.book.list()).toMatchObject([{ canBeTold: true }, { canBeTold: false }]);
    expect(await raise(stage)).toBe("shown");
    expect(hidden.told).toHaveLength(1);
  });

  it("chooses anew by the presences as they are then [PRESENCE-7]", async () => {
    const stage = stagePresence();
    const [one, two, three] = await joinVisible(stage, "one", "two", "three");
    const gate = createGate();
    one.take = () => gate.take().then(refuse(Code.Internal) as () => void);
    const end = watch(stage.notifier.attentionRaised(createAgent("x")));
    await stage.clock.settle();
    await report(stage, two, "hidden");
    gate.open();
    await stage.clock.settle();
    expect(end.outcome).toMatchObject({ value: "channel" });
    expect([one, two, three].map(({ told }) => told.length)).toEqual([1, 0, 1]);
  });

  it("counts no channel as looking that was lost in the same turn [PRESENCE-1, PRESENCE-7]", async () => {
    const stage = stagePresence();
    const [one, two] = await joinVisible(stage, "one", "two");
    const other = stage.join("other");
    await report(stage, other, "hidden");
    one.take = () => never();
    const end = watch(stage.notifier.attentionRaised(createAgent("x")));
    await stage.clock.settle();
    await report(stage, two, "visible", { shows: "x" });
    // As a server tells of it: at the end of the turn in which it was.
    for (const client of [one, two]) stage.clock.defer(() => stage.book.channelLost(client.name));
    for (const client of [one, two]) client.pair.lose(ChannelLossReason.SESSION_ENDED);
    await stage.clock.settle();
    expect(end.outcome).toMatchObject({ value: "channel" });
    expect(other.told).toEqual(["agent x"]);
  });

  it("asks 16 channels, and then nobody [PRESENCE-7, INV-14]", async () => {
    const stage = stagePresence();
    const clients = await joinVisible(stage, ...Array.from({ length: 18 }, (_, n) => `client ${n}`));
    for (const client of clients) client.take = refuse(Code.Unavailable);
    expect(await raise(stage)).toBe("nobody");
    expect(clients.map(({ told }) => told.length)).toEqual([...Array(16).fill(1), 0, 0]);
  });
});

describe("Notifier: pushing", () => {
  /** A stage with a push token, and what was pushed. */
  function stagePush(send: PushSender["send"] = async () => {}) {
    const pushes: Push[] = [];
    const push: PushSender = {
      send(sent, signal) {
        pushes.push(sent);
        return send(sent, signal);
      },
    };
    const stage = stagePresence({ push });
    stage.tokens.register({ sessionRef: "a", principal: "owner", service: "apns", token: "token" });
    return { ...stage, pushes };
  }

  it("pushes once to all tokens where nobody is visible, and tells no hidden one [PRESENCE-4]", async () => {
    const stage = stagePush();
    stage.tokens.register({ sessionRef: "b", principal: "owner", service: "fcm", token: "other" });
    const hidden = stage.join("one");
    await report(stage, hidden, "hidden");
    expect(await raise(stage)).toBe("push");
    expect(stage.pushes).toHaveLength(1);
    expect(stage.pushes[0]?.tokens).toEqual(stage.tokens.list());
    expect(stage.pushes[0]?.notification).toMatchObject({ agentId: idOf("x"), title: "agent x" });
    expect(hidden.told).toEqual([]);
    await stage.clock.advanceAsync(1_000);
    expect(stage.clock.pending).toBe(0);
  });

  it("pushes nothing without a token, and nothing without what pushes [PRESENCE-4]", async () => {
    const withoutToken = stagePush();
    withoutToken.tokens.sessionExpired("a");
    const withoutPush = stagePresence();
    withoutPush.tokens.register({ sessionRef: "a", principal: "owner", service: "apns", token: "token" });
    for (const stage of [withoutToken, withoutPush]) {
      const hidden = stage.join("one");
      await report(stage, hidden, "hidden");
      expect(await raise(stage)).toBe("channel");
      expect(hidden.told).toEqual(["agent x"]);
    }
    expect(withoutToken.pushes).toEqual([]);
  });

  it.each<readonly [string, PushSender["send"]]>([
    ["rejects", () => Promise.reject(new Error("nobody takes it"))],
    [
      "throws",
      () => {
        throw new Error("it is broken");
      },
    ],
    ["has not answered after 10 s", () => never()],
  ])("tells the hidden one where what pushes %s [PRESENCE-7]", async (_, send) => {
    const stage = stagePush(send);
    const hidden = stage.join("one");
    await report(stage, hidden, "hidden");
    const end = watch(stage.notifier.attentionRaised(createAgent("x")));
    await stage.clock.advanceAsync(10_000);
    expect(end.outcome).toMatchObject({ value: "channel" });
    expect([stage.pushes.length, hidden.told.length]).toEqual([1, 1]);
  });

  it("aborts a push that takes too long [PRESENCE-7]", async () => {
    const signals: AbortSignal[] = [];
    const stage = stagePush((_, signal) => {
      signals.push(signal);
      return never();
    });
    const end = watch(stage.notifier.attentionRaised(createAgent("x")));
    await stage.clock.advanceAsync(9_999);
    expect(signals.map(({ aborted }) => aborted)).toEqual([false]);
    await stage.clock.advanceAsync(1);
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
    expect(end.outcome).toMatchObject({ value: "nobody" });
  });
});

describe("Notifier: many attentions", () => {
  it("tells of one agent one after the other, and of those that wait the newest [PRESENCE-8]", async () => {
    const stage = stagePresence();
    const [one] = await joinVisible(stage, "one");
    const gate = createGate();
    one.take = gate.take;
    const raised = ["first", "second", "third"].map((title) => {
      return watch(stage.notifier.attentionRaised(createAgent("x", { title })));
    });
    await stage.clock.settle();
    expect(one.told).toEqual(["first"]);
    expect(raised.map(({ outcome }) => outcome)).toMatchObject([
      { state: "pending" },
      { value: "replaced" },
      { state: "pending" },
    ]);
    gate.open();
    await stage.clock.settle();
    expect(one.told).toEqual(["first", "third"]);
    expect(raised.map(({ outcome }) => outcome)).toMatchObject([
      { value: "channel" },
      { value: "replaced" },
      { value: "channel" },
    ]);
  });

  it("does not keep one agent waiting for another [PRESENCE-8]", async () => {
    const stage = stagePresence();
    const [one] = await joinVisible(stage, "one");
    one.take = ({ title }) => (title === "agent x" ? never() : undefined);
    void stage.notifier.attentionRaised(createAgent("x"));
    void stage.notifier.attentionRaised(createAgent("x"));
    expect(await raise(stage, "y")).toBe("channel");
  });

  it("takes back what waits of an agent that wants no attention any more [PRESENCE-8]", async () => {
    const stage = stagePresence();
    const [one] = await joinVisible(stage, "one");
    const gate = createGate();
    one.take = gate.take;
    const attentions = [AgentAttention.FINISHED, AgentAttention.ERROR, AgentAttention.UNSPECIFIED];
    const ends = attentions.map((attention) => stage.notifier.attentionRaised(createAgent("x", { attention })));
    await stage.clock.settle();
    gate.open();
    expect(await resultOf(stage, Promise.all(ends))).toEqual(["channel", "replaced", "over"]);
    expect(one.told).toHaveLength(1);
  });

  it("tells of so many at once, keeps so many waiting, and drops the longest waiting [PRESENCE-8, INV-14]", async () => {
    const stage = stagePresence({ maxAtOnce: 2, maxWaiting: 3 });
    const [one] = await joinVisible(stage, "one");
    const gate = createGate();
    one.take = gate.take;
    const names = ["a", "b", "c", "d", "e", "f", "g"];
    const raised = names.map((name) => watch(stage.notifier.attentionRaised(createAgent(name))));
    await stage.clock.settle();
    expect(one.told).toEqual(["agent a", "agent b"]);
    const endOf = ({ outcome }: (typeof raised)[number]) =>
      outcome.state === "fulfilled" ? outcome.value : outcome.state;
    expect(raised.map(endOf)).toEqual([
      ...["pending", "pending"],
      ...["dropped", "dropped"],
      ...["pending", "pending", "pending"],
    ]);
    gate.open();
    await stage.clock.settle();
    expect(one.told).toEqual(["a", "b", "e", "f", "g"].map((name) => `agent ${name}`));
    expect(raised.map(endOf).filter((end) => end === "channel")).toHaveLength(5);
  });

  it("has 64 at once and 1,000 waiting, where nothing else is said [PRESENCE-8]", async () => {
    const stage = stagePresence();
    const [one] = await joinVisible(stage, "one");
    one.take = () => never();
    const ends = Array.from({ length: 1_066 }, (_, n) => watch(stage.notifier.attentionRaised(createAgent(`${n}`))));
    await stage.clock.settle();
    expect(one.told).toHaveLength(64);
    const dropped = ends.flatMap(({ outcome }, n) => (outcome.state === "pending" ? [] : [n]));
    expect(dropped).toEqual([64, 65]);
  });

  it.each([{ maxAtOnce: 0 }, { maxAtOnce: 129 }, { maxWaiting: -1 }, { maxAtOnce: Number.NaN }])(
    "refuses the option %o",
    (option) => {
      const { clock, book, tokens } = stagePresence();
      expect(() => new Notifier({ clock, book, tokens, ...option })).toThrow("OPTION_INVALID");
    },
  );
});
