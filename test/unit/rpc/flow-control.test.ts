import { Code, type ConnectError } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { CallOutcome, Limit, LimitExceededSchema } from "../../../gen/moorline/session/v1/error_pb.ts";
import { EchoService } from "./gen/rpctest/v1/echo_pb.ts";
import { collect, errorOf, never, requests, resultOf, stageEcho, watch, watchAll } from "./support/echo.ts";

const WINDOW = { initialCreditBytes: 1024, maxCreditGrowthBytes: 0 };
/** What an empty message costs. */
const OVERHEAD = 64;

function limitOf(error: ConnectError): unknown {
  const [detail] = error.findDetails(LimitExceededSchema);
  return detail === undefined ? undefined : [error.code, detail.limit, Number(detail.max), detail.outcome];
}

describe("a stalled reader stops its producer", () => {
  it("asks a handler for no more than one window, until messages are taken [CREDIT-4]", async () => {
    let made = 0;
    const stage = stageEcho(
      {
        async *count() {
          for (;;) {
            made += 1;
            yield {};
          }
        },
      },
      { limits: WINDOW },
    );
    const iterator = stage.client.count({})[Symbol.asyncIterator]();
    await resultOf(stage, iterator.next());
    const window = WINDOW.initialCreditBytes / OVERHEAD;
    expect(made).toBeLessThanOrEqual(window + 1);
    for (let i = 0; i < 1000; i += 1) await resultOf(stage, iterator.next());
    expect(made).toBeGreaterThan(1000);
    expect(made).toBeLessThanOrEqual(1001 + window + 1);
  });

  it("asks a client's requests for no more than one window [CREDIT-4]", async () => {
    let made = 0;
    let release: () => void = () => {};
    const stage = stageEcho(
      {
        join: async (messages) => {
          await new Promise<void>((resolve) => {
            release = resolve;
          });
          return { number: (await collect(messages)).length };
        },
      },
      { limits: WINDOW },
    );
    async function* ask(): AsyncGenerator<{ text: string }> {
      for (; made < 500; made += 1) yield { text: "" };
    }
    const call = watch(stage.client.join(ask()));
    await stage.clock.settle();
    expect(made).toBeLessThanOrEqual(WINDOW.initialCreditBytes / OVERHEAD + 1);
    release();
    await stage.clock.settle();
    expect(call.outcome).toMatchObject({ state: "fulfilled", value: { number: 500 } });
  });

  it("stops nobody else [CREDIT-4, CALL-8]", async () => {
    const stage = stageEcho(
      {
        async *count() {
          for (;;) yield {};
        },
        say: ({ text }) => ({ text }),
      },
      { limits: WINDOW },
    );
    const stalled = stage.client.count({})[Symbol.asyncIterator]();
    await resultOf(stage, stalled.next());
    for (const text of ["a", "b"]) expect((await resultOf(stage, stage.client.say({ text }))).text).toBe(text);
  });

  it("takes nothing from the channel until the consumer asks for it [CREDIT-4]", async () => {
    const stage = stageEcho({
      async *count() {
        yield { number: 1 };
        yield { number: 2 };
        await never();
      },
    });
    const { count } = EchoService.method;
    const opening = stage.transport.stream(count, undefined, undefined, undefined, requests(""));
    const messages = (await resultOf(stage, opening)).message[Symbol.asyncIterator]();
    const held = [stage.pair.client.heldBytes];
    for (let i = 0; i < 2; i += 1) {
      await resultOf(stage, messages.next());
      held.push(stage.pair.client.heldBytes);
    }
    await stage.clock.advanceAsync(1000);
    held.push(stage.pair.client.heldBytes);
    expect(held.map((bytes, i) => i === 0 || bytes < (held[i - 1] ?? 0) || bytes === 0)).toEqual([
      true,
      true,
      true,
      true,
    ]);
    expect([held[0], held[3]]).toEqual([expect.any(Number), 0]);
    expect(held[0]).toBeGreaterThan(held[2] ?? 0);
  });
});

