import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { SpanKind } from "@opentelemetry/api";
import { afterEach, describe, expect, it } from "vitest";
import { createClientTracing, createServerTracing } from "../../src/otel/index.ts";
import { PROTOCOLS, stagePort, transportOf, withKey } from "../support/port-stage.ts";
import { SpanRecorder } from "../unit/otel/support.ts";
import { EchoService } from "../unit/rpc/gen/rpctest/v1/echo_pb.ts";

const closers: Array<() => unknown> = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

describe("a traced plain RPC", () => {
  it.each(PROTOCOLS)("is one span at each end over %s, in one trace [OBS-6, OBS-7]", async (protocol) => {
    const recorder = new SpanRecorder();
    const { port, close } = await stagePort({
      interceptors: [createServerTracing(recorder.options)],
      echo: {
        say: () => Promise.reject(new ConnectError("no", Code.NotFound)),
        async *count({ count }) {
          yield { number: 1 };
          if (count > 1) throw new ConnectError("too far", Code.OutOfRange);
        },
      },
    });
    closers.push(close);
    const transport = transportOf(protocol, `http://127.0.0.1:${port}`, [createClientTracing(recorder.options)]);
    const echo = createClient(EchoService, transport);
    for await (const _ of echo.count({}, withKey()));
    await echo.say({}, withKey()).catch(() => undefined);
    const failing = echo.count({ count: 2 }, withKey())[Symbol.asyncIterator]();
    await failing.next();
    await failing.next().catch(() => undefined);
    const system = protocol === "grpc" || protocol.startsWith("grpc-web") ? "grpc" : "connectrpc";
    for (const kind of ["CLIENT", "SERVER"]) {
      const [count, say, failed] = recorder.told.filter((span) => span.kind === kind);
      expect(count).toMatchObject({ name: "rpctest.v1.EchoService/Count", isError: false });
      expect(count?.attributes).toMatchObject({ "rpc.system.name": system, "rpc.status_code": "OK" });
      expect(say?.attributes).toMatchObject({ "rpc.status_code": "NOT_FOUND", "error.type": "NOT_FOUND" });
      expect(failed?.attributes).toMatchObject({ "rpc.status_code": "OUT_OF_RANGE" });
    }
    const [caller, callee] = [recorder.find(SpanKind.CLIENT), recorder.find(SpanKind.SERVER)];
    expect(recorder.spans).toHaveLength(6);
    expect([callee.at.traceId, callee.parent?.spanId]).toEqual([caller.at.traceId, caller.at.spanId]);
  });
});
