import { describe, expect, it } from "vitest";
import { ChannelLossReason } from "../../../gen/moorline/session/v1/error_pb.ts";
import { ResumeRefusal, Resumption } from "../../../gen/moorline/session/v1/packet_pb.ts";
import { CallClient } from "./support/call-client.ts";
import { type DaemonStage, stageDaemon } from "./support/daemon.ts";
import { idOf, KEY, OTHER_KEY } from "./support/hello.ts";
import type { RawClient } from "./support/raw-client.ts";

/** What a client says that has the channel of a byte. */
function resumeOf(client: RawClient, byte = 1, received = 0n) {
  return { channelId: idOf(byte), epoch: client.welcome.server?.epoch as Uint8Array, received };
}

/** Cuts the connection of a client. */
function cut(stage: DaemonStage, client: RawClient): void {
  client.connection?.abort();
  stage.clock.advance(0);
}

describe("a first hello", () => {
  it("creates session and channel [RESUME-4]", () => {
    const stage = stageDaemon();
    const { attachment } = stage.greet();
    expect(attachment).toMatchObject({ channelId: idOf(1), resumption: Resumption.NEW_SESSION, received: 0n });
    expect(attachment.refusal).toBe(ResumeRefusal.UNSPECIFIED);
    expect(stage.events).toMatchObject([{ kind: "attached", isNewSession: true, session: { principal: "owner" } }]);
  });

  it("is told why nothing could be resumed in a session that is not there [RESUME-4, RESUME-6]", () => {
    const stage = stageDaemon();
    const epoch = stage.greet({ sessionKey: OTHER_KEY }).welcome.server?.epoch as Uint8Array;
    const refusalOf = (sessionKey: string, of: Uint8Array) =>
      stage.greet({ sessionKey, resume: { channelId: idOf(9), epoch: of, received: 0n } }).attachment.refusal;
    expect(refusalOf(`${KEY}1`, epoch)).toBe(ResumeRefusal.CHANNEL_UNKNOWN);
    expect(refusalOf(`${KEY}2`, idOf(7))).toBe(ResumeRefusal.EPOCH_CHANGED);
  });
});

describe("a hello with the fresh id of a known channel", () => {
  it("is attached to that channel: a lost Welcome makes no second one [RESUME-2, RESUME-4]", () => {
    const stage = stageDaemon();
    stage.greet();
    const again = stage.greet({ attempt: 2n });
    expect(again.attachment).toMatchObject({ channelId: idOf(1), resumption: Resumption.REATTACHED });
    expect(stage.server.metrics.channels).toEqual({ attached: 1, detached: 0 });
  });

  it("creates another channel in the session under another id [RESUME-2]", () => {
    const stage = stageDaemon();
    stage.greet();
    const second = stage.greet({ freshChannelId: idOf(2) });
    expect(second.attachment).toMatchObject({ channelId: idOf(2), resumption: Resumption.REATTACHED });
    expect(stage.server.metrics).toMatchObject({ channels: { attached: 2 }, sessions: { active: 1 } });
  });

  it("is stale where its client has acknowledged frames of it: nothing can come again from frame 1 [RESUME-4]", async () => {
    const stage = stageDaemon({ echo: { say: () => ({}) } });
    const client = new CallClient(stage);
    client.connect();
    client.echo.say({});
    await stage.clock.advanceAsync(300);
    expect(stage.greet({ attempt: 9n }).farewell).toBe("ATTEMPT_STALE");
    expect(client.channel.isAttached).toBe(true);
  });
});

