import { describe, expect, it } from "vitest";
import { ChannelLossReason } from "../../../gen/moorline/session/v1/error_pb.ts";
import { ResumeRefusal, Resumption } from "../../../gen/moorline/session/v1/packet_pb.ts";
import type { Authenticate } from "../../../src/server/index.ts";
import { type DaemonStage, stageDaemon } from "./support/daemon.ts";
import { type HelloInit, idOf, KEY } from "./support/hello.ts";
import type { RawClient } from "./support/raw-client.ts";

/** Lets everybody in as the principal that the token says. */
const byToken: Authenticate = ({ credential }) => ({ principal: credential?.token ?? "nobody" });
const as = (value: string): HelloInit => ({ credential: { case: "bearerToken", value } });

function cut(stage: DaemonStage, client: RawClient): void {
  client.connection?.abort();
  stage.clock.advance(0);
}

describe("the owner of a session", () => {
  it("is the principal that created it; any other is refused, whatever it asks for [SESSION-1]", () => {
    const stage = stageDaemon({ authenticate: byToken });
    const client = stage.greet(as("anna"));
    const resume = { channelId: idOf(1), epoch: client.welcome.server?.epoch as Uint8Array, received: 0n };
    expect(stage.greet({ ...as("ben"), attempt: 2n }).farewell).toBe("PERMISSION_DENIED");
    expect(stage.greet({ ...as("ben"), attempt: 2n, resume }).farewell).toBe("PERMISSION_DENIED");
    expect(stage.greet({ ...as("ben"), attempt: 2n, freshChannelId: idOf(2) }).farewell).toBe("PERMISSION_DENIED");
    expect(client.isOpen).toBe(true);
    expect(stage.server.sessions.list()).toMatchObject([{ principal: "anna", channels: [{ phase: "attached" }] }]);
  });

  it("may come with another credential [SESSION-1]", () => {
    const stage = stageDaemon({ authenticate: () => ({ principal: "anna" }) });
    stage.greet(as("phone"));
    expect(stage.greet({ ...as("desktop"), freshChannelId: idOf(2) }).isOpen).toBe(true);
  });

  it("is answered for before its attempt [HELLO-9]", () => {
    const stage = stageDaemon({ authenticate: byToken });
    stage.greet({ ...as("anna"), attempt: 5n });
    expect(stage.greet({ ...as("ben"), attempt: 5n }).farewell).toBe("PERMISSION_DENIED");
  });
});

