import { Code, ConnectError, createContextKey, createContextValues, type HandlerContext } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { ChannelLossReason } from "../../../gen/moorline/session/v1/error_pb.ts";
import type { Call } from "../../../src/channel/call.ts";
import { createChannelTransport } from "../../../src/rpc/channel-transport.ts";
import { serveChannel } from "../../../src/rpc/serve-channel.ts";
import { createServiceClient } from "../../../src/rpc/service-client.ts";
import { EchoService, NobodyService } from "./gen/rpctest/v1/echo_pb.ts";
import { collect, type EchoImpl, errorOf, never, requests, resultOf, stageEcho, watch } from "./support/echo.ts";
import { encodeRequest, openRaw, type RawCall } from "./support/raw-calls.ts";

const malformed = new Uint8Array([255, 255, 255]);

/** How a raw call has ended. */
function endOf({ closes: [close] }: RawCall): string {
  if (close?.kind !== "ended") return close?.kind ?? "open";
  return `${Code[close.result.code] ?? "OK"} ${close.result.message}`;
}

describe("calls that cannot be served", () => {
  /** Handlers that must not run. */
  const runs: string[] = [];
  const impl: EchoImpl = {
    say: () => {
      runs.push("say");
      return {};
    },
    async *count() {
      runs.push("count");
      yield {};
    },
    join: async (messages) => ({ number: (await collect(messages)).length }),
  };

  it("names the service or the method that nobody has [CALL-15]", async () => {
    const stage = stageEcho(impl);
    const nobody = createServiceClient(NobodyService, stage.transport);
    const error = await errorOf(stage, nobody.say({}));
    expect([error.code, error.rawMessage]).toEqual([
      Code.Unimplemented,
      "unknown service: rpctest.v1.NobodyService/Say",
    ]);
    const shout = openRaw(stage.pair.client, "Shout", { message: encodeRequest(), last: true });
    const bare = stage.pair.client.open({
      method: "",
      listener: { readable() {}, writable() {}, headers() {}, closed() {} },
    });
    await stage.clock.settle();
    expect(endOf(shout)).toBe("Unimplemented unknown method: rpctest.v1.EchoService/Shout");
    expect([bare.isClosed, ...stage.pair.violations]).toEqual([true]);
  });

  it("refuses a request that cannot be decoded, and what it refuses never runs [FRAME-6]", async () => {
    const stage = stageEcho(impl);
    const calls = ["Say", "Count", "Join"].map((method) =>
      openRaw(stage.pair.client, method, { message: malformed, last: true }),
    );
    await stage.clock.settle();
    for (const call of calls) expect(endOf(call)).toMatch(/^InvalidArgument parse binary/);
    expect([runs, stage.served.activeCalls]).toEqual([[], 0]);
  });

  it("refuses none and two requests where there must be one [CALL-7]", async () => {
    const stage = stageEcho(impl);
    const channel = stage.pair.client;
    const none = ["Say", "Count"].map((method) => openRaw(channel, method, { last: true }));
    const two = ["Say", "Count"].map((method) => {
      const raw = openRaw(channel, method, { message: encodeRequest() });
      raw.call.send(encodeRequest(), true);
      return raw;
    });
    await stage.clock.settle();
    expect([...none, ...two].map(endOf)).toEqual([
      "Unimplemented protocol error: missing input message for unary method",
      "Unimplemented protocol error: missing input message for server-streaming method",
      "Unimplemented protocol error: received extra input message for unary method",
      "Unimplemented protocol error: received extra input message for server-streaming method",
    ]);
    expect([runs, stage.served.activeCalls]).toEqual([[], 0]);
  });

  it("waits for the end of the caller's half, and tells an empty message from none [CALL-5, CALL-6]", async () => {
    let runCount = 0;
    const stage = stageEcho({
      say: () => {
        runCount += 1;
        return {};
      },
    });
    const raw = openRaw(stage.pair.client, "Say", { message: new Uint8Array(0) });
    await stage.clock.settle();
    expect([runCount, endOf(raw)]).toEqual([0, "open"]);
    raw.call.halfClose();
    await stage.clock.settle();
    expect([runCount, endOf(raw), raw.messages.length]).toEqual([1, "OK ", 1]);
  });

  it("refuses headers that are none [CALL-7]", async () => {
    const stage = stageEcho(impl);
    const bad = [
      { name: "with space", value: "" },
      { name: "", value: "" },
      { name: "x", value: "a\nb" },
      { name: "x", value: "\u0000" },
      { name: "x", value: "☂" },
    ];
    const calls = bad.map((header) =>
      openRaw(stage.pair.client, "Say", { message: encodeRequest(), last: true, headers: [header] }),
    );
    await stage.clock.settle();
    for (const call of calls) expect(endOf(call)).toMatch(/^InvalidArgument malformed header/);
    expect(runs).toEqual([]);
  });

  it("refuses keyed streams, and keyed calls without a journal [CALL-14]", async () => {
    const stage = stageEcho(impl);
    const open = (method: string): RawCall =>
      openRaw(stage.pair.client, method, { message: encodeRequest(), last: true, idempotencyKey: "k" });
    const calls = ["Say", "Count", "Join"].map(open);
    await stage.clock.settle();
    expect(calls.map((call) => endOf(call).split(" ")[0])).toEqual([
      "Unimplemented",
      "InvalidArgument",
      "InvalidArgument",
    ]);
    expect(runs).toEqual([]);
  });
});