describe("a hello that resumes", () => {
  it("gets the same channel, its frames and its calls [RESUME-3, CALL-11, CHM-3]", async () => {
    const stage = stageDaemon({ echo: { say: ({ text }) => ({ text: `${text}!` }) } });
    const client = new CallClient(stage);
    const first = client.connect();
    const call = client.echo.say({ text: "hello" });
    first.connection.abort();
    await stage.clock.advanceAsync(1_000);
    expect(stage.server.metrics.channels).toEqual({ attached: 0, detached: 1 });
    const second = client.connect();
    await stage.clock.advanceAsync(1_000);
    expect(second.welcome?.attachment?.resumption).toBe(Resumption.RESUMED);
    expect((await call).text).toBe("hello!");
    expect(stage.events.map(({ kind }) => kind)).toEqual(["attached", "detached", "resumed"]);
  });

  it("is granted whatever its position is, if it was sent [RESUME-8]", async () => {
    const stage = stageDaemon({ echo: { say: () => ({}) } });
    const client = new CallClient(stage);
    const connection = client.connect();
    client.echo.say({});
    await stage.clock.advanceAsync(300);
    const epoch = connection.welcome?.server?.epoch as Uint8Array;
    const late = stage.greet({ attempt: 2n, resume: { channelId: idOf(1), epoch, received: 0n } });
    expect(late.attachment).toMatchObject({ resumption: Resumption.RESUMED, received: 1n });
  });

  it("gets again what it does not have, and nothing that it has [RESUME-3, CHAN-7]", async () => {
    let answer: () => void = () => {};
    const stage = stageDaemon({
      echo: {
        say: () => ({}),
        async *count() {
          yield { number: 1 };
          await new Promise<void>((resolve) => (answer = resolve));
          yield { number: 2 };
        },
      },
    });
    const client = new CallClient(stage);
    const first = client.connect();
    const stream = client.echo.count({})[Symbol.asyncIterator]();
    stream.next();
    await stage.clock.settle();
    // The client has the first message, and has not acknowledged it yet.
    first.connection.abort();
    await stage.clock.settle();
    answer();
    client.connect();
    const second = stream.next();
    await stage.clock.advanceAsync(1_000);
    expect((await second).value?.number).toBe(2);
    expect(client.channel.counters.duplicateFrames).toBe(0);
    expect(stage.server.metrics.duplicateFrames).toBe(0);
  });

  it("prefers the channel to resume to the fresh one [RESUME-2]", () => {
    const stage = stageDaemon();
    const first = stage.greet();
    stage.greet({ freshChannelId: idOf(2) });
    const hello = { attempt: 2n, freshChannelId: idOf(2), resume: resumeOf(first) };
    expect(stage.greet(hello).attachment).toMatchObject({ channelId: idOf(1), resumption: Resumption.RESUMED });
  });

  it.each([
    ["of another epoch", ResumeRefusal.EPOCH_CHANGED, { channelId: idOf(1), epoch: idOf(9), received: 0n }],
    ["of an unknown channel", ResumeRefusal.CHANNEL_UNKNOWN, { channelId: idOf(9), received: 0n }],
    ["of a position never sent", ResumeRefusal.POSITION_AHEAD, { channelId: idOf(1), received: 1n }],
    ["of a position over 2^53", ResumeRefusal.POSITION_AHEAD, { channelId: idOf(1), received: 2n ** 63n }],
  ])("%s is told so, and gets the fresh channel (%i) [RESUME-6]", (_, refusal, resume) => {
    const stage = stageDaemon();
    const first = stage.greet();
    const hello = { attempt: 2n, freshChannelId: idOf(2), resume: { ...resumeOf(first), ...resume } };
    const second = stage.greet(hello);
    expect(second.attachment).toMatchObject({ channelId: idOf(2), resumption: Resumption.REATTACHED, refusal });
  });

  it("loses the channel that it does not get [RESUME-7, CHAN-8]", () => {
    const stage = stageDaemon();
    const first = stage.greet();
    stage.greet({ attempt: 2n, freshChannelId: idOf(2), resume: resumeOf(first, 1, 5n) });
    expect(first.farewell).toBe("CHANNEL_LOST");
    expect(stage.events).toMatchObject([
      { kind: "attached" },
      { kind: "channel_lost", reason: ChannelLossReason.POSITION_IMPOSSIBLE, calls: [] },
      { kind: "attached", refusal: ResumeRefusal.POSITION_AHEAD },
    ]);
    const again = { attempt: 3n, freshChannelId: idOf(3), resume: resumeOf(first) };
    expect(stage.greet(again).attachment.refusal).toBe(ResumeRefusal.POSITION_AHEAD);
  });

  it("never touches the channel of another session [RESUME-5]", () => {
    const stage = stageDaemon();
    const first = stage.greet();
    const foreign = stage.greet({ sessionKey: OTHER_KEY, attempt: 9n, resume: resumeOf(first, 1, 99n) });
    expect(foreign.attachment.refusal).toBe(ResumeRefusal.CHANNEL_UNKNOWN);
    expect(first.isOpen).toBe(true);
    expect(stage.server.metrics).toMatchObject({ channels: { attached: 2 }, sessions: { active: 2 } });
  });
});

