import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import type { Call } from "../../../src/channel/call.ts";
import { EchoService, ReasonSchema } from "./gen/rpctest/v1/echo_pb.ts";
import { collect, errorOf, reasonsOf, requests, resultOf, stageEcho, watch } from "./support/echo.ts";
import { encodeAnswer, ok, serveRaw } from "./support/raw-calls.ts";

const malformed = new Uint8Array([255, 255, 255]);
const badHeaders = [{ name: "not a token", value: "v" }];

/** Each: what the callee does, and what a unary call and a stream fail with. */
const faults: ReadonlyArray<
  readonly [name: string, serve: (call: Call) => void, unary: string, stream: string | undefined]
> = [
  [
    "two answers",
    (call) => {
      call.send(encodeAnswer());
      call.send(encodeAnswer());
      call.end(ok);
    },
    "Unimplemented protocol error: received extra output message for unary method",
    undefined,
  ],
  [
    "no answer",
    (call) => call.end(ok),
    "Unimplemented protocol error: missing output message for unary method",
    undefined,
  ],
  [
    "an answer that cannot be decoded",
    (call) => {
      call.send(malformed);
      call.end(ok);
    },
    "Internal parse binary",
    "Internal parse binary",
  ],
  [
    "response headers that are none",
    (call) => {
      call.sendHeaders(badHeaders);
      call.send(encodeAnswer());
      call.end(ok);
    },
    'Internal malformed header: "not a token"',
    'Internal malformed header: "not a token"',
  ],
  [
    "trailers that are none",
    (call) => {
      call.send(encodeAnswer());
      call.end({ ...ok, trailers: [{ name: "x", value: "line\nbreak" }] });
    },
    'Internal malformed header: "x"',
    'Internal malformed header: "x"',
  ],
  ["a status that nobody knows", (call) => call.end({ ...ok, code: 99, message: "new" }), "Unknown new", "Unknown new"],
  [
    "an answer with an error after it",
    (call) => {
      call.send(encodeAnswer());
      call.end({ ...ok, code: Code.DataLoss, message: "half" });
    },
    "DataLoss half",
    "DataLoss half",
  ],
];

describe("a callee that does wrong", () => {
  it.each(faults)("fails only its own call: %s [CALL-7, FRAME-6]", async (_name, serve, unary, stream) => {
    const stage = stageEcho({});
    serveRaw(stage.pair.server, serve);
    const line = (error: ConnectError): string => `${Code[error.code]} ${error.rawMessage}`;
    expect(line(await errorOf(stage, stage.client.say({})))).toContain(unary);
    const read = collect(stage.client.count({}));
    if (stream === undefined) await resultOf(stage, read);
    else expect(line(await errorOf(stage, read))).toContain(stream);
    serveRaw(stage.pair.server, (call) => call.end({ ...ok, lastMessage: encodeAnswer({ text: "alive" }) }));
    expect((await resultOf(stage, stage.client.say({}))).text).toBe("alive");
    expect([stage.pair.client.calls.size, ...stage.pair.violations]).toEqual([0]);
  });

  it("is cancelled when it goes on after a message that cannot be decoded [FRAME-6, CALL-10]", async () => {
    const stage = stageEcho({});
    const closes: string[] = [];
    serveRaw(stage.pair.server, (call) => {
      call.listener = { readable() {}, writable() {}, headers() {}, closed: ({ kind }) => closes.push(kind) };
      call.send(malformed);
      call.send(encodeAnswer());
    });
    expect((await errorOf(stage, collect(stage.client.count({})))).code).toBe(Code.Internal);
    await stage.clock.settle();
    expect([closes, stage.pair.client.calls.size]).toEqual([["cancelled"], 0]);
  });

  it("keeps details of types that nobody knows here [CALL-7]", async () => {
    const stage = stageEcho({});
    const detail = { type: "some.other.Detail", value: new Uint8Array([1, 2, 3]) };
    serveRaw(stage.pair.server, (call) => call.end({ ...ok, code: Code.Aborted, message: "", details: [detail] }));
    const error = await errorOf(stage, stage.client.say({}));
    expect(error.details).toEqual([detail]);
  });

  it("passes an error on whole that it got itself from elsewhere, but for its metadata [CALL-7]", async () => {
    const far = stageEcho({
      say: () => {
        throw new ConnectError("far", Code.DataLoss, { "x-far": "1" }, [
          { desc: ReasonSchema, value: { why: "deep" } },
        ]);
      },
    });
    const stage = stageEcho({ say: () => far.client.say({}) });
    const call = stage.client.say({}).catch((error: unknown) => ConnectError.from(error));
    for (let i = 0; i < 5; i += 1) {
      await stage.clock.settle();
      await far.clock.settle();
    }
    const error = (await call) as ConnectError;
    expect([error.code, error.rawMessage, reasonsOf(error)]).toEqual([Code.DataLoss, "far", ["deep"]]);
    expect(error.metadata.get("x-far")).toBeNull();
  });
});

