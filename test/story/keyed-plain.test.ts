import { type CallOptions, Code, ConnectError, createClient, createContextValues } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { afterEach, describe, expect, it } from "vitest";
import { Health } from "../../gen/grpc/health/v1/health_pb.ts";
import {
  CallOutcome,
  ChannelLossReason,
  ChannelLostSchema,
  IdempotencyKeyReusedSchema,
  KeyedRunCutSchema,
  Limit,
  LimitExceededSchema,
} from "../../gen/moorline/session/v1/error_pb.ts";
import { SessionService } from "../../gen/moorline/session/v1/service_pb.ts";
import {
  createDaemonClient,
  createWebSocketTransport,
  idempotencyKey,
  parseSessionKey,
} from "../../src/client/index.ts";
import { callSession, createMemoryJournalStore, createMemorySessionStore } from "../../src/server/index.ts";
import { echoOf, KEY, type PortOptions, PROTOCOLS, stagePort, transportOf } from "../support/port-stage.ts";
import { EchoService, ReasonSchema } from "../unit/rpc/gen/rpctest/v1/echo_pb.ts";

const METHOD = "rpctest.v1.EchoService/Say";
const closers: Array<() => unknown> = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** A run of the handler, for the test to end. */
interface Run {
  readonly signal: AbortSignal;
  answer(): void;
}

/** A daemon with a journal, whose handler answers with the number of its run. */
async function start(options: PortOptions = {}) {
  const runs: Run[] = [];
  const stage = await stagePort({
    journal: createMemoryJournalStore(),
    echo: {
      say({ text }, { signal, responseHeader, responseTrailer }) {
        const number = runs.length + 1;
        responseHeader.set("x-header", `header ${number}`);
        responseTrailer.set("x-trailer", `trailer ${number}`);
        return new Promise((resolve) => {
          const answer = () => resolve({ text, number });
          runs.push({ signal, answer });
          if (text !== "wait") answer();
        });
      },
      put({ text }, { responseTrailer }) {
        runs.push({ signal: new AbortController().signal, answer: () => {} });
        responseTrailer.set("x-trailer", "of an error");
        const detail = { desc: ReasonSchema, value: { why: `${text} ${runs.length}` } };
        throw new ConnectError("no", Code.FailedPrecondition, undefined, [detail]);
      },
    },
    ...options,
  });
  closers.push(() => stage.close());
  return { stage, runs };
}

/** Options of a call with an idempotency key. What comes beside the answer is put into `heard`. */
function keyed(key: string, heard: string[] = []): CallOptions {
  return {
    headers: { "moorline-session-key": KEY, "moorline-idempotency-key": key },
    onHeader: (header) => heard.push(`${header.get("x-header")}`),
    onTrailer: (trailer) => heard.push(`${trailer.get("x-trailer")}`),
  };
}

async function errorOf(call: Promise<unknown>): Promise<ConnectError> {
  return call.then(
    () => {
      throw new Error("the call was answered");
    },
    (thrown: unknown) => ConnectError.from(thrown),
  );
}

/** A client of the same session, over channels. */
function connectTo({ endpoint, server }: Awaited<ReturnType<typeof start>>["stage"]) {
  const client = createDaemonClient({
    endpoint,
    expectedServerId: server.serverId,
    sessionKey: parseSessionKey(KEY),
    client: { name: "story", version: "1.0.0" },
    transport: createWebSocketTransport(),
  });
  closers.push(() => client.close());
  void client.ensureConnected();
  return client.service(EchoService);
}

const onChannel = (key: string): CallOptions => ({ contextValues: createContextValues().set(idempotencyKey, key) });

