import { Code, type StreamResponse } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { ChannelLossReason } from "../../../gen/moorline/session/v1/error_pb.ts";
import type { Call } from "../../../src/channel/call.ts";
import { EchoService, type SayRequestSchema, type SayResponseSchema } from "./gen/rpctest/v1/echo_pb.ts";
import { collect, requests, stageEcho, watch } from "./support/echo.ts";
import { encodeAnswer, ok, serveRaw } from "./support/raw-calls.ts";

type Response = StreamResponse<typeof SayRequestSchema, typeof SayResponseSchema>;

/** A stream whose callee does what it is told, and what the caller has of it. */
async function stageStream() {
  const stage = stageEcho({});
  let callee: Call | undefined;
  serveRaw(stage.pair.server, (call) => {
    callee = call;
  });
  const { count } = EchoService.method;
  const watched = watch<Response>(stage.transport.stream(count, undefined, undefined, undefined, requests("")));
  await stage.clock.settle();
  if (callee === undefined) throw new Error("not opened");
  return { stage, callee, watched, settle: () => stage.clock.settle() };
}

describe("the response of a stream", () => {
  it("is not there before anything has come [CALL-7]", async () => {
    const { stage, watched } = await stageStream();
    await stage.clock.advanceAsync(10_000);
    expect(watched.outcome.state).toBe("pending");
  });

  it("is there with the headers, before any message [CALL-7]", async () => {
    const { callee, watched, settle } = await stageStream();
    callee.sendHeaders([{ name: "x-a", value: "1" }]);
    await settle();
    if (watched.outcome.state !== "fulfilled") throw new Error(watched.outcome.state);
    expect(watched.outcome.value.header.get("x-a")).toBe("1");
  });

  it("is there with the first message, where there are no headers, and the message is not lost [CALL-7]", async () => {
    const { callee, watched, settle } = await stageStream();
    callee.send(encodeAnswer({ text: "first" }));
    await settle();
    if (watched.outcome.state !== "fulfilled") throw new Error(watched.outcome.state);
    callee.end({ ...ok, trailers: [{ name: "x-t", value: "2" }] });
    const all = watch(collect(watched.outcome.value.message));
    await settle();
    expect(all.outcome).toMatchObject({ state: "fulfilled", value: [{ text: "first" }] });
    expect(watched.outcome.value.trailer.get("x-t")).toBe("2");
  });

  it("is there with the end, which its messages then are [CALL-7]", async () => {
    const { callee, watched, settle } = await stageStream();
    callee.end({ ...ok, code: Code.NotFound, message: "none" });
    await settle();
    if (watched.outcome.state !== "fulfilled") throw new Error(watched.outcome.state);
    const messages = watched.outcome.value.message[Symbol.asyncIterator]();
    await expect(messages.next()).rejects.toMatchObject({ code: Code.NotFound, rawMessage: "none" });
    await expect(messages.next()).resolves.toEqual({ done: true, value: undefined });
  });

  it("fails where the channel is lost before [CALL-12]", async () => {
    const { stage, watched, settle } = await stageStream();
    stage.pair.lose(ChannelLossReason.EPOCH_CHANGED);
    await settle();
    expect(watched.outcome).toMatchObject({ state: "rejected", error: { code: Code.Unavailable } });
  });
});

describe("the messages of a stream", () => {
  it("go to those who asked, in the order of asking, before they come or after [CALL-7]", async () => {
    const { callee, watched, settle } = await stageStream();
    callee.send(encodeAnswer({ number: 1 }));
    await settle();
    if (watched.outcome.state !== "fulfilled") throw new Error(watched.outcome.state);
    const messages = watched.outcome.value.message[Symbol.asyncIterator]();
    const asked = watch(Promise.all([messages.next(), messages.next(), messages.next(), messages.next()]));
    for (const number of [2, 3]) {
      await settle();
      expect(asked.outcome.state).toBe("pending");
      callee.send(encodeAnswer({ number }));
    }
    callee.end(ok);
    await settle();
    if (asked.outcome.state !== "fulfilled") throw new Error(asked.outcome.state);
    expect(asked.outcome.value.map(({ done, value }) => (done ? "end" : value.number))).toEqual([1, 2, 3, "end"]);
  });

  it("that came before an error are read before it [CALL-7]", async () => {
    const { callee, watched, settle } = await stageStream();
    for (const number of [1, 2]) callee.send(encodeAnswer({ number }));
    callee.end({ ...ok, code: Code.DataLoss });
    await settle();
    if (watched.outcome.state !== "fulfilled") throw new Error(watched.outcome.state);
    const read: number[] = [];
    const error = await (async () => {
      for await (const { number } of (watched.outcome as { value: Response }).value.message) read.push(number);
    })().catch(({ code }) => code);
    expect([read, error]).toEqual([[1, 2], Code.DataLoss]);
  });
});
