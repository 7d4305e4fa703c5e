import { Code, ConnectError, type Interceptor } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { serveChannel } from "../../../src/rpc/serve-channel.ts";
import { EchoService } from "./gen/rpctest/v1/echo_pb.ts";
import { collect, errorOf, never, requests, resultOf, stageEcho, watch } from "./support/echo.ts";
import { encodeRequest, openRaw } from "./support/raw-calls.ts";

describe("deadlines of the caller", () => {
  it("ends a unary call after 60 s by default, at both ends [DEADLINE-4, DEADLINE-2]", async () => {
    const reasons: ConnectError[] = [];
    const stage = stageEcho({
      say: (_, { signal }) => {
        signal.addEventListener("abort", () => reasons.push(signal.reason));
        return never();
      },
    });
    const call = watch(stage.client.say({}));
    await stage.clock.advanceAsync(59_999);
    expect(call.outcome.state).toBe("pending");
    await stage.clock.advanceAsync(1);
    expect(call.outcome).toMatchObject({ state: "rejected", error: { code: Code.DeadlineExceeded } });
    expect(reasons).toHaveLength(1);
    expect(stage.served.activeCalls).toBe(0);
    expect(stage.pair.client.calls.size + stage.pair.server.calls.size).toBe(0);
  });

  it("gives streams none by default [DEADLINE-4]", async () => {
    const stage = stageEcho({
      async *count() {
        yield { number: 1 };
        await never();
      },
      join: () => never(),
    });
    const stream = watch(collect(stage.client.count({})));
    const join = watch(stage.client.join(requests()));
    await stage.clock.advanceAsync(10 * 60_000);
    expect([stream.outcome.state, join.outcome.state]).toEqual(["pending", "pending"]);
  });

  it("takes another default, and none for 0 or less [DEADLINE-4]", async () => {
    const short = stageEcho({ say: () => never() }, { transport: { defaultTimeoutMs: 10 } });
    const call = watch(short.client.say({}));
    const unbounded = watch(short.client.say({}, { timeoutMs: 0 }));
    await short.clock.advanceAsync(10);
    expect(call.outcome.state).toBe("rejected");
    await short.clock.advanceAsync(1_000_000);
    expect(unbounded.outcome.state).toBe("pending");
    const none = stageEcho({ say: () => never() }, { transport: { defaultTimeoutMs: 0 } });
    const endless = watch(none.client.say({}));
    await none.clock.advanceAsync(1_000_000);
    expect(endless.outcome.state).toBe("pending");
  });

  it("takes a time beyond all measure for none [DEADLINE-4]", async () => {
    const stage = stageEcho({ say: (_, { timeoutMs }) => ({ text: String(timeoutMs()) }) });
    for (const timeoutMs of [Number.POSITIVE_INFINITY, Number.MAX_SAFE_INTEGER, 2 ** 60, Number.NaN]) {
      expect((await resultOf(stage, stage.client.say({}, { timeoutMs }))).text).toBe("undefined");
    }
  });

  it("runs on while there is no connection, and nothing of the call is ever sent [DEADLINE-2, CALL-13]", async () => {
    let runs = 0;
    const stage = stageEcho({
      say: () => {
        runs += 1;
        return {};
      },
    });
    stage.pair.detach();
    const call = watch(stage.client.say({}, { timeoutMs: 5000 }));
    const stream = watch(collect(stage.client.count({}, { timeoutMs: 5000 })));
    await stage.clock.advanceAsync(5000);
    expect(call.outcome).toMatchObject({ state: "rejected", error: { code: Code.DeadlineExceeded } });
    expect(stream.outcome).toMatchObject({ state: "rejected", error: { code: Code.DeadlineExceeded } });
    expect(stage.pair.client.sent).toBe(0);
    stage.pair.attach();
    await stage.clock.settle();
    expect([runs, stage.pair.server.received]).toEqual([0, 0]);
  });

  it("travels as what is left when the call leaves [DEADLINE-1]", async () => {
    let leftMs: number | undefined;
    const stage = stageEcho({
      say: (_, context) => {
        leftMs = context.timeoutMs();
        return {};
      },
    });
    stage.pair.detach();
    const call = stage.client.say({}, { timeoutMs: 5000 });
    await stage.clock.advanceAsync(2000);
    stage.pair.attach();
    await resultOf(stage, call);
    expect(leftMs).toBe(3000);
  });

  it("ends a stream in the middle, at both ends [DEADLINE-2, DEADLINE-3]", async () => {
    let cleaned = 0;
    const stage = stageEcho({
      async *count() {
        try {
          for (;;) {
            yield { number: 1 };
            await new Promise<void>((resolve) => void stage.clock.setTimer(300, resolve));
          }
        } finally {
          cleaned += 1;
        }
      },
    });
    const call = watch(collect(stage.client.count({}, { timeoutMs: 1000 })));
    await stage.clock.advanceAsync(2000);
    expect(call.outcome).toMatchObject({ state: "rejected", error: { code: Code.DeadlineExceeded } });
    expect([cleaned, stage.served.activeCalls]).toEqual([1, 0]);
  });

  it("ends a call whose interceptor is slow [DEADLINE-2]", async () => {
    let runs = 0;
    const stage = stageEcho(
      {
        say: () => {
          runs += 1;
          return {};
        },
      },
      {
        transport: {
          interceptors: [
            (next) => async (request) => {
              await new Promise<void>((resolve) => void stage.clock.setTimer(2000, resolve));
              return next(request);
            },
          ],
        },
      },
    );
    const call = watch(stage.client.say({}, { timeoutMs: 1000 }));
    await stage.clock.advanceAsync(3000);
    expect(call.outcome).toMatchObject({ state: "rejected", error: { code: Code.DeadlineExceeded } });
    expect(runs).toBe(0);
  });

  it("leaves no timer behind when all calls have ended [DEADLINE-2]", async () => {
    const passing: Interceptor = (next) => (request) => next(request);
    for (const interceptors of [[], [passing]]) {
      const stage = stageEcho({ say: () => ({}), async *count() {} }, { transport: { interceptors } });
      const calls = Array.from({ length: 50 }, () => stage.client.say({}));
      await resultOf(stage, Promise.all(calls));
      await resultOf(stage, collect(stage.client.count({}, { timeoutMs: 60_000 })));
      await stage.clock.advanceAsync(1000);
      expect(stage.clock.pending).toBe(0);
    }
  });
});