describe("large messages", () => {
  it("go through where they are larger than the window, in every kind of call [CREDIT-5, FRAME-3]", async () => {
    const stage = stageEcho(
      {
        say: ({ data }) => ({ data }),
        async *count({ data }) {
          yield { data };
          yield { data };
        },
        join: async (messages) => ({ data: (await collect(messages))[0]?.data ?? new Uint8Array(0) }),
      },
      { limits: { initialCreditBytes: 32 * 1024 } },
    );
    const data = new Uint8Array(500_000).fill(7);
    async function* ask(): AsyncGenerator<{ data: Uint8Array }> {
      yield { data };
    }
    const { client } = stage;
    const [said, counted, joined] = await resultOf(
      stage,
      Promise.all([client.say({ data }), collect(client.count({ data })), client.join(ask())]),
    );
    expect([said, ...counted, joined].map((message) => message.data.length)).toEqual([
      500_000, 500_000, 500_000, 500_000,
    ]);
    expect(stage.pair.violations).toEqual([]);
  });

  it("are refused before they are sent where the peer takes none so large [CREDIT-7]", async () => {
    const stage = stageEcho({ say: () => ({}), join: () => never() }, { limits: { maxMessageBytes: 1000 } });
    const data = new Uint8Array(1000);
    const say = await errorOf(stage, stage.client.say({ data }));
    expect(limitOf(say)).toEqual([Code.ResourceExhausted, Limit.MESSAGE_BYTES, 1000, CallOutcome.NOT_SENT]);
    const count = await errorOf(stage, collect(stage.client.count({ data })));
    expect(limitOf(count)).toEqual([Code.ResourceExhausted, Limit.MESSAGE_BYTES, 1000, CallOutcome.NOT_SENT]);
    async function* ask(): AsyncGenerator<{ data: Uint8Array }> {
      yield { data: new Uint8Array(1) };
      yield { data };
    }
    const join = await errorOf(stage, stage.client.join(ask()));
    expect(limitOf(join)).toEqual([Code.ResourceExhausted, Limit.MESSAGE_BYTES, 1000, CallOutcome.UNKNOWN]);
    await stage.clock.settle();
    expect([stage.served.activeCalls, stage.pair.client.calls.size]).toEqual([0, 0]);
  });

  it("end the call where a handler answers with one that the caller does not take [CREDIT-7]", async () => {
    const data = new Uint8Array(1000);
    const stage = stageEcho(
      {
        say: () => ({ data }),
        async *count() {
          yield { number: 1 };
          yield { data };
        },
      },
      { limits: { maxMessageBytes: 1000 } },
    );
    const errors = await Promise.all([
      errorOf(stage, stage.client.say({})),
      errorOf(stage, collect(stage.client.count({}))),
    ]);
    const expected = [Code.ResourceExhausted, Limit.MESSAGE_BYTES, 1000, CallOutcome.UNKNOWN];
    expect(errors.map(limitOf)).toEqual([expected, expected]);
    expect(stage.served.activeCalls).toBe(0);
  });
});

