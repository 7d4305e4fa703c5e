import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { CallOutcome, ChannelLossReason, ChannelLostSchema } from "../../../gen/moorline/session/v1/error_pb.ts";
import { collect, errorOf, never, stageEcho, watch, watchAll } from "./support/echo.ts";

describe("draining", () => {
  it("ends new calls UNAVAILABLE and NOT_SENT, and runs none of them [DRAIN-2]", async () => {
    let runs = 0;
    const stage = stageEcho({
      say: () => {
        runs += 1;
        return {};
      },
    });
    stage.served.drain();
    const errors = await Promise.all([
      errorOf(stage, stage.client.say({})),
      errorOf(stage, collect(stage.client.count({}))),
    ]);
    for (const error of errors) {
      expect(error.code).toBe(Code.Unavailable);
      expect(error.findDetails(ChannelLostSchema)).toMatchObject([
        { reason: ChannelLossReason.DRAINED, outcome: CallOutcome.NOT_SENT },
      ]);
    }
    expect(runs).toBe(0);
  });

  it("lets running calls end, and says when only streams without side effects are left [DRAIN-3]", async () => {
    let answer: (message: { text: string }) => void = () => {};
    let stop: () => void = () => {};
    const stage = stageEcho({
      say: () =>
        new Promise((resolve) => {
          answer = resolve;
        }),
      async *count() {
        yield {};
        await new Promise<void>((resolve) => {
          stop = resolve;
        });
      },
      async *watch() {
        yield {};
        await never();
      },
    });
    const { client, clock, served } = stage;
    const [say, count, mirror] = watchAll([client.say({}), collect(client.count({})), collect(client.watch({}))]);
    await clock.settle();
    expect([served.activeCalls, served.awaitedCalls]).toEqual([3, 2]);
    const quiet = watch(served.drain());
    await clock.settle();
    expect(quiet.outcome.state).toBe("pending");
    answer({ text: "done" });
    await clock.settle();
    expect([say?.outcome.state, quiet.outcome.state]).toEqual(["fulfilled", "pending"]);
    stop();
    await clock.settle();
    expect([count?.outcome.state, quiet.outcome.state]).toEqual(["fulfilled", "fulfilled"]);
    expect([mirror?.outcome.state, served.activeCalls]).toEqual(["pending", 1]);
  });

  it("is quiet at once where nothing runs, however often it is asked [DRAIN-3]", async () => {
    const stage = stageEcho({});
    const first = stage.served.drain();
    expect(stage.served.drain()).toBe(first);
    await first;
  });

  it("ends the rest with what the server says, and aborts their handlers with it [DRAIN-3]", async () => {
    const heard: unknown[] = [];
    const stage = stageEcho({
      say: (_, { signal }) => {
        signal.addEventListener("abort", () => heard.push(signal.reason));
        return never();
      },
      async *watch() {
        yield { number: 1 };
        await never();
      },
    });
    const say = watch(stage.client.say({}));
    const read: number[] = [];
    const mirror = watch(
      (async () => {
        for await (const { number } of stage.client.watch({})) read.push(number);
      })(),
    );
    await stage.clock.settle();
    const quiet = watch(stage.served.drain());
    const error = new ConnectError("the daemon is being stopped", Code.Unavailable);
    stage.served.endAll(error);
    await stage.clock.settle();
    for (const { outcome } of [say, mirror]) {
      expect(outcome).toMatchObject({ state: "rejected", error: { code: Code.Unavailable } });
    }
    expect([read, heard, quiet.outcome.state, stage.served.activeCalls]).toEqual([[1], [error], "fulfilled", 0]);
  });
});
