import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { CallOutcome, ChannelLossReason, ChannelLostSchema } from "../../../gen/moorline/session/v1/error_pb.ts";
import type { Channel } from "../../../src/channel/channel.ts";
import { createDrainingError, outcomeOf } from "../../../src/rpc/call-errors.ts";
import { idempotencyKey, waitForReady } from "../../../src/rpc/context-keys.ts";
import { type ServedChannel, serveChannel } from "../../../src/rpc/serve-channel.ts";
import { EchoService } from "./gen/rpctest/v1/echo_pb.ts";
import { collect, never, requests, stageEcho, values, watch, watchAll } from "./support/echo.ts";
import { JoinedChannels } from "./support/joined-channels.ts";

/** Handlers that count their runs, and fail the first `failures` of them. */
function failing(failures: number, error: () => unknown) {
  const runs = { say: 0, look: 0, put: 0, count: 0, join: 0 };
  const run = (name: keyof typeof runs): { text: string } => {
    runs[name] += 1;
    if (runs[name] <= failures) throw error();
    return { text: name };
  };
  const impl = {
    say: () => run("say"),
    look: () => run("look"),
    put: () => run("put"),
    async *count() {
      yield run("count");
    },
    join: async () => run("join"),
  };
  return { runs, impl };
}

const unavailable = (): ConnectError => new ConnectError("not now", Code.Unavailable);

describe("repeating calls", () => {
  it("repeats unary calls with an idempotency level after UNAVAILABLE, with a growing delay [CALL-16]", async () => {
    const { runs, impl } = failing(2, unavailable);
    const stage = stageEcho(impl);
    const calls = watchAll([stage.client.look({}), stage.client.put({})]);
    await stage.clock.settle();
    expect(runs).toMatchObject({ look: 1, put: 1 });
    await stage.clock.advanceAsync(49);
    expect(runs.look).toBe(1);
    await stage.clock.advanceAsync(1);
    expect(runs).toMatchObject({ look: 2, put: 2 });
    await stage.clock.advanceAsync(100);
    expect(runs).toMatchObject({ look: 3, put: 3 });
    expect(calls.map(({ outcome }) => outcome.state)).toEqual(["fulfilled", "fulfilled"]);
  });

  it("repeats nothing else [CALL-16]", async () => {
    const { runs, impl } = failing(1, unavailable);
    const stage = stageEcho(impl);
    const { client } = stage;
    const calls = watchAll([client.say({}), collect(client.count({})), client.join(requests())]);
    await stage.clock.advanceAsync(10_000);
    expect(calls.map(({ outcome }) => outcome.state)).toEqual(["rejected", "rejected", "rejected"]);
    expect(runs).toEqual({ say: 1, look: 0, put: 0, count: 1, join: 1 });
  });

  it.each([Code.Aborted, Code.ResourceExhausted, Code.Internal, Code.DeadlineExceeded, Code.Unknown])(
    "repeats nothing after code %s [CALL-16]",
    async (code) => {
      const { runs, impl } = failing(1, () => new ConnectError("no", code));
      const stage = stageEcho(impl);
      const call = watch(stage.client.look({}));
      await stage.clock.advanceAsync(10_000);
      expect([call.outcome.state, runs.look]).toEqual(["rejected", 1]);
    },
  );

  it("gives up after four tries, with what the last one failed with [CALL-16]", async () => {
    const { runs, impl } = failing(9, () => new ConnectError(`try ${runs.look}`, Code.Unavailable));
    const stage = stageEcho(impl);
    const call = watch(stage.client.look({}));
    await stage.clock.advanceAsync(10_000);
    expect(call.outcome).toMatchObject({ state: "rejected", error: { rawMessage: "try 4" } });
    expect(runs.look).toBe(4);
  });

  it("makes one try only where the options say so [CALL-16]", async () => {
    const { runs, impl } = failing(9, unavailable);
    const stage = stageEcho(impl, { transport: { retry: { maxTries: 1 } } });
    const call = watch(stage.client.look({}));
    await stage.clock.advanceAsync(10_000);
    expect([call.outcome.state, runs.look]).toEqual(["rejected", 1]);
  });

  it("stays within the deadline, and fails at once where the next try would not [CALL-16, DEADLINE-2]", async () => {
    const { runs, impl } = failing(9, unavailable);
    const stage = stageEcho(impl);
    const call = watch(stage.client.look({}, { timeoutMs: 120 }));
    await stage.clock.advanceAsync(50);
    expect(call.outcome).toMatchObject({ state: "rejected", error: { code: Code.Unavailable } });
    expect(runs.look).toBe(2);
  });

  it("stops when the caller aborts between two tries [CALL-16]", async () => {
    const { runs, impl } = failing(9, unavailable);
    const stage = stageEcho(impl);
    const controller = new AbortController();
    const call = watch(stage.client.look({}, { signal: controller.signal }));
    await stage.clock.advanceAsync(10);
    controller.abort();
    await stage.clock.advanceAsync(10_000);
    expect(call.outcome).toMatchObject({ state: "rejected", error: { code: Code.Canceled } });
    expect([runs.look, stage.clock.pending]).toEqual([1, 0]);
  });

  it("shows interceptors one call, however often it is repeated [CALL-16]", async () => {
    const { runs, impl } = failing(2, unavailable);
    let calls = 0;
    const stage = stageEcho(impl, {
      transport: {
        interceptors: [
          (next) => (request) => {
            calls += 1;
            return next(request);
          },
        ],
      },
    });
    const call = watch(stage.client.look({}));
    await stage.clock.advanceAsync(10_000);
    expect([call.outcome.state, calls, runs.look]).toEqual(["fulfilled", 1, 3]);
  });
});