describe("a session", () => {
  it("is the same over any number of connections and restarts of its client [INV-1, INV-4]", () => {
    const stage = stageDaemon();
    const first = stage.greet();
    const second = stage.greet({ freshChannelId: idOf(2) });
    cut(stage, first);
    expect(second.isOpen).toBe(true);
    const restarted = stage.greet({ freshChannelId: idOf(3) });
    expect(restarted.attachment.resumption).toBe(Resumption.REATTACHED);
    expect(new Set([first, second, restarted].map(({ welcome }) => welcome.sessionRef)).size).toBe(1);
    expect(stage.server.sessions.list()).toHaveLength(1);
  });

  it("is kept for 7 days without a channel, then its key is unknown [SESSION-2, SESM-1, SESM-3]", () => {
    const stage = stageDaemon();
    cut(stage, stage.greet());
    stage.clock.advance(900_000 + 604_800_000 - 1);
    expect(stage.server.metrics.sessions).toEqual({ active: 0, idle: 1 });
    stage.clock.advance(1);
    expect(stage.server.metrics.sessions).toEqual({ active: 0, idle: 0 });
    expect(stage.events.map(({ kind }) => kind)).toEqual(["attached", "detached", "channel_lost", "expired"]);
    expect(stage.greet({ freshChannelId: idOf(2) }).attachment.resumption).toBe(Resumption.NEW_SESSION);
    expect(stage.events.at(-1)).toMatchObject({ kind: "attached", isNewSession: true });
  });

  it("has its whole lifetime again after each channel [SESM-2]", () => {
    const stage = stageDaemon({ limits: { session: { replayMs: 1, sessionMs: 100_000 } } });
    cut(stage, stage.greet());
    stage.clock.advance(90_000);
    cut(stage, stage.greet({ freshChannelId: idOf(2) }));
    stage.clock.advance(100_000);
    expect(stage.server.metrics.sessions.idle).toBe(1);
    stage.clock.advance(1);
    expect(stage.server.metrics.sessions.idle).toBe(0);
  });

  it("that is over when a hello comes is over, also where its timer is late [SESM-2, ATTEMPT-5]", () => {
    const stage = stageDaemon({ limits: { session: { replayMs: 1, sessionMs: 1_000 } } });
    cut(stage, stage.greet());
    stage.clock.advance(1);
    const late = stage.dial();
    late.hello({ freshChannelId: idOf(2) });
    stage.clock.sleep(1_000);
    stage.clock.advance(0);
    expect(late.attachment.resumption).toBe(Resumption.NEW_SESSION);
  });

  it("can be ended by the application [SESM-1, SESM-3, CHM-2, SRV-3]", () => {
    const stage = stageDaemon();
    const [attached, detached] = [stage.greet(), stage.greet({ freshChannelId: idOf(2) })];
    detached.sayFrames(1, { callId: 1, last: false, body: { case: undefined, value: undefined }, unknown: undefined });
    stage.clock.advance(0);
    cut(stage, detached);
    expect(stage.server.sessions.end("0123456789abcdef")).toBe(false);
    expect(stage.server.sessions.end(attached.welcome.sessionRef)).toBe(true);
    stage.clock.advance(0);
    expect(attached.farewell).toBe("SESSION_ENDED");
    expect(stage.server.sessions.list()).toEqual([]);
    expect(stage.events.slice(3)).toMatchObject([
      { kind: "channel_lost", reason: ChannelLossReason.SESSION_ENDED },
      { kind: "channel_lost", reason: ChannelLossReason.SESSION_ENDED },
      { kind: "expired" },
    ]);
    expect(stage.clock.pending).toBe(0);
  });
});

describe("a session that was ended", () => {
  it("is remembered for a minute by its lost channels: a late hello revives none [RESUME-9, SESM-3]", () => {
    const stage = stageDaemon();
    const client = stage.greet();
    const resume = { channelId: idOf(1), epoch: client.welcome.server?.epoch as Uint8Array, received: 0n };
    stage.server.sessions.end(client.welcome.sessionRef);
    expect(stage.greet({ attempt: 2n }).farewell).toBe("ATTEMPT_STALE");
    expect(stage.server.sessions.list()).toEqual([]);
    const fresh = stage.greet({ attempt: 3n, freshChannelId: idOf(2), resume });
    expect(fresh.attachment).toMatchObject({
      resumption: Resumption.NEW_SESSION,
      refusal: ResumeRefusal.CHANNEL_EXPIRED,
    });
    expect(stage.greet({ attempt: 4n }).farewell).toBe("ATTEMPT_STALE");
  });

  it("is forgotten then [RESUME-9, INV-14]", () => {
    const stage = stageDaemon();
    stage.server.sessions.end(stage.greet().welcome.sessionRef);
    stage.clock.advance(60_000);
    expect(stage.greet({ attempt: 2n }).attachment.resumption).toBe(Resumption.NEW_SESSION);
  });
});

