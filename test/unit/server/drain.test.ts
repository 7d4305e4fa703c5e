import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { CallOutcome, ChannelLossReason, ChannelLostSchema } from "../../../gen/moorline/session/v1/error_pb.ts";
import { Purpose, Resumption } from "../../../gen/moorline/session/v1/packet_pb.ts";
import { CallClient } from "./support/call-client.ts";
import { type DaemonStage, stageDaemon } from "./support/daemon.ts";
import { idOf } from "./support/hello.ts";

interface Watched {
  state: "pending" | "fulfilled" | "rejected";
  error: ConnectError | undefined;
}

function watch(promise: Promise<unknown>): Watched {
  const watched: Watched = { state: "pending", error: undefined };
  promise.then(
    () => {
      watched.state = "fulfilled";
    },
    (error: unknown) => {
      Object.assign(watched, { state: "rejected", error: ConnectError.from(error) });
    },
  );
  return watched;
}

/** A daemon with a call that ends when it is told to. */
function stageCall(options: Parameters<typeof stageDaemon>[0] = {}): DaemonStage & { answer: () => void } {
  const answers: Array<() => void> = [];
  const stage = stageDaemon({
    ...options,
    echo: {
      say: () => new Promise((resolve) => answers.push(() => resolve({ text: "done" }))),
      async *watch(_, { signal }) {
        yield { text: "first" };
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
      },
    },
  });
  return { ...stage, answer: () => answers.shift()?.() };
}