describe("repeating calls after a lost channel", () => {
  /**
   * A stage whose channel is replaced by a connected one when it is lost. `refuse` has that one drained, so that it answers
   * NOT_SENT, or without a connection.
   */
  function stageWithSpare() {
    const runs: string[] = [];
    let current: Channel | undefined;
    const stage = stageEcho({}, { transport: { channel: () => current as Channel } });
    const serve = (pair: JoinedChannels, name: string): ServedChannel => {
      const run = (): { text: string } | Promise<{ text: string }> => {
        runs.push(name);
        return name === "first" ? never() : { text: name };
      };
      const impl = { say: run, look: run };
      return serveChannel(pair.server, (router) => void router.service(EchoService, impl), { clock: stage.clock });
    };
    const spare = new JoinedChannels(stage.clock).attach();
    serve(stage.pair, "first");
    const served = serve(spare, "spare");
    current = stage.pair.client;
    const lose = (reason: ChannelLossReason = ChannelLossReason.EPOCH_CHANGED): void => {
      current = spare.client;
      stage.pair.lose(reason);
    };
    const refuse = (how: "drained" | "detached" = "drained"): void => {
      if (how === "drained") served.drain();
      else spare.detach();
    };
    return { stage, runs, lose, refuse };
  }

  it("runs on the next channel where it may be repeated [CALL-16]", async () => {
    const { stage, runs, lose } = stageWithSpare();
    const calls = watchAll([stage.client.look({}), stage.client.say({})]);
    await stage.clock.settle();
    lose();
    await stage.clock.advanceAsync(1000);
    expect(calls[0]?.outcome).toMatchObject({ state: "fulfilled", value: { text: "spare" } });
    expect(calls[1]?.outcome).toMatchObject({ state: "rejected", error: { code: Code.Unavailable } });
    expect(runs).toEqual(["first", "first", "spare"]);
  });

  it("is not tried on the next channel where the client has stopped for good [CALL-16, CALL-17]", async () => {
    const { stage, runs, lose } = stageWithSpare();
    const call = watch(stage.client.look({}));
    await stage.clock.settle();
    lose(ChannelLossReason.CLIENT_STOPPED);
    await stage.clock.advanceAsync(10_000);
    expect([call.outcome.state, runs]).toEqual(["rejected", ["first"]]);
  });

  it("never hides behind NOT_SENT that an earlier try may have run [CALL-12, CALL-16]", async () => {
    const { stage, lose, refuse } = stageWithSpare();
    const call = watch(stage.client.look({}));
    await stage.clock.settle();
    lose();
    refuse();
    await stage.clock.advanceAsync(10_000);
    if (call.outcome.state !== "rejected") throw new Error(call.outcome.state);
    expect(outcomeOf(call.outcome.error)).toBe(CallOutcome.UNKNOWN);
    const [loss] = call.outcome.error.findDetails(ChannelLostSchema);
    expect(loss?.reason).toBe(ChannelLossReason.EPOCH_CHANGED);
  });

  it("fails with what it has where the next try may not wait for a connection [CALL-13, CALL-16]", async () => {
    const { stage, runs, lose, refuse } = stageWithSpare();
    const call = watch(stage.client.look({}, { contextValues: values(waitForReady, false) }));
    await stage.clock.settle();
    lose();
    refuse("detached");
    await stage.clock.advanceAsync(10_000);
    if (call.outcome.state !== "rejected") throw new Error(call.outcome.state);
    expect([outcomeOf(call.outcome.error), runs]).toEqual([CallOutcome.UNKNOWN, ["first"]]);
  });
});