describe("the channels of a session", () => {
  it("are at most 16: the longest detached one makes room [SESSION-3, CHM-3]", () => {
    const stage = stageDaemon();
    const clients = Array.from({ length: 16 }, (_, i) => stage.greet({ freshChannelId: idOf(i + 1) }));
    for (const index of [5, 3, 9]) {
      cut(stage, clients[index] as RawClient);
      stage.clock.advance(10);
    }
    expect(stage.greet({ freshChannelId: idOf(100) }).isOpen).toBe(true);
    const lost = stage.events.filter(({ kind }) => kind === "channel_lost");
    expect(lost).toMatchObject([
      { reason: ChannelLossReason.REPLAY_EVICTED, channelId: Buffer.from(idOf(6)).toString("base64url") },
    ]);
    expect(stage.server.metrics.channels).toEqual({ attached: 14, detached: 2 });
  });

  it("are refused where all 16 are attached, and none of them notices [SESSION-3]", () => {
    const stage = stageDaemon();
    const clients = Array.from({ length: 16 }, (_, i) => stage.greet({ freshChannelId: idOf(i + 1) }));
    expect(stage.greet({ freshChannelId: idOf(100) }).farewell).toBe("TOO_MANY_CHANNELS");
    expect(clients.every(({ isOpen }) => isOpen)).toBe(true);
    expect(stage.greet({ freshChannelId: idOf(1), attempt: 2n }).isOpen).toBe(true);
  });

  it("have room for one whose own resume is refused [SESSION-3, RESUME-7]", () => {
    const stage = stageDaemon();
    const clients = Array.from({ length: 16 }, (_, i) => stage.greet({ freshChannelId: idOf(i + 1) }));
    const epoch = clients[0]?.welcome.server?.epoch as Uint8Array;
    const resume = { channelId: idOf(1), epoch, received: 9n };
    expect(stage.greet({ freshChannelId: idOf(100), attempt: 2n, resume }).isOpen).toBe(true);
    expect(clients.filter(({ isOpen }) => !isOpen)).toEqual([clients[0]]);
  });
});

describe("the sessions of a principal", () => {
  const limits = { session: { maxSessions: 3, replayMs: 1 } };
  const nth = (n: number, principal = "anna"): HelloInit => ({ ...as(principal), sessionKey: `${KEY}${n}` });

  it("are limited: the longest idle one ends [SESSION-4, SESM-2]", () => {
    const stage = stageDaemon({ authenticate: byToken, limits });
    const clients = [1, 2, 3].map((n) => stage.greet(nth(n)));
    for (const index of [1, 0]) {
      cut(stage, clients[index] as RawClient);
      stage.clock.advance(10);
    }
    expect(stage.greet(nth(4)).isOpen).toBe(true);
    expect(stage.greet({ ...nth(1), freshChannelId: idOf(2) }).attachment.resumption).toBe(Resumption.REATTACHED);
    expect(stage.events.filter(({ kind }) => kind === "expired")).toHaveLength(1);
  });

  it("are refused where none is idle; another principal has its own [SESSION-4]", () => {
    const stage = stageDaemon({ authenticate: byToken, limits });
    for (const n of [1, 2, 3]) stage.greet(nth(n));
    expect(stage.greet(nth(4)).farewell).toBe("TOO_MANY_SESSIONS");
    expect(stage.greet(nth(5, "ben")).isOpen).toBe(true);
    expect(stage.server.sessions.list()).toHaveLength(4);
  });
});

describe("events", () => {
  it("come each once and in order, with the calls that were lost [SESSION-8]", async () => {
    const stage = stageDaemon({ limits: { session: { replayMs: 10 } } });
    cut(stage, stage.greet());
    stage.clock.advance(10);
    const session = { ref: expect.any(String), principal: "owner" };
    const channelId = "AQEBAQEBAQEBAQEBAQEBAQ";
    expect(stage.events).toEqual([
      { kind: "attached", session, channelId, isNewSession: true, refusal: undefined },
      { kind: "detached", session, channelId },
      { kind: "channel_lost", session, channelId, reason: ChannelLossReason.CHANNEL_EXPIRED, calls: [] },
    ]);
  });

  it("go to a listener that may throw, or close the server, without harm [SESSION-8, RUN-5]", () => {
    let closing: Promise<void> | undefined;
    const stage: DaemonStage = stageDaemon({
      onEvent() {
        closing = stage.server.close();
        throw new Error("a listener");
      },
      onTransition() {
        throw new Error("a sink");
      },
    });
    const client = stage.greet();
    expect(client.welcome.protocol).toBe(1);
    stage.clock.advance(0);
    expect(client.farewell).toBe("CHANNEL_LOST");
    expect(closing).toBeInstanceOf(Promise);
    expect(stage.written.map(([text]) => text)).toContain("moorline: a listener has failed");
  });
});