describe("a plain RPC with an idempotency key", () => {
  it.each(PROTOCOLS)("runs once, and is answered the same again, over %s [HTTP-14, JOURNAL-2]", async (protocol) => {
    const { stage, runs } = await start();
    const echo = echoOf(stage, protocol);
    for (let time = 0; time < 2; time += 1) {
      const heard: string[] = [];
      expect(await echo.say({ text: "a" }, keyed("k", heard))).toMatchObject({ text: "a", number: 1 });
      expect(heard.sort()).toEqual(["header 1", "trailer 1"]);
    }
    expect(runs).toHaveLength(1);
    expect(await echo.say({ text: "a" }, keyed("l"))).toMatchObject({ number: 2 });
  });

  it.each(PROTOCOLS)("fails the same again, over %s [HTTP-14, JOURNAL-2]", async (protocol) => {
    const { stage, runs } = await start();
    for (let time = 0; time < 2; time += 1) {
      const error = await errorOf(echoOf(stage, protocol).put({ text: "a" }, keyed("k")));
      expect(error).toMatchObject({ code: Code.FailedPrecondition, rawMessage: "no" });
      expect(error.findDetails(ReasonSchema)).toMatchObject([{ why: "a 1" }]);
      expect(error.metadata.get("x-trailer")).toBe("of an error");
    }
    expect(runs).toHaveLength(1);
  });

  it("has its key in common with the channels of its session, and with JSON [HTTP-14]", async () => {
    const { stage, runs } = await start();
    const { port } = stage;
    const json = createConnectTransport({
      baseUrl: `http://127.0.0.1:${port}`,
      httpVersion: "1.1",
      useBinaryFormat: false,
    });
    const request = { text: "ä", count: 7, data: Uint8Array.of(1, 2) };
    const channel = connectTo(stage);
    expect(await createClient(EchoService, json).say(request, keyed("plain first"))).toMatchObject({ number: 1 });
    expect(await channel.say(request, onChannel("plain first"))).toMatchObject({ number: 1 });
    expect(await channel.say(request, onChannel("channel first"))).toMatchObject({ number: 2 });
    const heard: string[] = [];
    expect(await echoOf(stage, "grpc").say(request, keyed("channel first", heard))).toMatchObject({ number: 2 });
    expect(heard.sort()).toEqual(["header 2", "trailer 2"]);
    expect(runs).toHaveLength(2);
  });

  it("waits for the run that another has begun, and lets another request not run [HTTP-14, JOURNAL-3]", async () => {
    const { stage, runs } = await start();
    const first = echoOf(stage, "connect-1").say({ text: "wait" }, keyed("k"));
    await expect.poll(() => runs.length).toBe(1);
    const second = echoOf(stage, "grpc").say({ text: "wait" }, keyed("k"));
    const reused = await errorOf(echoOf(stage, "grpc-web-1").say({ text: "other" }, keyed("k")));
    expect(reused).toMatchObject({ code: Code.InvalidArgument });
    expect(reused.findDetails(IdempotencyKeyReusedSchema)).toMatchObject([{ method: METHOD }]);
    runs[0]?.answer();
    expect(await Promise.all([first, second])).toMatchObject([{ number: 1 }, { number: 1 }]);
    expect(runs).toHaveLength(1);
  });

  it("is refused, and not run, where its key cannot be kept [HTTP-14, JOURNAL-4, CALL-14]", async () => {
    const { stage, runs } = await start();
    const echo = echoOf(stage, "grpc");
    for (const key of ["", "k".repeat(257), "schl\u00fcssel"]) {
      expect(await errorOf(echoOf(stage, "connect-1").say({}, keyed(key)))).toMatchObject({
        code: Code.InvalidArgument,
      });
    }
    const stream = echo.count({}, keyed("k"))[Symbol.asyncIterator]();
    expect(await errorOf(stream.next())).toMatchObject({ code: Code.InvalidArgument });
    const open = createClient(Health, transportOf("grpc", `http://127.0.0.1:${stage.port}`));
    expect(await errorOf(open.check({}, keyed("k")))).toMatchObject({ code: Code.InvalidArgument });
    const without = await start({ journal: undefined as never });
    expect(await errorOf(echoOf(without.stage, "grpc").say({}, keyed("k")))).toMatchObject({
      code: Code.Unimplemented,
    });
    expect([...runs, ...without.runs]).toEqual([]);
  });

  it("is refused, and not run, where the journal is full [HTTP-14, JOURNAL-7]", async () => {
    const { stage, runs } = await start({ limits: { journal: { maxKeys: 1 } } });
    const echo = echoOf(stage, "grpc");
    await echo.say({}, keyed("k"));
    const error = await errorOf(echo.say({}, keyed("l")));
    expect(error).toMatchObject({ code: Code.ResourceExhausted });
    expect(error.findDetails(LimitExceededSchema)).toMatchObject([
      { limit: Limit.JOURNAL_KEYS, max: 1n, outcome: CallOutcome.NOT_SENT },
    ]);
    expect(runs).toHaveLength(1);
  });

  it("goes through the interceptors once, and shows nobody its keys [HTTP-14, HTTP-4]", async () => {
    const passed: unknown[] = [];
    const { stage } = await start({
      interceptors: [
        (next) => (request) => {
          passed.push(request.contextValues.get(callSession)?.principal, [...request.header.keys()].sort());
          return next(request);
        },
      ],
    });
    for (let time = 0; time < 2; time += 1) await echoOf(stage, "grpc").say({}, keyed("k"));
    expect(passed[0]).toBe("owner");
    expect(passed[1]).toContain("content-type");
    expect(JSON.stringify(passed[1])).not.toContain("moorline");
    expect(passed).toHaveLength(2);
  });

  it("ends its session once, by End [HTTP-14, SESSION-5]", async () => {
    const { stage } = await start();
    const service = createClient(SessionService, transportOf("grpc", `http://127.0.0.1:${stage.port}`));
    await echoOf(stage, "grpc").say({}, keyed("k"));
    expect(await service.end({}, keyed("end"))).toBeDefined();
    await expect.poll(() => stage.server.sessions.list()).toEqual([]);
  });

  it("does not run where its session has ended meanwhile [HTTP-14, JOURNAL-10]", async () => {
    const runs: number[] = [];
    const { stage } = await start({
      routes: (router) =>
        void router.service(
          EchoService,
          { say: () => ({ number: runs.push(1) }) },
          {
            requestGate: () => {
              for (const { ref } of stage.server.sessions.list()) stage.server.sessions.end(ref);
            },
          },
        ),
    });
    const error = await errorOf(echoOf(stage, "grpc").say({}, keyed("k")));
    expect(error).toMatchObject({ code: Code.Unavailable });
    expect(error.findDetails(ChannelLostSchema)).toMatchObject([
      { reason: ChannelLossReason.SESSION_ENDED, outcome: CallOutcome.NOT_SENT },
    ]);
    expect(runs).toEqual([]);
  });
});

