import { Code, ConnectError, createContextValues, type StreamRequest, type StreamResponse } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { createClientTracing } from "../../../src/otel/index.ts";
import { EchoService } from "../rpc/gen/rpctest/v1/echo_pb.ts";
import { SpanRecorder } from "./support.ts";

const method = EchoService.method.count;

/** A call of a transport that never fires the signal of its calls, and answers with `message`. */
async function call(recorder: SpanRecorder, message: AsyncIterable<unknown>): Promise<AsyncIterable<unknown>> {
  const common = { stream: true as const, service: EchoService, method, header: new Headers() };
  const request = {
    ...{ ...common, requestMethod: "POST", url: "https://daemon.example/", contextValues: createContextValues() },
    ...{ signal: new AbortController().signal, message: (async function* () {})() },
  } as unknown as StreamRequest;
  const response = { ...common, trailer: new Headers(), message } as unknown as StreamResponse;
  const traced = await createClientTracing(recorder.options)(async () => response)(request);
  return traced.message as AsyncIterable<unknown>;
}

async function* answers(error?: Error): AsyncGenerator<number> {
  yield 1;
  if (error !== undefined) throw error;
}

describe("the span of a stream", () => {
  it("ends as its reading ends, whatever the transport does with the signal [OBS-6]", async () => {
    const recorder = new SpanRecorder();
    for await (const _ of await call(recorder, answers()));
    const failing = (async () => {
      for await (const _ of await call(recorder, answers(new ConnectError("no", Code.DataLoss))));
    })();
    await expect(failing).rejects.toThrow("no");
    for await (const _ of await call(recorder, answers())) break;
    expect(recorder.told.map(({ attributes }) => attributes["rpc.status_code"])).toEqual([
      "OK",
      "DATA_LOSS",
      "CANCELED",
    ]);
    expect(recorder.told[0]?.attributes["rpc.system.name"]).toBe("connectrpc");
    expect(recorder.misuses).toEqual([]);
  });
});