describe("deadlines of the callee", () => {
  it("aborts the handler and ends the call, whatever the handler does [DEADLINE-3]", async () => {
    let reason: unknown;
    let answer: (message: { text: string }) => void = () => {};
    const stage = stageEcho({
      say: (_, { signal }) => {
        signal.addEventListener("abort", () => {
          reason = signal.reason;
        });
        return new Promise((resolve) => {
          answer = resolve;
        });
      },
    });
    // A caller that does not watch the time itself.
    const deadlineMs = stage.clock.now() + 1000;
    const caller = openRaw(stage.pair.client, "Say", { message: encodeRequest(), last: true, deadlineMs });
    await stage.clock.advanceAsync(999);
    expect([reason, caller.closes, stage.served.activeCalls]).toEqual([undefined, [], 1]);
    await stage.clock.advanceAsync(1);
    expect(ConnectError.from(reason).code).toBe(Code.DeadlineExceeded);
    expect(caller.closes).toMatchObject([{ kind: "ended", result: { code: Code.DeadlineExceeded } }]);
    expect(stage.served.activeCalls).toBe(0);
    answer({ text: "too late" });
    await stage.clock.advanceAsync(300);
    expect([...stage.pair.violations, ...caller.messages]).toEqual([]);
  });

  it("does not run a call whose time is up already [DEADLINE-3]", async () => {
    let runs = 0;
    const stage = stageEcho({
      say: () => {
        runs += 1;
        return {};
      },
    });
    const deadlineMs = stage.clock.now();
    const caller = openRaw(stage.pair.client, "Say", { message: encodeRequest(), last: true, deadlineMs });
    await stage.clock.settle();
    expect([runs, stage.served.activeCalls]).toEqual([0, 0]);
    expect(caller.closes).toMatchObject([{ kind: "ended", result: { code: Code.DeadlineExceeded } }]);
  });

  it("refuses a deadline over the limit of the route [DEADLINE-3]", async () => {
    const stage = stageEcho({ say: () => ({}) });
    serveChannel(
      stage.pair.server,
      (router) => void router.service(EchoService, { say: () => ({}) }, { maxTimeoutMs: 1000 }),
      { clock: stage.clock },
    );
    expect((await errorOf(stage, stage.client.say({}, { timeoutMs: 1001 }))).code).toBe(Code.InvalidArgument);
    await resultOf(stage, stage.client.say({}, { timeoutMs: 1000 }));
  });
});
