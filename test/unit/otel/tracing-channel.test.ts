import { Code, ConnectError, type ServiceImpl } from "@connectrpc/connect";
import { context, SpanKind, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { afterEach, describe, expect, it } from "vitest";
import { createClientTracing, createServerTracing } from "../../../src/otel/index.ts";
import type { Connection, Transport } from "../../../src/transport/connection.ts";
import { connect, type Stage, stageAt } from "../client/support/stage.ts";
import { EchoService } from "../rpc/gen/rpctest/v1/echo_pb.ts";
import { type DaemonStage, stageDaemon } from "../server/support/daemon.ts";
import { SpanRecorder } from "./support.ts";

type Echo = Partial<ServiceImpl<typeof EchoService>>;

interface TracedStage extends Pick<Stage, "client" | "clock"> {
  readonly recorder: SpanRecorder;
  readonly daemon: DaemonStage;
  /** The connections of the client, the newest last. */
  readonly connections: readonly Connection[];
}

/** A daemon and a client, both traced. */
async function stageTraced(echo: Echo): Promise<TracedStage> {
  const recorder = new SpanRecorder();
  const daemon = stageDaemon({ echo, interceptors: [createServerTracing(recorder.options)] });
  const connections: Connection[] = [];
  const transport: Transport = {
    name: "recorded",
    dial(endpoint, listener) {
      const connection = daemon.pair.transport.dial(endpoint, listener);
      connections.push(connection);
      return connection;
    },
  };
  const interceptors = [createClientTracing(recorder.options)];
  const { client, clock } = stageAt(daemon.clock, daemon.pair, { transport, interceptors });
  await connect({ client, clock });
  return { client, clock, recorder, daemon, connections };
}

const named = (method: string, kind: string, code: string) => ({
  name: `rpctest.v1.EchoService/${method}`,
  attributes: {
    "rpc.system.name": "moorline",
    "rpc.method": `rpctest.v1.EchoService/${method}`,
    "moorline.call.kind": kind,
    "rpc.status_code": code,
    ...(code === "OK" ? {} : { "error.type": code }),
  },
  isError: code !== "OK",
});

describe("a traced call on a channel", () => {
  it("is one span at each end, in one trace, over a cut and a resume [OBS-6]", async () => {
    const gates: Array<() => void> = [];
    const stage = await stageTraced({
      async *count({ count }) {
        for (let number = 1; number <= count; number += 1) {
          yield { number };
          await new Promise<void>((resolve) => gates.push(resolve));
        }
      },
    });
    const got: number[] = [];
    const reading = (async () => {
      for await (const { number } of stage.client.service(EchoService).count({ count: 2 })) got.push(number);
    })();
    await stage.clock.settle();
    stage.connections[0]?.abort();
    gates[0]?.();
    await stage.clock.advanceAsync(5_000);
    gates[1]?.();
    await stage.clock.advanceAsync(5_000);
    await reading;
    expect([got, stage.connections.length, stage.daemon.server.metrics.resumed]).toEqual([[1, 2], 2, 1]);
    expect(stage.recorder.told).toEqual([
      { kind: "SERVER", ...named("Count", "server_streaming", "OK") },
      { kind: "CLIENT", ...named("Count", "server_streaming", "OK") },
    ]);
    const [caller, callee] = [stage.recorder.find(SpanKind.CLIENT), stage.recorder.find(SpanKind.SERVER)];
    expect(caller.parent).toBeUndefined();
    expect(callee.parent).toMatchObject({ spanId: caller.at.spanId, traceId: caller.at.traceId, isRemote: true });
    expect(callee.at.traceId).toBe(caller.at.traceId);
  });

  it("has spans of every kind of method [OBS-6, OBS-7]", async () => {
    const stage = await stageTraced({
      say: ({ text }) => ({ text }),
      async join(requests) {
        let number = 0;
        for await (const _ of requests) number += 1;
        return { number };
      },
      async *talk(requests) {
        for await (const { text } of requests) yield { text };
      },
    });
    const requests = async function* () {
      yield { text: "a" };
      yield { text: "b" };
    };
    const echo = stage.client.service(EchoService);
    const talk = async (): Promise<string[]> => {
      const texts: string[] = [];
      for await (const { text } of echo.talk(requests())) texts.push(text);
      return texts;
    };
    const calls = [echo.say({ text: "a" }), echo.join(requests()), talk()] as const;
    await stage.clock.advanceAsync(1_000);
    const [said, joined, talked] = await Promise.all(calls);
    expect([said.text, joined.number, talked]).toEqual(["a", 2, ["a", "b"]]);
    const told = stage.recorder.told;
    for (const kind of ["CLIENT", "SERVER"]) {
      for (const [method, type] of [
        ["Say", "unary"],
        ["Join", "client_streaming"],
        ["Talk", "bidi_streaming"],
      ] as const) {
        expect(told).toContainEqual({ kind, ...named(method, type, "OK") });
      }
    }
    expect(told).toHaveLength(6);
  });

  it("ends with the status of the call, whoever ends it: the handler, the caller, the time, a loss [OBS-6, OBS-7]", async () => {
    const never = (): Promise<never> => new Promise(() => {});
    const stage = await stageTraced({
      say: ({ text }) => (text === "wait" ? never() : Promise.reject(new ConnectError("no", Code.NotFound))),
      async *count() {
        yield { number: 1 };
        await never();
      },
    });
    const echo = stage.client.service(EchoService);
    const codes: Code[] = [];
    const watch = (call: Promise<unknown>): void =>
      void call.catch((error) => codes.push(ConnectError.from(error).code));
    watch(echo.say({}));
    await stage.clock.advanceAsync(100);
    const abort = new AbortController();
    watch(echo.say({ text: "wait" }, { signal: abort.signal }));
    await stage.clock.advanceAsync(100);
    abort.abort();
    watch(echo.say({ text: "wait" }, { timeoutMs: 1_000 }));
    await stage.clock.advanceAsync(2_000);
    const left = (async () => {
      for await (const _ of echo.count({})) break;
    })();
    await stage.clock.advanceAsync(100);
    await left;
    watch(echo.say({ text: "wait" }));
    await stage.clock.advanceAsync(100);
    stage.client.dispose();
    await stage.clock.advanceAsync(100);
    const { CLIENT, SERVER } = SpanKind;
    expect(codes).toEqual([Code.NotFound, Code.Canceled, Code.DeadlineExceeded, Code.Unavailable]);
    expect(stage.recorder.statusesOf(CLIENT)).toEqual([
      ...["NOT_FOUND", "CANCELED", "DEADLINE_EXCEEDED", "CANCELED", "UNAVAILABLE"],
    ]);
    expect(stage.recorder.statusesOf(SERVER)).toHaveLength(5);
    expect(stage.recorder.statusesOf(SERVER)[0]).toBe("NOT_FOUND");
    expect(stage.recorder.misuses).toEqual([]);
  });

  it("has nothing of messages, headers and errors in its spans [OBS-7, LOG-3]", async () => {
    const secret = "s3cret-of-the-test";
    const stage = await stageTraced({
      say({ text }, { responseHeader }) {
        responseHeader.set("x-answer", secret);
        throw new ConnectError(`no ${text}`, Code.Internal, { "x-meta": secret });
      },
    });
    const call = stage.client
      .service(EchoService)
      .say({ text: secret }, { headers: { authorization: `Bearer ${secret}` } });
    call.catch(() => undefined);
    await stage.clock.advanceAsync(100);
    expect(stage.recorder.told).toHaveLength(2);
    const said = stage.recorder.spans.map(({ name, attributes, events, status, links }) => ({
      ...{ name, attributes, events, status, links },
    }));
    expect(JSON.stringify(said)).not.toContain(secret);
  });
});

describe("the span of a handler", () => {
  afterEach(() => context.disable());

  it("is the active one while it runs, also between the answers of a stream [OBS-6]", async () => {
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    const active: Array<string | undefined> = [];
    const note = (): void => void active.push(trace.getActiveSpan()?.spanContext().spanId);
    const stage = await stageTraced({
      async say() {
        note();
        await Promise.resolve();
        note();
        return {};
      },
      async *count() {
        note();
        yield { number: 1 };
        note();
        yield { number: 2 };
      },
    });
    const said = stage.client.service(EchoService).say({});
    await stage.clock.advanceAsync(100);
    await said;
    const counted = (async () => {
      for await (const _ of stage.client.service(EchoService).count({}));
    })();
    await stage.clock.advanceAsync(100);
    await counted;
    const servers = stage.recorder.spans.filter(({ kind }) => kind === SpanKind.SERVER);
    const [say, count] = servers.map((span) => span.spanContext().spanId);
    expect(active).toEqual([say, say, count, count]);
  });

  it("is a child of what was active where the call was made, with the state of its trace [OBS-6]", async () => {
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    const stage = await stageTraced({ say: () => ({}) });
    const traceId = "0af7651916cd43dd8448eb211c80319c";
    const parent = { traceId, spanId: "b7ad6b7169203331", traceFlags: 1, traceState: parseState("vendor=a") };
    const call = context.with(trace.setSpanContext(context.active(), parent), () =>
      stage.client.service(EchoService).say({}),
    );
    await stage.clock.advanceAsync(100);
    await call;
    const [caller, callee] = [stage.recorder.find(SpanKind.CLIENT), stage.recorder.find(SpanKind.SERVER)];
    expect([caller.parent?.spanId, caller.at.traceId, callee.at.traceId]).toEqual([parent.spanId, traceId, traceId]);
    expect(callee.parent?.spanId).toBe(caller.at.spanId);
    expect(callee.at.traceState?.serialize()).toBe("vendor=a");
  });
});

/** The least that a trace state is. */
function parseState(text: string) {
  const state = { set: () => state, unset: () => state, get: () => undefined, serialize: () => text };
  return state;
}