describe("attempts", () => {
  it.each([
    ["the same", 5n],
    ["a lower one", 4n],
  ])("%s is stale, and nothing changes [ATTEMPT-2, INV-8]", (_, attempt) => {
    const stage = stageDaemon();
    const first = stage.greet({ attempt: 5n });
    expect(stage.greet({ attempt, resume: resumeOf(first) }).farewell).toBe("ATTEMPT_STALE");
    expect(stage.greet({ attempt }).farewell).toBe("ATTEMPT_STALE");
    const ahead = { attempt, freshChannelId: idOf(2), resume: resumeOf(first, 1, 99n) };
    expect(stage.greet(ahead).farewell).toBe("ATTEMPT_STALE");
    expect(first.isOpen).toBe(true);
    expect(stage.server.metrics.channels).toEqual({ attached: 1, detached: 0 });
  });

  it("are fenced for detached channels too [ATTEMPT-2]", () => {
    const stage = stageDaemon();
    const first = stage.greet({ attempt: 5n });
    cut(stage, first);
    expect(stage.greet({ attempt: 5n, resume: resumeOf(first) }).farewell).toBe("ATTEMPT_STALE");
    expect(stage.server.metrics.channels).toEqual({ attached: 0, detached: 1 });
  });

  it("of another channel of the session are its own [ATTEMPT-2]", () => {
    const stage = stageDaemon();
    stage.greet({ attempt: 5n });
    expect(stage.greet({ attempt: 1n, freshChannelId: idOf(2) }).isOpen).toBe(true);
  });

  it("supersede the older connection, of which nothing counts any more [ATTEMPT-5, CHM-1, SRV-3, CLOSE-4]", () => {
    const ran: string[] = [];
    const stage = stageDaemon({
      echo: {
        say: ({ text }) => {
          ran.push(text);
          return {};
        },
      },
    });
    const client = new CallClient(stage);
    const old = client.connect();
    const late = stage.dial();
    late.hello({ attempt: 2n, resume: { channelId: idOf(1), epoch: old.welcome?.server?.epoch as Uint8Array } });
    client.echo.say({ text: "too late" }).catch(() => {});
    // The frame of the old connection leaves after the hello of the new one.
    stage.clock.advance(0);
    expect([old.farewellCode, old.close?.code]).toEqual([4410, 4410]);
    expect(late.attachment.received).toBe(0n);
    expect(ran).toEqual([]);
    expect(stage.server.metrics).toMatchObject({ open: { attached: 1 }, channels: { attached: 1 } });
    expect(stage.events.map(({ kind }) => kind)).toEqual(["attached", "resumed"]);
  });

  it("wait for everything asynchronous before the session is looked at [ATTEMPT-5]", async () => {
    const answers: Array<() => void> = [];
    const authenticate = () =>
      new Promise<{ principal: string }>((resolve) => answers.push(() => resolve({ principal: "p" })));
    const stage = stageDaemon({ authenticate });
    const [first, second] = [stage.dial(), stage.dial()];
    first.hello({ attempt: 1n });
    second.hello({ attempt: 2n });
    stage.clock.advance(0);
    answers[1]?.();
    await stage.clock.settle();
    answers[0]?.();
    await stage.clock.settle();
    expect(second.attachment.resumption).toBe(Resumption.NEW_SESSION);
    expect(first.farewell).toBe("ATTEMPT_STALE");
  });
});

