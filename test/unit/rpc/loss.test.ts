import { Code, type ConnectError } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { CallOutcome, ChannelLossReason, ChannelLostSchema } from "../../../gen/moorline/session/v1/error_pb.ts";
import { Channel } from "../../../src/channel/channel.ts";
import { outcomeOf } from "../../../src/rpc/call-errors.ts";
import { waitForReady } from "../../../src/rpc/context-keys.ts";
import { collect, errorOf, never, requests, resultOf, stageEcho, values, watch, watchAll } from "./support/echo.ts";

function lossOf(error: ConnectError): unknown {
  const [loss] = error.findDetails(ChannelLostSchema);
  return loss === undefined ? undefined : [error.code, loss.reason, loss.outcome];
}

const { EPOCH_CHANGED, UNSPECIFIED } = ChannelLossReason;
const { NOT_SENT, UNKNOWN } = CallOutcome;

describe("the connection goes, the channel stays", () => {
  it("lets every kind of call go on over a cut connection, each message once [CALL-11]", async () => {
    const stage = stageEcho({
      say: async ({ text }) => {
        await sleep(50);
        return { text };
      },
      async *count({ count }) {
        for (let number = 0; number < count; number += 1) {
          yield { number };
          await sleep(10);
        }
      },
      join: async (messages) => ({ number: (await collect(messages)).length }),
      async *talk(messages) {
        for await (const { text } of messages) yield { text };
      },
    });
    const { clock, client, pair } = stage;
    const sleep = (ms: number): Promise<void> => new Promise((resolve) => void clock.setTimer(ms, resolve));
    async function* slowly(): AsyncGenerator<{ text: string }> {
      for (let i = 0; i < 20; i += 1) {
        yield { text: `${i}` };
        await sleep(10);
      }
    }
    const calls = watch(
      Promise.all([
        client.say({ text: "hi" }),
        collect(client.count({ count: 20 })),
        client.join(slowly()),
        collect(client.talk(slowly())),
      ]),
    );
    for (let cut = 0; cut < 10; cut += 1) {
      await clock.advanceAsync(17);
      pair.detach();
      await clock.advanceAsync(13);
      pair.attach();
    }
    await clock.advanceAsync(1000);
    if (calls.outcome.state !== "fulfilled") throw new Error(JSON.stringify(calls.outcome));
    const [said, counted, joined, talked] = calls.outcome.value;
    const twenty = Array.from({ length: 20 }, (_, i) => i);
    expect([said.text, counted.map(({ number }) => number), joined.number]).toEqual(["hi", twenty, 20]);
    expect(talked.map(({ text }) => text)).toEqual(twenty.map(String));
    expect(pair.violations).toEqual([]);
  });
});

describe("the channel is lost", () => {
  it("ends calls that were sent with UNKNOWN, and aborts their handlers with the same [CALL-12]", async () => {
    const heard: ConnectError[] = [];
    const stage = stageEcho({
      say: (_, { signal }) => {
        signal.addEventListener("abort", () => heard.push(signal.reason));
        return never();
      },
      async *count() {
        yield { number: 1 };
        await never();
      },
      join: () => never(),
    });
    const { client } = stage;
    const read: number[] = [];
    const count = async (): Promise<void> => {
      for await (const { number } of client.count({})) read.push(number);
    };
    const calls = watchAll([client.say({}), count(), client.join(endless())]);
    await stage.clock.settle();
    stage.pair.lose(EPOCH_CHANGED);
    await stage.clock.settle();
    for (const { outcome } of calls) {
      expect(outcome.state === "rejected" && lossOf(outcome.error)).toEqual([Code.Unavailable, EPOCH_CHANGED, UNKNOWN]);
    }
    expect(read).toEqual([1]);
    expect(heard.map(lossOf)).toEqual([[Code.Unavailable, EPOCH_CHANGED, UNKNOWN]]);
    expect(stage.served.activeCalls).toBe(0);
  });

  it("ends calls that were never numbered with NOT_SENT [CALL-12]", async () => {
    const stage = stageEcho({});
    stage.pair.detach();
    const { client } = stage;
    const calls = watchAll([client.say({}), collect(client.count({})), client.join(endless())]);
    stage.pair.lose(EPOCH_CHANGED);
    await stage.clock.settle();
    for (const { outcome } of calls) {
      expect(outcome.state === "rejected" && lossOf(outcome.error)).toEqual([
        Code.Unavailable,
        EPOCH_CHANGED,
        NOT_SENT,
      ]);
    }
  });

  it("fails a call on a channel that is lost already with NOT_SENT [CALL-12]", async () => {
    const stage = stageEcho({});
    stage.pair.lose(EPOCH_CHANGED);
    const errors = await Promise.all([
      errorOf(stage, stage.client.say({})),
      errorOf(stage, collect(stage.client.count({}))),
      errorOf(stage, stage.client.join(requests("a"))),
    ]);
    for (const error of errors) expect(lossOf(error)).toEqual([Code.Unavailable, EPOCH_CHANGED, NOT_SENT]);
  });

  it("makes the next call on the channel that has taken its place [CALL-12]", async () => {
    let current: Channel | undefined;
    const stage = stageEcho({ say: ({ text }) => ({ text }) }, { transport: { channel: () => current as Channel } });
    current = new Channel({ role: "client" });
    current.lose(EPOCH_CHANGED);
    expect((await errorOf(stage, stage.client.say({}))).code).toBe(Code.Unavailable);
    current = stage.pair.client;
    expect((await resultOf(stage, stage.client.say({ text: "again" }))).text).toBe("again");
  });
});

describe("no connection yet", () => {
  it("lets calls wait by default, and makes them when it comes [CALL-13]", async () => {
    const stage = stageEcho({ say: ({ text }) => ({ text }) });
    stage.pair.detach();
    const call = watch(stage.client.say({ text: "waited" }));
    await stage.clock.advanceAsync(10_000);
    expect(call.outcome.state).toBe("pending");
    stage.pair.attach();
    await stage.clock.settle();
    expect(call.outcome).toMatchObject({ state: "fulfilled", value: { text: "waited" } });
  });

  it("fails calls that may not wait at once, with NOT_SENT [CALL-13]", async () => {
    const stage = stageEcho({});
    stage.pair.detach();
    const options = { contextValues: values(waitForReady, false) };
    const { client } = stage;
    const errors = await Promise.all([
      errorOf(stage, client.say({}, options)),
      errorOf(stage, client.look({}, options)),
      errorOf(stage, collect(client.count({}, options))),
      errorOf(stage, client.join(requests(), options)),
    ]);
    for (const error of errors) {
      expect([error.code, outcomeOf(error)]).toEqual([Code.Unavailable, NOT_SENT]);
      expect(lossOf(error)).toEqual([Code.Unavailable, UNSPECIFIED, NOT_SENT]);
    }
    expect(stage.pair.client.calls.size).toBe(0);
  });

  it("makes calls that may not wait where there is a connection [CALL-13]", async () => {
    const stage = stageEcho({ say: ({ text }) => ({ text }) });
    const options = { contextValues: values(waitForReady, false) };
    expect((await resultOf(stage, stage.client.say({ text: "now" }, options))).text).toBe("now");
  });
});

async function* endless(): AsyncGenerator<{ text: string }> {
  yield { text: "a" };
  await never();
}
