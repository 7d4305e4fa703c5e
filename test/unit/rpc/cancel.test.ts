import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { EchoService } from "./gen/rpctest/v1/echo_pb.ts";
import { collect, type EchoImpl, errorOf, never, stageEcho, watch } from "./support/echo.ts";

describe("cancelling by signal", () => {
  it("opens nothing with an aborted signal [CALL-10]", async () => {
    const stage = stageEcho({});
    const options = { signal: AbortSignal.abort() };
    const { client } = stage;
    const calls = [
      client.say({}, options),
      collect(client.count({}, options)),
      client.join(endless(), options),
      collect(client.talk(endless(), options)),
    ];
    const errors = await Promise.all(calls.map((call) => errorOf(stage, call)));
    expect(errors.map(({ code }) => code)).toEqual(calls.map(() => Code.Canceled));
    expect(stage.pair.client.sent).toBe(0);
  });

  it("aborts the handler and forgets the call, at both ends [CALL-10]", async () => {
    const heard: unknown[] = [];
    const stage = stageEcho({
      say: (_, { signal }) => {
        signal.addEventListener("abort", () => heard.push(signal.reason));
        return never();
      },
    });
    const controller = new AbortController();
    const call = watch(stage.client.say({}, { signal: controller.signal }));
    await stage.clock.settle();
    expect(stage.served.activeCalls).toBe(1);
    controller.abort();
    await stage.clock.settle();
    expect(call.outcome).toMatchObject({ state: "rejected", error: { code: Code.Canceled } });
    expect(heard.map((reason) => ConnectError.from(reason).code)).toEqual([Code.Canceled]);
    expect([stage.served.activeCalls, stage.pair.client.calls.size, stage.pair.server.calls.size]).toEqual([0, 0, 0]);
  });

  it("leaves no trace of a call that was cancelled before it left [CALL-13]", async () => {
    const stage = stageEcho({});
    stage.pair.detach();
    const controller = new AbortController();
    const call = watch(stage.client.say({}, { signal: controller.signal }));
    controller.abort();
    stage.pair.attach();
    await stage.clock.advanceAsync(1000);
    expect(call.outcome.state).toBe("rejected");
    expect(stage.pair.client.sent).toBe(0);
  });

  it("never runs a handler whose call was opened and cancelled in one packet [CHAN-12]", async () => {
    let runs = 0;
    const count = (): Record<string, never> => {
      runs += 1;
      return {};
    };
    const stage = stageEcho({ say: count });
    const controller = new AbortController();
    stage.pair.detach();
    const call = watch(stage.client.say({}, { signal: controller.signal }));
    stage.pair.client.attach(0);
    // Numbered, but not delivered: the cancellation follows in the packet that is sent again.
    stage.pair.client.take(0);
    controller.abort();
    stage.pair.client.take(0);
    stage.pair.attach();
    await stage.clock.settle();
    expect([runs, stage.pair.server.received, call.outcome.state]).toEqual([0, 2, "rejected"]);
  });

  it("takes its listener off a signal when the call is over [CALL-10]", async () => {
    const stage = stageEcho({ say: () => ({}) });
    const controller = new AbortController();
    let listeners = 0;
    const { signal } = controller;
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = (...args: Parameters<typeof add>) => {
      listeners += 1;
      add(...args);
    };
    signal.removeEventListener = (...args: Parameters<typeof remove>) => {
      listeners -= 1;
      remove(...args);
    };
    const call = stage.client.say({}, { signal });
    await stage.clock.settle();
    await call;
    expect(listeners).toBe(0);
  });
});