describe("calls that are over before they are served", () => {
  it("runs no handler for a call that is closed [CHAN-12]", async () => {
    let runs = 0;
    const calls: Call[] = [];
    const stage = stageEcho(
      {
        join: async (_, { values }) => {
          runs += 1;
          return { text: String(typeof values) };
        },
      },
      { serve: { contextValues: (call) => void calls.push(call) } },
    );
    await resultOf(stage, stage.client.join(requests()));
    for (const call of calls) stage.served.serve(call);
    await stage.clock.settle();
    expect([calls.length, runs, stage.served.activeCalls]).toEqual([1, 1, 0]);
  });

  it("reads nothing from a stream that interceptors give out too late [CALL-10]", async () => {
    const log: string[] = [];
    let pass: () => void = () => {};
    const late = {
      [Symbol.asyncIterator]: () => ({
        next: async () => ({ done: true as const, value: log.push("next") }),
        return: async () => ({ done: true as const, value: log.push("return") }),
      }),
    };
    const stage = stageEcho(
      { talk: () => late as never },
      {
        serve: {
          interceptors: [
            (next) => async (request) => {
              const response = await next(request);
              await new Promise<void>((resolve) => {
                pass = resolve;
              });
              return response.stream ? { ...response, message: late as never } : response;
            },
          ],
        },
      },
    );
    const controller = new AbortController();
    const call = watch(collect(stage.client.talk(requests("a"), { signal: controller.signal })));
    await stage.clock.settle();
    controller.abort();
    await stage.clock.settle();
    pass();
    await stage.clock.settle();
    expect([call.outcome.state, log]).toEqual(["rejected", []]);
  });

  it("closes a stream whose handler has ended its own call [CALL-10]", async () => {
    const log: string[] = [];
    const stage = stageEcho({
      count: () => {
        stage.served.endAll(new ConnectError("over", Code.Aborted));
        return {
          [Symbol.asyncIterator]: () => ({
            next: async () => ({ done: true as const, value: log.push("next") }),
            return: async () => ({ done: true as const, value: log.push("return") }),
          }),
        } as never;
      },
    });
    expect((await errorOf(stage, collect(stage.client.count({})))).code).toBe(Code.Aborted);
    expect(log).toEqual(["return"]);
  });
});