describe("requests that do wrong", () => {
  it("cancel the call where they throw, and it fails with what was thrown [CALL-7]", async () => {
    let failure: unknown;
    const stage = stageEcho({
      join: async (messages) => {
        await collect(messages).catch((error: unknown) => {
          failure = error;
        });
        return {};
      },
    });
    async function* ask(): AsyncGenerator<{ text: string }> {
      yield { text: "a" };
      await new Promise<void>((resolve) => void stage.clock.setTimer(10, resolve));
      throw new ConnectError("source", Code.DataLoss);
    }
    const call = watch(stage.client.join(ask()));
    await stage.clock.advanceAsync(20);
    expect(call.outcome).toMatchObject({ state: "rejected", error: { code: Code.DataLoss, rawMessage: "source" } });
    expect(ConnectError.from(failure).code).toBe(Code.Canceled);
  });

  it("cancel the call where they are no messages [CALL-7]", async () => {
    const stage = stageEcho({ join: async (messages) => ({ number: (await collect(messages)).length }) });
    async function* ask(): AsyncGenerator<{ count: number }> {
      yield { count: -1 };
    }
    expect((await errorOf(stage, stage.client.join(ask()))).code).toBe(Code.Internal);
    expect((await errorOf(stage, stage.client.say({ count: 1.5 }))).code).toBe(Code.Internal);
    expect((await errorOf(stage, collect(stage.client.count({ count: 1.5 })))).code).toBe(Code.Internal);
  });

  it("are told when the call is over before they are: thrown at on failure, then returned [CALL-7]", async () => {
    const stage = stageEcho({
      join: () => Promise.reject(new ConnectError("enough", Code.Aborted)),
      async *talk() {
        yield { text: "done" };
      },
    });
    const log: string[] = [];
    async function* ask(name: string): AsyncGenerator<{ text: string }> {
      try {
        for (;;) {
          yield { text: "a".repeat(10_000) };
          await Promise.resolve();
        }
      } catch (error) {
        log.push(`${name}: ${ConnectError.from(error).code}`);
      } finally {
        log.push(`${name}: closed`);
      }
    }
    await errorOf(stage, stage.client.join(ask("join")));
    await resultOf(stage, collect(stage.client.talk(ask("talk"))));
    expect(log).toEqual(["join: 10", "join: closed", "talk: closed"]);
  });

  it("open nothing where the call is over before its one request has come [CALL-10]", async () => {
    const stage = stageEcho({});
    const controller = new AbortController();
    let ask: (result: IteratorResult<{ text: string }>) => void = () => {};
    let returned = 0;
    const source = {
      [Symbol.asyncIterator]: () => ({
        next: () =>
          new Promise<IteratorResult<{ text: string }>>((resolve) => {
            ask = resolve;
          }),
        return: async () => {
          returned += 1;
          return { done: true as const, value: undefined };
        },
      }),
    };
    const { count } = EchoService.method;
    const call = watch(stage.transport.stream(count, controller.signal, undefined, undefined, source));
    controller.abort();
    await stage.clock.settle();
    expect(call.outcome).toMatchObject({ state: "rejected", error: { code: Code.Canceled } });
    ask({ done: false, value: { text: "late" } });
    await stage.clock.settle();
    ask({ done: true, value: undefined });
    await stage.clock.settle();
    expect([stage.pair.client.sent, returned]).toEqual([0, 1]);
  });

  it("are one for a server stream: none and two are refused [CALL-7]", async () => {
    const stage = stageEcho({});
    const stream = (...texts: string[]): Promise<unknown> =>
      stage.transport
        .stream(EchoService.method.count, undefined, undefined, undefined, requests(...texts))
        .then((response) => collect(response.message));
    expect((await errorOf(stage, stream())).rawMessage).toContain("missing input message for server-streaming method");
    expect((await errorOf(stage, stream("a", "b"))).rawMessage).toContain("received extra input message");
    expect(stage.pair.client.sent).toBe(0);
  });
});