describe("lost channels", () => {
  /** A session that has lost channel 1, and has channel 2. */
  function loseOne(stage: DaemonStage): RawClient {
    const first = stage.greet();
    stage.greet({ freshChannelId: idOf(2) });
    first.say({ case: "goodbye", value: { code: 4390, message: "", unknown: undefined } });
    stage.clock.advance(0);
    return first;
  }

  it("are not created again: a late hello revives nothing [RESUME-9, ATTEMPT-4]", () => {
    const stage = stageDaemon();
    loseOne(stage);
    expect(stage.greet({ attempt: 7n }).farewell).toBe("ATTEMPT_STALE");
    expect(stage.server.metrics.channels).toEqual({ attached: 1, detached: 0 });
  });

  it("answer a resume with their reason [RESUME-6, RESUME-9]", () => {
    const stage = stageDaemon();
    const first = loseOne(stage);
    const hello = { attempt: 7n, freshChannelId: idOf(3), resume: resumeOf(first) };
    expect(stage.greet(hello).attachment.refusal).toBe(ResumeRefusal.CHANNEL_EXPIRED);
  });

  it("are remembered for a minute, however many there are, and the last 64 for good [RESUME-9]", () => {
    const stage = stageDaemon();
    stage.greet({ freshChannelId: idOf(255) });
    const lose = (byte: number): void => {
      const client = stage.greet({ freshChannelId: idOf(byte) });
      client.say({ case: "goodbye", value: { code: 4390, message: "", unknown: undefined } });
      stage.clock.advance(0);
    };
    for (let byte = 1; byte <= 70; byte += 1) lose(byte);
    stage.clock.advance(59_999);
    expect(stage.greet({ freshChannelId: idOf(1), attempt: 9n }).farewell).toBe("ATTEMPT_STALE");
    stage.clock.advance(1);
    lose(71);
    expect(stage.greet({ freshChannelId: idOf(7), attempt: 9n }).isOpen).toBe(true);
    expect(stage.greet({ freshChannelId: idOf(8), attempt: 9n }).farewell).toBe("ATTEMPT_STALE");
  });

  it("stop the making of new ones where too many were lost at once [RESUME-9, INV-14]", () => {
    const stage = stageDaemon();
    stage.greet({ freshChannelId: idOf(255) });
    const id = (n: number): Uint8Array => Uint8Array.from({ length: 16 }, (_, i) => (i < 2 ? n >> (8 * i) : 0));
    for (let n = 1; n <= 1024; n += 1) {
      const client = stage.greet({ freshChannelId: id(n) });
      client.say({ case: "goodbye", value: { code: 4390, message: "", unknown: undefined } });
      stage.clock.advance(1);
    }
    expect(stage.greet({ freshChannelId: idOf(1) }).farewell).toBe("RATE_LIMITED");
    stage.clock.advance(60_000);
    expect(stage.greet({ freshChannelId: idOf(1) }).isOpen).toBe(true);
  });
});

describe("an acknowledgement of what was never sent", () => {
  it("loses the channel and closes its connection [CHAN-8, CHM-2, SRV-3]", () => {
    const stage = stageDaemon();
    const client = stage.greet();
    client.say({ case: undefined, value: undefined }, 1);
    stage.clock.advance(0);
    expect(client.farewell).toBe("CHANNEL_LOST");
    expect(stage.events.slice(1)).toMatchObject([
      { kind: "channel_lost", reason: ChannelLossReason.POSITION_IMPOSSIBLE },
    ]);
    expect(stage.greet({ freshChannelId: idOf(2) }).isOpen).toBe(true);
  });
});

describe("a gap in the numbers", () => {
  it("closes the connection and keeps the channel [CHAN-4, SRV-3, CHM-1]", () => {
    const stage = stageDaemon();
    const client = stage.greet();
    client.sayFrames(2, { callId: 1, last: false, body: { case: undefined, value: undefined }, unknown: undefined });
    stage.clock.advance(0);
    expect(client.farewell).toBe("PROTOCOL_GAP");
    expect(stage.server.metrics).toMatchObject({ channels: { detached: 1 }, violations: 1 });
  });
});