describe("handlers that do wrong", () => {
  it("end their own call only [CALL-15]", async () => {
    const fail = (): never => {
      throw new TypeError("bug");
    };
    const stage = stageEcho({
      say: fail,
      look: () => Promise.reject("text"),
      put: () => ({ number: -1 }),
      count: fail,
      watch: () => ({}) as never,
      join: fail,
      talk: () => ({ [Symbol.asyncIterator]: fail }),
    });
    const { client } = stage;
    const errors = await Promise.all([
      errorOf(stage, client.say({})),
      errorOf(stage, client.look({})),
      errorOf(stage, client.put({})),
      errorOf(stage, collect(client.count({}))),
      errorOf(stage, collect(client.watch({}))),
      errorOf(stage, client.join(requests())),
      errorOf(stage, collect(client.talk(requests()))),
    ]);
    expect(errors.map(({ code }) => code)).toEqual(errors.map(() => Code.Internal));
    expect(errors.filter(({ rawMessage }) => /bug|text/.test(rawMessage))).toEqual([]);
    expect([stage.served.activeCalls, ...stage.pair.violations]).toEqual([0]);
  });

  it("cannot end a call well with an error, nor with a detail that is none [CALL-15]", async () => {
    const stage = stageEcho({
      say: () => {
        throw Object.assign(new ConnectError("fine?"), { code: 0 });
      },
      look: () => {
        throw new ConnectError("x", Code.Aborted, undefined, [
          { desc: EchoService.method.say.input, value: { count: "no" } as never },
        ]);
      },
    });
    const errors = [stage.client.say({}), stage.client.look({})].map((call) => errorOf(stage, call));
    expect((await Promise.all(errors)).map(({ code }) => code)).toEqual([Code.Internal, Code.Internal]);
  });
});

describe("what handlers know of their call", () => {
  it("is the same on every asking, and made only then [CALL-7]", async () => {
    let asked = 0;
    const key = createContextKey("nobody");
    let seen: HandlerContext | undefined;
    const stage = stageEcho(
      {
        say: (_, context) => {
          seen = context;
          return {};
        },
      },
      {
        serve: {
          contextValues: (call) => {
            asked += 1;
            return createContextValues().set(key, call.method);
          },
        },
      },
    );
    await resultOf(stage, stage.client.say({}, { headers: { "x-a": "1" } }));
    expect(asked).toBe(0);
    const context = seen as HandlerContext;
    expect(context.values.get(key)).toBe("rpctest.v1.EchoService/Say");
    const { values, signal, requestHeader } = context;
    expect([context.values, context.signal, context.requestHeader, asked]).toEqual([values, signal, requestHeader, 1]);
    expect([context.requestHeader.get("x-a"), context.protocolName]).toEqual(["1", "moorline"]);
    expect(context.signal.aborted).toBe(true);
    const { timeoutMs } = context;
    expect(timeoutMs()).toBeLessThanOrEqual(60_000);
  });

  it("fails the call where the context values cannot be had [CALL-15]", async () => {
    const stage = stageEcho(
      { say: (_, context) => ({ text: String(context.values) }) },
      {
        serve: {
          contextValues: () => {
            throw new Error("store is down");
          },
        },
      },
    );
    expect((await errorOf(stage, stage.client.say({}))).code).toBe(Code.Internal);
  });
});

describe("both directions", () => {
  it("lets a client serve its daemon while it calls it, on one channel [CALL-1]", async () => {
    const stage = stageEcho({
      say: async ({ text }) => ({ text: `daemon heard ${(await back.say({ text })).text}` }),
    });
    const { pair, clock } = stage;
    const random = { unit: () => 0 };
    const back = createServiceClient(EchoService, createChannelTransport({ channel: pair.server, clock, random }));
    serveChannel(
      pair.client,
      (router) => void router.service(EchoService, { say: ({ text }) => ({ text: `${text}!` }) }),
      {
        clock,
      },
    );
    expect((await resultOf(stage, stage.client.say({ text: "hi" }))).text).toBe("daemon heard hi!");
    const lost = watch(back.say({}));
    pair.lose(ChannelLossReason.CHANNEL_DONE);
    await clock.settle();
    expect(lost.outcome).toMatchObject({ state: "rejected", error: { code: Code.Unavailable } });
  });

  it("answers UNIMPLEMENTED where the other side serves nothing [CALL-15]", async () => {
    const stage = stageEcho({ say: () => never() });
    const random = { unit: () => 0 };
    const options = { channel: stage.pair.server, clock: stage.clock, random };
    const back = createServiceClient(EchoService, createChannelTransport(options));
    expect((await errorOf(stage, back.say({}))).code).toBe(Code.Unimplemented);
  });
});