describe("the caller of a keyed plain RPC", () => {
  it.each(PROTOCOLS)("may go away and come back: the run goes on, over %s [JOURNAL-13]", async (protocol) => {
    const { stage, runs } = await start();
    const leaving = new AbortController();
    const echo = echoOf(stage, protocol);
    const left = errorOf(echo.say({ text: "wait" }, { ...keyed("k"), signal: leaving.signal }));
    await expect.poll(() => runs.length).toBe(1);
    leaving.abort();
    expect((await left).code).toBe(Code.Canceled);
    const late = await errorOf(echo.say({ text: "wait" }, { ...keyed("k"), timeoutMs: 50 }));
    expect(late.code).toBe(Code.DeadlineExceeded);
    const back = echo.say({ text: "wait" }, keyed("k"));
    await expect.poll(() => stage.server.sessions.list().length).toBe(1);
    expect(runs[0]?.signal.aborted).toBe(false);
    runs[0]?.answer();
    expect(await back).toMatchObject({ number: 1 });
    expect(runs).toHaveLength(1);
  });

  it("has the outcome after a restart, or learns that nobody knows it [HTTP-14, JOURNAL-5, JOURNAL-9]", async () => {
    const stores = { journal: createMemoryJournalStore(), store: createMemorySessionStore() };
    const { stage, runs } = await start(stores);
    await echoOf(stage, "grpc").say({ text: "a" }, keyed("done"));
    const cut = errorOf(echoOf(stage, "grpc").say({ text: "wait" }, keyed("cut")));
    await expect.poll(() => runs.length).toBe(2);
    await stage.close();
    await cut;
    expect(runs[1]?.signal.aborted).toBe(true);
    const again = await start(stores);
    expect(await echoOf(again.stage, "grpc").say({ text: "a" }, keyed("done"))).toMatchObject({ number: 1 });
    const error = await errorOf(echoOf(again.stage, "grpc").say({ text: "wait" }, keyed("cut")));
    expect(error).toMatchObject({ code: Code.Aborted });
    expect(error.findDetails(KeyedRunCutSchema)).toMatchObject([{ outcome: CallOutcome.UNKNOWN }]);
    expect(again.runs).toEqual([]);
  });

  it("is waited for by a drain, also where it has yet to ask the journal [HTTP-9, HTTP-14, JOURNAL-9]", async () => {
    const gates: Array<() => void> = [];
    const { stage } = await start({
      routes: (router) =>
        void router.service(
          EchoService,
          { say: () => ({ number: 1 }) },
          { requestGate: () => new Promise((resolve) => gates.push(() => resolve())) },
        ),
    });
    const call = echoOf(stage, "grpc").say({}, keyed("k"));
    await expect.poll(() => gates.length).toBe(1);
    const drained = stage.server.drain();
    setImmediate(() => gates[0]?.());
    expect(await call).toMatchObject({ number: 1 });
    await drained;
  });

  it("does not run any more once a drain has cut the journal [JOURNAL-9, DRAIN-3]", async () => {
    const gates: Array<() => void> = [];
    const runs: number[] = [];
    const { stage } = await start({
      limits: { drain: { graceMs: 20, flushMs: 20 } },
      routes: (router) =>
        void router.service(
          EchoService,
          { say: () => ({ number: runs.push(1) }) },
          { requestGate: () => new Promise((resolve) => gates.push(() => resolve())) },
        ),
    });
    const call = errorOf(echoOf(stage, "grpc").say({}, keyed("k")));
    await expect.poll(() => gates.length).toBe(1);
    await stage.server.drain();
    gates[0]?.();
    await call;
    expect(runs).toEqual([]);
  });
});