describe("a draining server", () => {
  it("takes hellos of known channels only [DRAIN-1]", async () => {
    const stage = stageCall();
    const client = new CallClient(stage);
    const first = client.connect();
    const running = watch(client.echo.say({}));
    await stage.clock.settle();
    stage.server.drain();
    const delays = new Set<bigint | undefined>();
    for (const init of [
      { freshChannelId: idOf(2), attempt: 9n },
      { purpose: Purpose.PROBE },
      { sessionKey: "another-session-key-000000" },
    ]) {
      const { farewell, rejection } = stage.greet(init);
      expect(farewell).toBe("DAEMON_DRAINING");
      expect(Number(rejection.retryAfterMs)).toBeGreaterThanOrEqual(1_000);
      expect(Number(rejection.retryAfterMs)).toBeLessThanOrEqual(3_000);
      delays.add(rejection.retryAfterMs);
    }
    expect(delays.size).toBe(3);
    first.connection.abort();
    await stage.clock.settle();
    const second = client.connect();
    expect(second.welcome?.attachment?.resumption).toBe(Resumption.RESUMED);
    stage.answer();
    await stage.clock.advanceAsync(1_000);
    expect(running.state).toBe("fulfilled");
  });

  it("refuses new calls, which had no effect [DRAIN-2]", async () => {
    const stage = stageCall();
    const client = new CallClient(stage);
    client.connect();
    client.echo.say({}).catch(() => {});
    await stage.clock.settle();
    stage.server.drain();
    const late = watch(client.echo.say({}));
    await stage.clock.advanceAsync(100);
    expect(late.error?.code).toBe(Code.Unavailable);
    expect(late.error?.findDetails(ChannelLostSchema)).toMatchObject([{ outcome: CallOutcome.NOT_SENT }]);
  });

  it("ends as soon as its calls have, and their answers are known [DRAIN-3, DRAIN-4]", async () => {
    const stage = stageCall();
    const client = new CallClient(stage);
    const connection = client.connect();
    const running = watch(client.echo.say({}));
    await stage.clock.settle();
    const drained = watch(stage.server.drain());
    await stage.clock.advanceAsync(5_000);
    expect([running.state, drained.state, connection.close]).toEqual(["pending", "pending", undefined]);
    stage.answer();
    await stage.clock.advanceAsync(300);
    expect([running.state, drained.state]).toEqual(["fulfilled", "fulfilled"]);
    expect([connection.farewellCode, connection.close?.code]).toEqual([4300, 4300]);
    expect(connection.hint).toMatchObject({ afterMs: 1_000, jitterMs: 2_000 });
  });

  it("does not wait for streams without side effects [DRAIN-3]", async () => {
    const stage = stageCall();
    const client = new CallClient(stage);
    const connection = client.connect();
    const stream = client.echo.watch({})[Symbol.asyncIterator]();
    stream.next();
    await stage.clock.settle();
    const end = watch(stream.next());
    stage.server.drain();
    await stage.clock.advanceAsync(300);
    expect(connection.farewellCode).toBe(4300);
    expect(end.error?.code).toBe(Code.Unavailable);
    expect(end.error?.findDetails(ChannelLostSchema)).toMatchObject([
      { reason: ChannelLossReason.DRAINED, outcome: CallOutcome.UNKNOWN },
    ]);
  });

  it("gives calls 10 s, then ends them as UNAVAILABLE [DRAIN-3]", async () => {
    const stage = stageCall();
    const client = new CallClient(stage);
    const connection = client.connect();
    const running = watch(client.echo.say({}));
    await stage.clock.settle();
    stage.server.drain();
    await stage.clock.advanceAsync(9_999);
    expect(running.state).toBe("pending");
    await stage.clock.advanceAsync(1);
    expect(running.error?.code).toBe(Code.Unavailable);
    await stage.clock.advanceAsync(300);
    expect(connection.farewellCode).toBe(4300);
  });

  it("waits 2 s for what a client has not acknowledged [DRAIN-3]", async () => {
    const stage = stageCall();
    const client = new CallClient(stage);
    const connection = client.connect();
    client.echo.say({}).catch(() => {});
    await stage.clock.settle();
    connection.connection.abort();
    stage.answer();
    await stage.clock.settle();
    const drained = watch(stage.server.drain());
    await stage.clock.advanceAsync(1_999);
    expect(drained.state).toBe("pending");
    await stage.clock.advanceAsync(20);
    expect(drained.state).toBe("fulfilled");
  });

  it("has lost its channels at the end, and no timer is left [DRAIN-4, CHM-2, CHM-3]", async () => {
    const stage = stageCall({ reconnectHint: { afterMs: 7, jitterMs: 0 } });
    const [attached, detached] = [new CallClient(stage, 1), new CallClient(stage, 2)];
    const connection = attached.connect();
    const waiting = stage.dial();
    const probe = stage.greet({ purpose: Purpose.PROBE });
    detached.connect().connection.abort();
    await stage.clock.settle();
    await Promise.all([stage.server.drain(), stage.clock.advanceAsync(100)]);
    await stage.clock.settle();
    expect(connection.hint).toMatchObject({ afterMs: 7, jitterMs: 0 });
    expect([waiting.farewell, probe.farewell]).toEqual(["DAEMON_DRAINING", "DAEMON_DRAINING"]);
    expect(stage.events.filter(({ kind }) => kind === "channel_lost")).toMatchObject([
      { reason: ChannelLossReason.DRAINED },
      { reason: ChannelLossReason.DRAINED },
    ]);
    expect(stage.server.metrics).toMatchObject({ channels: { attached: 0, detached: 0 }, sessions: { idle: 1 } });
    expect(stage.greet().farewell).toBe("DAEMON_DRAINING");
    expect(stage.clock.pending).toBe(0);
  });
});

describe("a server that is closed", () => {
  it("ends everything at once, as often as it is asked to [DRAIN-4]", async () => {
    const stage = stageCall();
    const client = new CallClient(stage);
    const connection = client.connect();
    const running = watch(client.echo.say({}));
    await stage.clock.settle();
    await Promise.all([stage.server.close(), stage.server.close()]);
    await stage.clock.settle();
    expect(connection.farewellCode).toBe(4300);
    expect(running.state).toBe("pending");
    client.channel.lose(ChannelLossReason.DRAINED);
    await stage.clock.settle();
    expect(running.error?.code).toBe(Code.Unavailable);
    await expect(stage.server.listen()).rejects.toMatchObject({ code: "SERVER_CLOSED" });
    expect(() => stage.server.attach({} as never)).toThrow(expect.objectContaining({ code: "SERVER_CLOSED" }));
  });
});