describe("idempotency keys", () => {
  it("go to the server, which does not run the call without a journal [CALL-14]", async () => {
    const { runs, impl } = failing(0, unavailable);
    const stage = stageEcho(impl);
    const call = watch(stage.client.say({}, { contextValues: values(idempotencyKey, "k1") }));
    await stage.clock.advanceAsync(10_000);
    expect(call.outcome).toMatchObject({ state: "rejected", error: { code: Code.Unimplemented } });
    expect(runs.say).toBe(0);
  });

  it("make a call one that may be repeated [CALL-16]", async () => {
    const stage = stageEcho({});
    const keys: Array<string | undefined> = [];
    stage.pair.server.onCall = (call) => {
      call.listener = { readable() {}, writable() {}, headers() {}, closed() {} };
      keys.push(call.request.idempotencyKey);
      const code = keys.length < 3 ? Code.Unavailable : 0;
      call.end({ code, message: "", details: [], trailers: [], lastMessage: new Uint8Array(0) });
    };
    const call = watch(stage.client.say({}, { contextValues: values(idempotencyKey, "k1") }));
    await stage.clock.advanceAsync(10_000);
    expect(call.outcome.state).toBe("fulfilled");
    expect(keys).toEqual(["k1", "k1", "k1"]);
  });

  it("are refused for streams before anything is sent [CALL-14]", async () => {
    const stage = stageEcho({});
    const options = { contextValues: values(idempotencyKey, "k1") };
    const { client } = stage;
    const calls = watchAll([
      collect(client.count({}, options)),
      client.join(requests(), options),
      collect(client.talk(requests(), options)),
    ]);
    await stage.clock.settle();
    for (const { outcome } of calls) {
      expect(outcome).toMatchObject({ state: "rejected", error: { code: Code.InvalidArgument } });
    }
    expect(stage.pair.client.sent).toBe(0);
  });
});

describe("what is known of a failed call", () => {
  it("is NOT_SENT only where a detail says so [CALL-12]", () => {
    expect(outcomeOf(unavailable())).toBe(CallOutcome.UNKNOWN);
    expect(outcomeOf(createDrainingError())).toBe(CallOutcome.NOT_SENT);
    const [detail] = createDrainingError().findDetails(ChannelLostSchema);
    expect(detail?.reason).toBe(ChannelLossReason.DRAINED);
  });
});