describe("a consumer that stops reading", () => {
  const endlessImpl = (log: string[]): EchoImpl => ({
    async *count(_, { signal }) {
      signal.addEventListener("abort", () => log.push("aborted"));
      try {
        for (let number = 0; ; number += 1) yield { number };
      } finally {
        log.push("returned");
      }
    },
  });

  it("cancels the call when it breaks out of the loop [CALL-10]", async () => {
    const log: string[] = [];
    const stage = stageEcho(endlessImpl(log));
    const read = watch(
      (async () => {
        for await (const { number } of stage.client.count({})) if (number === 3) break;
      })(),
    );
    await stage.clock.settle();
    expect(read.outcome.state).toBe("fulfilled");
    expect(log).toEqual(["aborted", "returned"]);
    expect([stage.served.activeCalls, stage.pair.client.calls.size]).toEqual([0, 0]);
  });

  it("cancels it through interceptors too, whatever they wrap [CALL-10]", async () => {
    const log: string[] = [];
    const stage = stageEcho(endlessImpl(log), {
      transport: {
        interceptors: [
          (next) => async (request) => {
            const response = await next(request);
            if (!response.stream) return response;
            const source = response.message[Symbol.asyncIterator]();
            // An iterator without `return`, as Connect's own wrappers are.
            return { ...response, message: { [Symbol.asyncIterator]: () => ({ next: () => source.next() }) } };
          },
        ],
      },
    });
    const iterator = stage.client.count({})[Symbol.asyncIterator]();
    await valueOfNext(stage, iterator);
    await iterator.return?.();
    await stage.clock.settle();
    expect(log).toEqual(["aborted", "returned"]);
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
  });

  it("cancels a call whose response never comes [CALL-10]", async () => {
    const stage = stageEcho({
      // biome-ignore lint/correctness/useYield: it never answers
      async *count() {
        await never();
      },
    });
    const iterator = stage.client.count({})[Symbol.asyncIterator]();
    await stage.clock.settle();
    expect(stage.served.activeCalls).toBe(1);
    await iterator.return?.();
    await stage.clock.settle();
    expect(stage.served.activeCalls).toBe(0);
  });

  it("is not heard of with Connect's own client, whose streams end by signal [CALL-10]", async () => {
    const log: string[] = [];
    const stage = stageEcho(endlessImpl(log));
    const client = createClient(EchoService, stage.transport);
    const controller = new AbortController();
    const iterator = client.count({}, { signal: controller.signal })[Symbol.asyncIterator]();
    await valueOfNext(stage, iterator);
    expect(iterator.return).toBeUndefined();
    controller.abort();
    await stage.clock.settle();
    expect(log).toEqual(["aborted", "returned"]);
  });

  it("leaves no rejection behind that nobody handles, where a stream is never read [CALL-7]", async () => {
    const rejections: unknown[] = [];
    const listener = (reason: unknown): void => void rejections.push(reason);
    process.on("unhandledRejection", listener);
    const stage = stageEcho({});
    for (const client of [stage.client, createClient(EchoService, stage.transport)]) {
      client.count({});
      client.talk(endless(), { signal: AbortSignal.abort() });
    }
    await stage.clock.settle();
    await stage.clock.settle();
    process.off("unhandledRejection", listener);
    expect(rejections).toEqual([]);
  });
});

describe("handlers that do not care", () => {
  it("frees what it holds of a handler that ignores its cancellation, and drops what it answers [CALL-10]", async () => {
    let answer: (message: { text: string }) => void = () => {};
    const stage = stageEcho({
      say: () =>
        new Promise((resolve) => {
          answer = resolve;
        }),
    });
    const controller = new AbortController();
    const call = watch(stage.client.say({}, { signal: controller.signal }));
    await stage.clock.settle();
    controller.abort();
    await stage.clock.settle();
    expect(stage.served.activeCalls).toBe(0);
    answer({ text: "late" });
    await stage.clock.settle();
    expect(call.outcome.state).toBe("rejected");
    expect([...stage.pair.violations, stage.pair.client.received]).toEqual([0]);
  });

  it("shows a signal that was asked for after the end as aborted [CALL-10]", async () => {
    let signal: (() => AbortSignal) | undefined;
    const stage = stageEcho({
      say: (_, context) => {
        signal = () => context.signal;
        return never();
      },
    });
    const controller = new AbortController();
    const call = watch(stage.client.say({}, { signal: controller.signal }));
    await stage.clock.settle();
    controller.abort();
    await stage.clock.settle();
    expect(call.outcome.state).toBe("rejected");
    expect(signal?.().aborted).toBe(true);
    expect(ConnectError.from(signal?.().reason).code).toBe(Code.Canceled);
  });

  it("rejects the requests of a handler that waits for them [CALL-10]", async () => {
    let failure: unknown;
    const stage = stageEcho({
      join: async (messages) => {
        await collect(messages).catch((error: unknown) => {
          failure = error;
        });
        return {};
      },
    });
    const controller = new AbortController();
    const call = watch(stage.client.join(endless(), { signal: controller.signal }));
    await stage.clock.settle();
    controller.abort();
    await stage.clock.settle();
    expect(call.outcome.state).toBe("rejected");
    expect(ConnectError.from(failure).code).toBe(Code.Canceled);
  });
});

async function* endless(): AsyncGenerator<{ text: string }> {
  yield { text: "a" };
  await never();
}

async function valueOfNext<T>(
  stage: { readonly clock: { settle(): Promise<void> } },
  iterator: AsyncIterator<T>,
): Promise<void> {
  const next = iterator.next();
  await stage.clock.settle();
  await next;
}