describe("a failure inside the daemon", () => {
  it("ends the connection that met it with INTERNAL, and is reported [AUTH-7]", () => {
    let calls = 0;
    const stage = stageDaemon({ onTransition: undefined as never });
    Object.assign(stage.clock, {
      wallNow() {
        calls += 1;
        if (calls > 1) throw new Error("no wall clock");
        return 0;
      },
    });
    expect(stage.greet().farewell).toBe("INTERNAL");
    expect(stage.written.map(([text]) => text)).toContain("moorline: a connection has failed");
    expect(stage.server.metrics.open).toEqual({ awaitingHello: 0, probing: 0, attached: 0 });
  });
});

describe("a goodbye", () => {
  it.each([
    ["CONNECTION_DONE keeps the channel", 4090, { attached: 0, detached: 1 }],
    ["CHANNEL_DONE ends it", 4390, { attached: 0, detached: 0 }],
    ["any other code keeps it", 4999, { attached: 0, detached: 1 }],
  ])("with %s [CLOSE-5, SRV-3, CHM-2]", (_, code, channels) => {
    const stage = stageDaemon();
    const client = stage.greet();
    client.say({ case: "goodbye", value: { code, message: "bye", unknown: undefined } });
    stage.clock.advance(0);
    expect(stage.server.metrics.channels).toEqual(channels);
    expect(client.close?.code).toBe(code);
  });

  it("on an older connection ends that one alone [CLOSE-5]", () => {
    const stage = stageDaemon();
    const old = stage.greet();
    const newer = stage.dial();
    newer.hello({ attempt: 2n, resume: resumeOf(old) });
    old.say({ case: "goodbye", value: { code: 4390, message: "", unknown: undefined } });
    stage.clock.advance(0);
    expect(newer.attachment.resumption).toBe(Resumption.RESUMED);
    expect(stage.server.metrics.channels).toEqual({ attached: 1, detached: 0 });
  });
});

describe("lifetimes", () => {
  it("lose a channel that was detached for 15 minutes [CHM-3, CHAN-11]", () => {
    const stage = stageDaemon();
    const client = stage.greet();
    cut(stage, client);
    stage.clock.advance(899_999);
    expect(stage.server.metrics.channels.detached).toBe(1);
    stage.clock.advance(1);
    expect(stage.server.metrics).toMatchObject({ channels: { detached: 0 }, sessions: { idle: 1 } });
    const hello = { attempt: 2n, freshChannelId: idOf(2), resume: resumeOf(client) };
    expect(stage.greet(hello).attachment).toMatchObject({
      resumption: Resumption.REATTACHED,
      refusal: ResumeRefusal.CHANNEL_EXPIRED,
    });
  });

  it("begin anew with each connection [CHM-1]", () => {
    const stage = stageDaemon();
    const first = stage.greet();
    cut(stage, first);
    stage.clock.advance(800_000);
    const second = stage.greet({ attempt: 2n, resume: resumeOf(first) });
    cut(stage, second);
    stage.clock.advance(899_999);
    expect(stage.server.metrics.channels.detached).toBe(1);
  });

  it("are looked at when a hello comes, also where the timer is late [ATTEMPT-5]", () => {
    const stage = stageDaemon();
    const client = stage.greet();
    cut(stage, client);
    const late = stage.dial();
    late.hello({ attempt: 2n, freshChannelId: idOf(2), resume: resumeOf(client) });
    // The hello is delivered before the timers of the sleep.
    stage.clock.sleep(900_000);
    stage.clock.advance(0);
    expect(late.attachment.refusal).toBe(ResumeRefusal.CHANNEL_EXPIRED);
  });

  it("do not follow the wall clock [SESSION-2]", () => {
    const stage = stageDaemon();
    cut(stage, stage.greet());
    stage.clock.jumpWall(30 * 24 * 3_600_000);
    stage.clock.advance(1_000);
    expect(stage.server.metrics.channels.detached).toBe(1);
  });
});