describe("a peer that overruns a limit", () => {
  const limits = { limits: { maxMessageBytes: 1000 }, believed: {} };
  const data = new Uint8Array(1000);
  const expected = [Code.ResourceExhausted, Limit.MESSAGE_BYTES, 1000, CallOutcome.UNKNOWN];

  it("has its call ended at the caller, and its handler is aborted [CREDIT-7]", async () => {
    const heard: unknown[] = [];
    const stage = stageEcho(
      {
        say: () => ({ data }),
        async *count(_, { signal }) {
          signal.addEventListener("abort", () => heard.push(signal.reason.code));
          yield { data };
          await never();
        },
      },
      limits,
    );
    const errors = await Promise.all([
      errorOf(stage, stage.client.say({})),
      errorOf(stage, collect(stage.client.count({}))),
    ]);
    await stage.clock.settle();
    expect([errors.map(limitOf), heard]).toEqual([[expected, expected], [Code.Canceled]]);
    expect([stage.served.activeCalls, ...stage.pair.violations]).toEqual([0]);
  });

  it("has its call ended at the callee, and is told [CREDIT-7]", async () => {
    const heard: unknown[] = [];
    const stage = stageEcho(
      {
        say: () => ({}),
        join: async (messages) => {
          await collect(messages).catch((error: ConnectError) => heard.push(limitOf(error)));
          return {};
        },
      },
      limits,
    );
    async function* ask(): AsyncGenerator<{ data?: Uint8Array }> {
      yield {};
      await new Promise<void>((resolve) => void stage.clock.setTimer(10, resolve));
      yield { data };
    }
    const join = watch(stage.client.join(ask()));
    const say = watch(stage.client.say({ data }));
    await stage.clock.advanceAsync(20);
    for (const { outcome } of [join, say]) {
      expect(outcome.state === "rejected" && limitOf(outcome.error)).toEqual(expected);
    }
    expect([heard, stage.served.activeCalls, ...stage.pair.violations]).toEqual([[expected], 0]);
  });
});

describe("limits of frames and calls", () => {
  const large = { "x-large": "v".repeat(33_000) };

  it("refuses request headers that fit no frame, with nothing sent [FRAME-2]", async () => {
    const stage = stageEcho({});
    const expected = [Code.ResourceExhausted, Limit.FRAME_BYTES, 32_768, CallOutcome.NOT_SENT];
    const errors = await Promise.all([
      errorOf(stage, stage.client.say({}, { headers: large })),
      errorOf(stage, collect(stage.client.count({}, { headers: large }))),
      errorOf(stage, stage.client.join(requests(), { headers: large })),
    ]);
    expect(errors.map(limitOf)).toEqual([expected, expected, expected]);
    expect(stage.pair.client.sent).toBe(0);
  });

  it.each(["responseHeader", "responseTrailer"] as const)(
    "ends the call where its %s fits no frame [FRAME-2]",
    async (which) => {
      const stage = stageEcho({
        say: (_, context) => {
          context[which].set("x-large", large["x-large"]);
          return {};
        },
        async *count(_, context) {
          context[which].set("x-large", large["x-large"]);
          yield {};
        },
      });
      const errors = await Promise.all([
        errorOf(stage, stage.client.say({})),
        errorOf(stage, collect(stage.client.count({}))),
      ]);
      const expected = [Code.ResourceExhausted, Limit.FRAME_BYTES, 32_768, CallOutcome.UNKNOWN];
      expect(errors.map(limitOf)).toEqual([expected, expected]);
      expect(stage.served.activeCalls).toBe(0);
    },
  );

  it("refuses a call above the limit of the peer, with nothing sent [CALL-4]", async () => {
    const stage = stageEcho({ say: () => never() }, { limits: { maxCalls: 3 } });
    const calls = watchAll([1, 2, 3].map(() => stage.client.say({})));
    const errors = await Promise.all([
      errorOf(stage, stage.client.say({})),
      errorOf(stage, collect(stage.client.count({}))),
    ]);
    const expected = [Code.ResourceExhausted, Limit.CALLS, 3, CallOutcome.NOT_SENT];
    expect(errors.map(limitOf)).toEqual([expected, expected]);
    expect(stage.served.activeCalls).toBe(3);
    expect(calls.map(({ outcome }) => outcome.state)).toEqual(["pending", "pending", "pending"]);
  });

  it("takes calls again as soon as others have ended [CALL-4]", async () => {
    const stage = stageEcho({ say: ({ text }) => ({ text }) }, { limits: { maxCalls: 1 } });
    for (const text of ["a", "b", "c"]) expect((await resultOf(stage, stage.client.say({ text }))).text).toBe(text);
  });
});
